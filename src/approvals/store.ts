import { authorName, isStaffRole } from '../shared/actor'
import type { Author, StaffActor } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson } from '../shared/ids'
import type { Payload } from './deed'
import { keyOf, OF_A_REQUEST, REQUEST_STATES } from './request'
import type { ApprovalRequest, RequestState } from './request'

interface Row {
  id: string
  kind: string
  payload: string
  subject: string
  reason: string
  maker: string
  maker_login: string | null
  maker_role: string | null
  idempotency_key: string
  state: RequestState
  created_at: Date | string
  lapses_at: Date | string
  decided_at: Date | string | null
  decider: string | null
  decider_login: string | null
  decider_role: string | null
  decision_reason: string | null
  performed_at: Date | string | null
  outcome: string | null
}

export interface NewRequest extends Pick<
  ApprovalRequest,
  'id' | 'kind' | 'payload' | 'subject' | 'reason' | 'maker' | 'createdAt' | 'lapsesAt'
> {
  readonly key: string
}

const makerOf = ({ maker, maker_login, maker_role }: Row): Author =>
  maker.startsWith('staff:') && isStaffRole(maker_role)
    ? { kind: 'staff', id: maker.slice('staff:'.length), login: maker_login ?? '', role: maker_role }
    : { kind: 'system', name: maker.slice('system:'.length) }

const decisionOf = (row: Row): ApprovalRequest['decision'] =>
  row.decider === null || row.decided_at === null
    ? null
    : {
        at: moment(row.decided_at),
        by: { name: row.decider, login: row.decider_login, role: isStaffRole(row.decider_role) ? row.decider_role : null },
        reason: row.decision_reason,
      }

const toRequest = (row: Row): ApprovalRequest => ({
  id: row.id,
  kind: row.kind,
  payload: JSON.parse(row.payload) as Payload,
  subject: row.subject,
  reason: row.reason,
  maker: makerOf(row),
  state: row.state,
  createdAt: moment(row.created_at),
  lapsesAt: moment(row.lapses_at),
  decision: decisionOf(row),
  performedAt: row.performed_at === null ? null : moment(row.performed_at),
  outcome: row.performed_at === null ? null : row.outcome,
})

/** Stores a request, unless its maker has used the key before. @returns whether it is new */
export async function insertRequest(tx: Tx, request: NewRequest): Promise<boolean> {
  const { maker } = request
  const rows: unknown[] = await tx('approvals')
    .insert({
      id: request.id,
      kind: request.kind,
      payload: canonicalJson(request.payload),
      subject: request.subject,
      reason: request.reason,
      maker: authorName(maker),
      maker_login: maker.kind === 'staff' ? maker.login : null,
      maker_role: maker.kind === 'staff' ? maker.role : null,
      idempotency_key: request.key,
      state: 'open',
      created_at: iso(request.createdAt),
      lapses_at: iso(request.lapsesAt),
    })
    .onConflict(['maker', 'idempotency_key'])
    .ignore()
    .returning('id')
  return rows.length > 0
}

export async function readRequest(db: Db, id: string): Promise<ApprovalRequest | undefined> {
  const row = (await db('approvals').where({ id }).first()) as Row | undefined
  return row && toRequest(row)
}

export async function findByKey(db: Db, maker: Author, key: string): Promise<ApprovalRequest | undefined> {
  const row = (await db('approvals')
    .where({ maker: authorName(maker), idempotency_key: key })
    .first()) as Row | undefined
  return row && toRequest(row)
}

/** What its maker has asked for already and can still be agreed to: the same deed, on the same thing, with the same contents. */
export async function findSameOpen(
  db: Db,
  { maker, kind, subject, payload }: Pick<ApprovalRequest, 'maker' | 'kind' | 'subject' | 'payload'>,
  now: Date,
): Promise<ApprovalRequest | undefined> {
  const row = (await db('approvals')
    .where({ state: 'open', kind, subject, maker: authorName(maker), payload: canonicalJson(payload) })
    .where('lapses_at', '>', iso(now))
    .first()) as Row | undefined
  return row && toRequest(row)
}

export interface RequestFilter {
  readonly state?: RequestState | undefined
  readonly kind?: string | undefined
}

interface RequestsPage extends RequestFilter {
  readonly before?: string | undefined
  readonly limit: number
}

/** Requests, newest first: so many after `before`, which is the id of the last one seen. */
export async function listRequests(db: Db, page: RequestsPage): Promise<ApprovalRequest[]> {
  const { kind, state, limit } = page
  // The index of kinds is in the order of ids within each state: without one, all of a kind would be sorted for one page.
  const states = kind !== undefined && state === undefined ? REQUEST_STATES : [state]
  const ofEach = states.map((each) => db.from(newestOf(db, { ...page, state: each }).as('r')).select('*'))
  return ((await db.from(db.unionAll(ofEach).as('r')).select('*').orderBy('id', 'desc').limit(limit)) as Row[]).map(toRequest)
}

function newestOf(db: Db, { kind, state, before, limit }: RequestsPage) {
  const query = db('approvals').orderBy('id', 'desc').limit(limit)
  if (state !== undefined) void query.where({ state })
  if (kind !== undefined) void query.where({ kind })
  if (before !== undefined) void query.where('id', '<', before)
  return query
}

