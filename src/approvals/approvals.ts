import type { Author, StaffActor } from '../shared/actor'
import { authorName, isStaff } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { MINUTE } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { AnyDeed, Deed, Payload, Preview } from './deed'
import type { ApprovalRequest } from './request'
import { decideRequest, lapsedRequests, markLapsed, notePerformed, readRequest, unperformedRequests, hasLeftItsRow } from './store'
import type { Verdict } from './store'
import { look, submit } from './submit'
import type { ApprovalsDeps, Look, Order, Submitted } from './submit'

/** The one place where it is decided whether a deed needs a second person, and the only one that carries deeds out. */
export interface Approvals {
  /** Does it at once, or stores a request that somebody else must approve. @throws Refusal forbidden, bad_input, key_reused and those of the deed */
  submit<P extends Payload, R>(deed: Deed<P, R>, order: Order<P>): Promise<Submitted<R>>
  /** What a deed would change as of now, and whether it would wait for a second person. @throws Refusal bad_input and those of the deed */
  look<P extends Payload, R>(deed: Deed<P, R>, payload: P, by?: Author): Promise<Look>
  /** What a stored request would change as of now. @throws Refusal of the deed */
  preview(request: ApprovalRequest): Promise<Preview>
  /** Whether somebody may see a request: their own, and those on what they may know of. */
  isKnownTo(request: ApprovalRequest, by: Author): Promise<boolean>
  /** The maker is never the checker. @throws Refusal forbidden, own_request, request_not_open, not_found */
  approve(id: string, by: Author, reason?: string): Promise<ApprovalRequest>
  refuse(id: string, by: Author, reason: string): Promise<ApprovalRequest>
  /** The maker takes the request back. @throws Refusal forbidden for anybody else */
  withdraw(id: string, by: Author): Promise<ApprovalRequest>
  /** For the worker: lets old requests lapse and carries out what was approved before a crash. @returns how many it dealt with */
  tidyUp(): Promise<number>
}

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
    submit: (deed, order) => submit(deps, deed, order),
    look: (deed, payload, by) => look(deps, deed, payload, by),
    preview: (request) => deedOf(request).preview(request.payload),
    isKnownTo: (request, by) => isKnownTo(deedOf, request, by),
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

async function approve(deps: ApprovalsDeps, deedOf: DeedOf, { id, by, reason }: Decided): Promise<ApprovalRequest> {
  const { request, checker } = await openRequest(deps, deedOf, id, by)
  deedOf(request)
  await decide(deps, request, { state: 'approved', by: checker, at: deps.clock.now(), reason }, 'approval_given')
  await perform(deps, deedOf, await required(deps.db, id))
  return required(deps.db, id)
}

async function refuse(deps: ApprovalsDeps, deedOf: DeedOf, { id, by, reason }: Decided): Promise<ApprovalRequest> {
  const { request, checker } = await openRequest(deps, deedOf, id, by)
  await decide(deps, request, { state: 'refused', by: checker, at: deps.clock.now(), reason }, 'approval_refused')
  return required(deps.db, id)
}

async function withdraw(deps: ApprovalsDeps, id: string, by: Author): Promise<ApprovalRequest> {
  const request = await required(deps.db, id)
  if (!isStaff(by) || !isMaker(request, by)) throw new Refusal('forbidden', 'only the maker withdraws a request')
  await decide(deps, request, { state: 'withdrawn', by, at: deps.clock.now(), reason: null }, 'approval_withdrawn')
  return required(deps.db, id)
}

/** An open request and the person who may decide it. The gateway itself is nobody's second pair of eyes. */
async function openRequest(
  { db }: ApprovalsDeps,
  deedOf: DeedOf,
  id: string,
  by: Author,
): Promise<{ request: ApprovalRequest; checker: StaffActor }> {
  requirePermission(by, 'approvals.decide')
  if (!isStaff(by)) throw new Refusal('forbidden', 'a request is decided by a person who has signed in')
  const request = await required(db, id)
  if (!(await isKnownTo(deedOf, request, by))) throw new Refusal('not_found', 'request')
  if (isMaker(request, by) || (await letIn(db, by, request.maker))) throw new Refusal('own_request')
  if (request.state !== 'open') throw new Refusal('request_not_open', request.state)
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

/** Whoever handed a maker the code of their first sign-in could be that maker. */
async function letIn(db: Db, by: StaffActor, maker: Author): Promise<boolean> {
  if (!isStaff(maker)) return false
  const issued = { subject: authorName(maker), actor: authorName(by), action: 'staff_setup_code_issued' }
  return (await db('audit_log').where(issued).first('id')) !== undefined
}

const isMaker = ({ maker }: ApprovalRequest, by: StaffActor): boolean => maker.kind === 'staff' && maker.id === by.id

async function required(db: Db, id: string): Promise<ApprovalRequest> {
  const request = await readRequest(db, id)
  if (!request) throw new Refusal('not_found', 'request')
  return request
}

async function decide(deps: ApprovalsDeps, request: ApprovalRequest, verdict: Verdict, action: string): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    if (!(await decideRequest(tx, request.id, verdict))) throw new Refusal('request_not_open')
    await writeAudit(tx, [
      {
        author: verdict.by,
        at: verdict.at,
        action,
        subject: request.subject,
        ...(verdict.reason === null ? {} : { reason: verdict.reason }),
        after: { deed: request.kind, request: request.id },
      },
    ])
  })
}

/** Carries out what was approved. A refusal is an outcome as well; anything else leaves it to be tried again, under the same key. */
async function perform(deps: ApprovalsDeps, deedOf: DeedOf, request: ApprovalRequest): Promise<void> {
  const { decision } = request
  if (!decision?.by.role) throw new Error('bug: an approved request without an approver')
  const approvedBy: StaffActor = {
    kind: 'staff',
    id: decision.by.name.slice('staff:'.length),
    login: decision.by.login ?? '',
    role: decision.by.role,
  }
  const by = { author: request.maker, reason: request.reason, key: `approval:${request.id}`, approvedBy }
  const outcome = await deedOf(request)
    .perform(request.payload, by)
    .then(() => 'done')
    .catch((error: unknown) => {
      if (error instanceof Refusal) return error.detail ? `${error.code}: ${error.detail}` : error.code
      throw error
    })
  await inTransaction(deps.db, (tx) => notePerformed(tx, request.id, deps.clock.now(), outcome))
  deps.log.info({ request: request.id, kind: request.kind, outcome }, 'an approved request was carried out')
}

/** What has left its audit row was carried out before the process died; a deed without a key of its own must not be done over what came after it. */
async function finish(deps: ApprovalsDeps, deedOf: DeedOf, request: ApprovalRequest): Promise<void> {
  if (!(await hasLeftItsRow(deps.db, request))) return perform(deps, deedOf, request)
  await inTransaction(deps.db, (tx) => notePerformed(tx, request.id, deps.clock.now(), 'done'))
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
