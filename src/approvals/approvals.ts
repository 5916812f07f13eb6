import type { Approver, Author, StaffActor } from '../shared/actor'
import { authorName, isStaff } from '../shared/actor'
import { CARRIED_OUT, requireReason, writeAudit } from '../shared/audit'
import { MINUTE } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { requireStanding } from '../shared/standing'
import type { AnyDeed, Deed, Payload, Preview } from './deed'
import { keyOf } from './request'
import type { ApprovalRequest } from './request'
import { couldBe } from './let-in'
import {
  decideRequest,
  lapsedRequests,
  markLapsed,
  notePerformed,
  openRequestsOn,
  readRequest,
  traceOfEarlier,
  unperformedRequests,
} from './store'
import type { Verdict } from './store'
import { look, submit } from './submit'
import type { ApprovalsDeps, Look, Order, Submitted } from './submit'

/** The one place where it is decided whether a deed needs a second person, and the only one that carries deeds out. */
export interface Approvals {
  /** Every deed that it can carry out, by its word. */
  readonly kinds: readonly string[]
  /** Does it at once, or stores a request that somebody else must approve. @throws Refusal forbidden, bad_input, key_reused and those of the deed */
  submit<P extends Payload, R>(deed: Deed<P, R>, order: Order<P>): Promise<Submitted<R>>
  /** What a deed would change as of now, and whether it would wait for a second person. @throws Refusal bad_input and those of the deed */
  look<P extends Payload, R>(deed: Deed<P, R>, payload: P, by?: Author): Promise<Look>
  /** What a stored request would change as of now. @throws Refusal of the deed */
  preview(request: ApprovalRequest): Promise<Preview>
  /** Whether somebody may see a request: their own, and those on what they may know of. */
  isKnownTo(request: ApprovalRequest, by: Author): Promise<boolean>
  /** What waits already for a second person about the same thing, as far as somebody may know of it: some of it, newest first. */
  waitingOn(subject: string, by: Author): Promise<ApprovalRequest[]>
  /** Why this person is no second pair of eyes for a request, as far as it is known who could be whom; null when they are. */
  sameHands(request: ApprovalRequest, by: StaffActor): Promise<SameHands | null>
  /** The maker is never the checker. Whoever says once more what they have said changes nothing and is told what came of it. @throws Refusal forbidden, own_request, let_in_by_maker, request_not_open, not_found */
  approve(id: string, by: Author, reason?: string): Promise<ApprovalRequest>
  refuse(id: string, by: Author, reason: string): Promise<ApprovalRequest>
  /** The maker takes the request back. @throws Refusal forbidden for anybody else */
  withdraw(id: string, by: Author): Promise<ApprovalRequest>
  /** For the worker: lets old requests lapse and carries out what was approved before a crash. @returns how many it dealt with */
  tidyUp(): Promise<number>
}

/** Refusals of whoever could be the maker of a request, or the maker them. */
export type SameHands = 'own_request' | 'let_in_by_maker'

const MOST_AT_ONCE = 100
/** A deed that is being carried out at this moment is left to whoever approved it. */
const LEFT_ALONE_MS = MINUTE

export function createApprovals(deps: ApprovalsDeps, deeds: readonly AnyDeed[]): Approvals {
  const byKind = new Map(deeds.map((deed) => [deed.kind, deed as unknown as Deed]))
  if (byKind.size !== deeds.length) throw new Error('bug: two deeds of one kind')
  const deedOf = ({ kind }: ApprovalRequest): Deed => {
    const deed = byKind.get(kind)
    // A request of a later version: that version deals with it.
    if (!deed) throw new Refusal('request_not_open', `this version knows no ${kind}`)
    return deed
  }
  return {
    kinds: [...byKind.keys()],
    submit: (deed, order) => submit(deps, deed, order),
    look: (deed, payload, by) => look(deps, deed, payload, by),
    preview: (request) => deedOf(request).preview(request.payload),
    isKnownTo: (request, by) => isKnownTo(deedOf, request, by),
    waitingOn: (subject, by) => waitingOn(deps, deedOf, subject, by),
    sameHands: (request, by) => sameHands(deps.db, request, by),
    approve: (id, by, reason) => approve(deps, deedOf, { id, by, reason: reason === undefined ? null : requireReason(reason) }),
    refuse: (id, by, reason) => refuse(deps, deedOf, { id, by, reason: requireReason(reason) }),
    withdraw: (id, by) => withdraw(deps, id, by),
    tidyUp: () => tidyUp(deps, deedOf),
  }
}

