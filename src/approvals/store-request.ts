import { authorName } from '../shared/actor'
import type { Sender } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { inTransaction, lockName } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import type { Log } from '../shared/log'
import { ASKED, noteForms } from '../shared/sent-forms'
import { LAPSES_AFTER_MS } from './request'
import type { ApprovalRequest } from './request'
import { findByKey, findSameOpen, insertRequest, readRequest } from './store'
import type { NewRequest } from './store'

interface StoringDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
}

export interface Asking extends Pick<NewRequest, 'kind' | 'payload' | 'subject' | 'reason' | 'key'> {
  readonly maker: Sender
  /** Whether what its maker has asked for already, and still waits, is asked for no second time (`Deed.asksOnce`). */
  readonly once: boolean
}

/**
 * Stores what is to wait for a second person, or finds where it waits already.
 * @throws Refusal forbidden where the maker has lost the right to ask meanwhile; key_reused where a copy was done meanwhile
 */
export async function storeRequest({ db, clock, log }: StoringDeps, { once, ...asked }: Asking): Promise<ApprovalRequest> {
  const at = clock.now()
  const request: NewRequest = { ...asked, id: newSortedId(), createdAt: at, lapsesAt: new Date(at.getTime() + LAPSES_AFTER_MS) }
  const { maker: author, subject, reason, kind } = request
  const same = await inTransaction(db, async (tx) => {
    const waiting = once ? await standFor(tx, asked, at) : undefined
    if (!waiting && (await insertRequest(tx, request)))
      await writeAudit(tx, [{ author, at, action: ASKED, subject, reason, after: { deed: kind, request: request.id } }])
    return waiting
  })
  if (same) return same
  const stored = await findByKey(db, author, request.key)
  if (!stored) throw new Error('bug: a request that was just stored is not there')
  log.info({ request: stored.id, kind }, 'a request waits for a second person')
  return stored
}

/** What the maker has asked for already. The form is noted with it: sent again when that is decided, it does not ask anew. */
async function standFor(
  tx: Tx,
  { maker, key, kind, subject, payload }: Omit<Asking, 'once'>,
  at: Date,
): Promise<ApprovalRequest | undefined> {
  // Of several at one moment the second waits here for the first.
  await lockName(tx, `approval ${authorName(maker)} ${kind} ${subject}`)
  if (await findByKey(tx, maker, key)) return undefined
  const waiting = await findSameOpen(tx, { maker, kind, subject, payload }, at)
  const auditId = waiting && (await rowOf(tx, waiting))
  if (auditId === undefined) return undefined
  await noteForms(tx, [{ author: maker, at, auditId, action: ASKED }])
  return waiting
}

/** The audit row with which a request was made. */
async function rowOf(db: Db, { id, subject, maker }: ApprovalRequest): Promise<string | undefined> {
  const rows = await db('audit_log')
    .where({ subject, action: ASKED, actor: authorName(maker) })
    .select<{ id: string; after: string | null }[]>('id', 'after')
  return rows.find(({ after }) => requestIn(after) === id)?.id
}

const requestIn = (after: string | null): string | undefined =>
  after === null ? undefined : (JSON.parse(after) as { request?: string }).request

/** The request that was made with an audit row. */
export async function madeWith(db: Db, auditId: string): Promise<ApprovalRequest | undefined> {
  const row: { after: string | null } | undefined = await db('audit_log').where({ id: auditId }).first('after')
  const id = requestIn(row?.after ?? null)
  return id === undefined ? undefined : readRequest(db, id)
}