const MOST_ON_ONE = 5

/** What waits for a second person about the same thing, newest first: only some of it, where that is much. */
export async function openRequestsOn(db: Db, subject: string, now: Date): Promise<ApprovalRequest[]> {
  const open = db('approvals').where({ state: 'open', subject }).where('lapses_at', '>', iso(now))
  return ((await open.orderBy('id', 'desc').limit(MOST_ON_ONE)) as Row[]).map(toRequest)
}

/** How many requests are open. */
export async function countOpenRequests(db: Db, now: Date): Promise<number> {
  const [row] = await db('approvals')
    .where({ state: 'open' })
    .where('lapses_at', '>', iso(now))
    .select<{ count: unknown }[]>(db.raw('count(*) as count'))
  return Number(row?.count ?? 0)
}

export interface Verdict {
  readonly state: Exclude<RequestState, 'open' | 'lapsed'>
  readonly by: StaffActor
  readonly at: Date
  readonly reason: string | null
}

/**
 * Stands as the outcome until there is one. Its deed notes itself on the request, in its own transaction (`writeAudit`), so that what was not noted was not done. Requests that
 * were approved by an earlier version have nothing here.
 */
const UNDER_WAY = 'under way'

/** Decides an open request that has not lapsed. @returns whether it was still open */
export async function decideRequest(tx: Tx, id: string, verdict: Verdict): Promise<boolean> {
  const changed = await tx('approvals')
    .where({ id, state: 'open' })
    .where('lapses_at', '>', iso(verdict.at))
    .update({
      state: verdict.state,
      outcome: verdict.state === 'approved' ? UNDER_WAY : null,
      decided_at: iso(verdict.at),
      decider: authorName(verdict.by),
      decider_login: verdict.by.login,
      decider_role: verdict.by.role,
      decision_reason: verdict.reason,
    })
  return changed > 0
}

export async function notePerformed(tx: Tx, id: string, at: Date, outcome: string): Promise<void> {
  await tx('approvals')
    .where({ id })
    .whereNull('performed_at')
    .update({ performed_at: iso(at), outcome: outcome.slice(0, 500) })
}

export async function lapsedRequests(db: Db, now: Date, limit: number): Promise<ApprovalRequest[]> {
  const rows = (await db('approvals')
    .where({ state: 'open' })
    .where('lapses_at', '<=', iso(now))
    .orderBy('lapses_at')
    .limit(limit)) as Row[]
  return rows.map(toRequest)
}

export const markLapsed = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx('approvals').where({ id, state: 'open' }).update({ state: 'lapsed' })) > 0

/** Approved deeds of which nobody noted what became of them: the process that approved them has died, or is at it. */
export async function unperformedRequests(db: Db, approvedBefore: Date, limit: number): Promise<ApprovalRequest[]> {
  const rows = (await db('approvals')
    .where({ state: 'approved' })
    .whereNull('performed_at')
    .where('decided_at', '<', iso(approvedBefore))
    .orderBy('id')
    .limit(limit)) as Row[]
  return rows.map(toRequest)
}

/** Requests in the order of their ids, which grow with time: so many behind `after`, up to `upTo` where that is given. */
export async function readRequestsAfter(
  db: Db,
  of: { readonly after: string; readonly upTo?: string | undefined; readonly limit: number },
): Promise<ApprovalRequest[]> {
  const query = db('approvals').where('id', '>', of.after).orderBy('id').limit(of.limit)
  if (of.upTo !== undefined) void query.where('id', '<=', of.upTo)
  return ((await query) as Row[]).map(toRequest)
}

/**
 * Whether an approved deed may have been done by an earlier version, which noted that in a transaction of its own: the audit log knows of something that was done to the
 * subject with this approver since the decision, and not for another request.
 * @returns `done` where a row carries the key of this request, `unclear` where one carries none
 */
export async function traceOfEarlier(db: Db, { id, subject, decision }: ApprovalRequest): Promise<'done' | 'unclear' | null> {
  const marked: unknown[] = await db('approvals').where({ id, outcome: UNDER_WAY }).select('id')
  if (!decision || marked.length > 0) return null
  const rows = await db('audit_log')
    .where({ subject, approved_by: decision.by.name })
    .where('at', '>=', iso(decision.at))
    .select<{ instruction_key: string | null }[]>('instruction_key')
  const keys = rows.map(({ instruction_key }) => instruction_key)
  if (keys.some((key) => key?.endsWith(keyOf(id)))) return 'done'
  return keys.some((key) => key === null || !OF_A_REQUEST.test(key)) ? 'unclear' : null
}

/** The open requests of somebody who has lost the right to make them. @returns those that lapsed */
export async function lapseRequestsOf(tx: Tx, maker: Author, at: Date): Promise<number> {
  const open: Pick<Row, 'id' | 'kind' | 'subject'>[] = await tx('approvals')
    .where({ maker: authorName(maker), state: 'open' })
    .select('id', 'kind', 'subject')
  for (const { id, kind, subject } of open) {
    if (!(await markLapsed(tx, id))) continue
    await writeAudit(tx, [
      { author: { kind: 'system', name: 'approvals' }, at, action: 'approval_lapsed', subject, after: { deed: kind, request: id } },
    ])
  }
  return open.length
}