interface Decided {
  readonly id: string
  readonly by: Author
  readonly reason: string | null
}

type DeedOf = (request: ApprovalRequest) => Deed

async function waitingOn({ db, clock }: ApprovalsDeps, deedOf: DeedOf, subject: string, by: Author): Promise<ApprovalRequest[]> {
  const open = await openRequestsOn(db, subject, clock.now())
  const isKnown = await Promise.all(open.map((request) => isKnownTo(deedOf, request, by)))
  return open.filter((_request, at) => isKnown[at])
}

async function approve(deps: ApprovalsDeps, deedOf: DeedOf, { id, by, reason }: Decided): Promise<ApprovalRequest> {
  const { request, checker } = await requestFor(deps, deedOf, id, by)
  deedOf(request)
  const isFirst = await decide(deps, request, { state: 'approved', by: checker, at: deps.clock.now(), reason }, 'approval_given')
  // Whoever approved it is carrying it out at this moment, or the worker will.
  if (isFirst) await perform(deps, deedOf, await required(deps.db, id))
  return required(deps.db, id)
}

async function refuse(deps: ApprovalsDeps, deedOf: DeedOf, { id, by, reason }: Decided): Promise<ApprovalRequest> {
  const { request, checker } = await requestFor(deps, deedOf, id, by)
  await decide(deps, request, { state: 'refused', by: checker, at: deps.clock.now(), reason }, 'approval_refused')
  return required(deps.db, id)
}

async function withdraw(deps: ApprovalsDeps, id: string, by: Author): Promise<ApprovalRequest> {
  const request = await required(deps.db, id)
  if (!isStaff(by) || !isMaker(request, by)) throw new Refusal('forbidden', 'only the maker withdraws a request')
  await decide(deps, request, { state: 'withdrawn', by, at: deps.clock.now(), reason: null }, 'approval_withdrawn')
  return required(deps.db, id)
}

/** A request and the person who may decide it. The gateway itself is nobody's second pair of eyes. */
async function requestFor(
  { db }: ApprovalsDeps,
  deedOf: DeedOf,
  id: string,
  by: Author,
): Promise<{ request: ApprovalRequest; checker: StaffActor }> {
  requirePermission(by, 'approvals.decide')
  if (!isStaff(by)) throw new Refusal('forbidden', 'a request is decided by a person who has signed in')
  const request = await required(db, id)
  if (!(await isKnownTo(deedOf, request, by))) throw new Refusal('not_found', 'request')
  const same = await sameHands(db, request, by)
  if (same) throw new Refusal(same)
  return { request, checker: by }
}

async function isKnownTo(deedOf: DeedOf, request: ApprovalRequest, by: Author): Promise<boolean> {
  if (isStaff(by) && isMaker(request, by)) return true
  try {
    await deedOf(request).requireKnown?.(request.payload, by)
    return true
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // What only a later version knows of is shown with its name, and decided there.
    return error.code === 'request_not_open'
  }
}

/** Whoever handed a maker the code of a sign-in could be that maker, and the maker could be whoever they handed one. */
async function sameHands(db: Db, request: ApprovalRequest, by: StaffActor): Promise<SameHands | null> {
  const { maker } = request
  if (isMaker(request, by)) return 'own_request'
  if (!isStaff(maker)) return null
  if ((await hasLetIn(db, by, maker)) || (await couldBe(db, maker)).has(authorName(by))) return 'own_request'
  return (await couldBe(db, by)).has(authorName(maker)) ? 'let_in_by_maker' : null
}

/** Once is enough here, whoever hands out a later code. */
async function hasLetIn(db: Db, by: StaffActor, maker: StaffActor): Promise<boolean> {
  const issued = { subject: authorName(maker), actor: authorName(by), action: 'staff_setup_code_issued' }
  return (await db('audit_log').where(issued).first('id')) !== undefined
}

const isMaker = ({ maker }: ApprovalRequest, by: StaffActor): boolean => maker.kind === 'staff' && maker.id === by.id

async function required(db: Db, id: string): Promise<ApprovalRequest> {
  const request = await readRequest(db, id)
  if (!request) throw new Refusal('not_found', 'request')
  return request
}

/** @returns whether it was decided now; false when this person had said the same of it before @throws Refusal request_not_open */
async function decide(deps: ApprovalsDeps, request: ApprovalRequest, verdict: Verdict, action: string): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    // First of all, as whoever changes a role locks it before the requests of its owner.
    await requireStanding(tx, verdict.by)
    if (!(await decideRequest(tx, request.id, verdict))) {
      const { state, decision } = await required(tx, request.id)
      if (state === verdict.state && decision?.by.name === authorName(verdict.by)) return false
      throw new Refusal('request_not_open', state)
    }
    await writeAudit(tx, [
      {
        author: verdict.by,
        at: verdict.at,
        action,
        subject: request.subject,
        ...(verdict.reason === null ? {} : { reason: verdict.reason }),
        after: { deed: request.kind, request: request.id },
        evenWithoutRole: true,
      },
    ])
    return true
  })
}

/** Carries out what was approved. A refusal is an outcome as well; anything else leaves it to be tried again, under the same key. */
async function perform(deps: ApprovalsDeps, deedOf: DeedOf, request: ApprovalRequest): Promise<void> {
  const by = { author: request.maker, reason: request.reason, key: keyOf(request.id), approvedBy: approverOf(request) }
  const outcome = await deedOf(request)
    .perform(request.payload, by)
    .then(() => NOTHING_CHANGED)
    .catch((error: unknown) => {
      if (error instanceof Refusal) return error.detail ? `${error.code}: ${error.detail}` : error.code
      throw error
    })
  await note(deps, request, outcome)
}

/** A deed that changes something has noted itself with its audit row (`writeAudit`). What is left had nothing to change: it may have been so before, or somebody else was quicker. */
const NOTHING_CHANGED = 'nothing_changed'

function approverOf({ id, decision }: ApprovalRequest): Approver {
  if (!decision?.by.role) throw new Error('bug: an approved request without an approver')
  const { name, login, role } = decision.by
  return { kind: 'staff', id: name.slice('staff:'.length), login: login ?? '', role, request: id }
}

/** Writes what became of it, unless that is known. */
async function note(deps: ApprovalsDeps, { id, kind }: ApprovalRequest, became: string): Promise<void> {
  await inTransaction(deps.db, (tx) => notePerformed(tx, id, deps.clock.now(), became))
  const outcome = (await readRequest(deps.db, id))?.outcome
  deps.log.info({ request: id, kind, outcome }, 'an approved request was carried out')
}

/**
 * What was not noted was not done, since a deed notes itself. What an earlier version approved may have been done without a note: it is told as done where its key says so,
 * and where nobody can know, it is neither done again nor told as done.
 */
async function finish(deps: ApprovalsDeps, deedOf: DeedOf, request: ApprovalRequest): Promise<void> {
  const trace = await traceOfEarlier(deps.db, request)
  if (trace === null) return perform(deps, deedOf, request)
  const isDone =
    trace === 'done' || (await deedOf(request).wasDone?.(keyOf(request.id), { payload: request.payload, author: request.maker }))
  if (!isDone) deps.log.error({ request: request.id }, 'an earlier version may have carried out this request; nobody can say')
  await note(deps, request, isDone ? CARRIED_OUT : 'unclear')
}

async function tidyUp(deps: ApprovalsDeps, deedOf: DeedOf): Promise<number> {
  const now = deps.clock.now()
  const lapsed = await lapsedRequests(deps.db, now, MOST_AT_ONCE)
  for (const request of lapsed) await lapse(deps, request, now)
  const left = await unperformedRequests(deps.db, new Date(now.getTime() - LEFT_ALONE_MS), MOST_AT_ONCE)
  for (const request of left) {
    await finish(deps, deedOf, request).catch((error: unknown) => {
      deps.log.error({ request: request.id, err: error }, 'an approved request could not be carried out; it is tried again')
    })
  }
  return lapsed.length
}

const lapse = ({ db }: ApprovalsDeps, request: ApprovalRequest, at: Date): Promise<void> =>
  inTransaction(db, async (tx) => {
    if (!(await markLapsed(tx, request.id))) return
    const after = { deed: request.kind, request: request.id }
    await writeAudit(tx, [
      { author: { kind: 'system', name: 'approvals' }, at, action: 'approval_lapsed', subject: request.subject, after },
    ])
  })
