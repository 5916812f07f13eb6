import { authorName, isStaff } from './actor'
import type { Approver, Author, Sender } from './actor'
import { iso } from './database'
import { insertRows } from './statements'
import type { Db, Tx } from './database'
import type { Row } from './statements'
import { canonicalJson, newSortedId } from './ids'
import { Refusal } from './refusals'
import { noteForms } from './sent-forms'
import { requireStanding } from './standing'

/** One line of the audit log: who did what to whom, and why. */
export interface AuditEntry {
  readonly author: Author | Sender
  readonly at: Date
  /** A word for the deed, such as `points_credited`. */
  readonly action: string
  /** What it was done to, by its id: `member:…`, `fund`. Never a name. */
  readonly subject: string
  readonly reason?: string
  /** Amounts as decimal text, switches as booleans. Never a secret and never personal data: these rows cannot be erased. */
  readonly before?: AuditFacts
  readonly after?: AuditFacts
  /** The ledger instruction that moved value; the exact balances stand in its entries. */
  readonly instructionKey?: string
  /** The second pair of eyes, where one was needed. With the request that they agreed to, that request is carried out by this very row, once. */
  readonly approvedBy?: Author | Approver
  /**
   * Is written whatever has become of its author's role: the role was looked at earlier in the transaction (`requireStanding`), or it tells of what has happened elsewhere, such
   * as at Invoicebox, which cannot be refused any more.
   */
  readonly evenWithoutRole?: boolean
}

export type AuditFacts = Readonly<Record<string, string | boolean | null>>

const factsText = (facts: AuditFacts | undefined): string | null => (facts ? canonicalJson(facts) : null)

const toRow = (entry: AuditEntry): Row => ({
  id: newSortedId(),
  at: iso(entry.at),
  actor: authorName(entry.author),
  action: entry.action,
  subject: entry.subject,
  reason: entry.reason ?? null,
  before: factsText(entry.before),
  after: factsText(entry.after),
  instruction_key: entry.instructionKey ?? null,
  approved_by: entry.approvedBy ? authorName(entry.approvedBy) : null,
})

/**
 * Writes audit rows in the transaction of the deeds they tell of, so that neither exists without the other (invariant 25).
 * As a ledger companion it is handed over as it is: `companion(writeAudit, entry)`. What two people have agreed to is noted on their request at the same moment, and so is what
 * was in the form that asked for it. Whoever has lost their role or their access while what they do was on its way does nothing any more; what two have agreed to stays agreed.
 * @throws Refusal, and then nothing is done: forbidden where the role was taken away meanwhile; request_not_open for a request that was carried out before; key_reused for a
 * form that came with other contents before
 */
export function writeAudit(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map(toRow)
  const written = insertRows(tx, 'audit_log', rows)
  const agreed = entries.flatMap(({ approvedBy, at }) => (approvedBy && 'request' in approvedBy ? [{ id: approvedBy.request, at }] : []))
  const sent = entries.flatMap(({ author, at, action }, index) =>
    'form' in author ? [{ author, at, action, auditId: String(rows[index]?.['id']) }] : [],
  )
  const alone = entries.filter(({ author, approvedBy, evenWithoutRole }) => isStaff(author) && !approvedBy && !evenWithoutRole)
  if (agreed.length === 0 && sent.length === 0 && alone.length === 0) return written
  return written
    .then(() => requireAllStanding(tx, alone))
    .then(() => noteForms(tx, sent))
    .then(() => noteCarriedOut(tx, new Map(agreed.map(({ id, at }) => [id, at]))))
}

async function requireAllStanding(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  const authors = new Map(entries.map(({ author }) => [authorName(author), author]))
  for (const [, author] of [...authors].sort(([one], [other]) => (one < other ? -1 : 1))) await requireStanding(tx, author)
}

/** Neither a crash nor a second process comes in between: the deed and the note that it was done are one transaction, and the note is written once. */
async function noteCarriedOut(tx: Tx, requests: ReadonlyMap<string, Date>): Promise<void> {
  for (const [id, at] of requests) {
    const noted = await tx('approvals')
      .where({ id, state: 'approved' })
      .whereNull('performed_at')
      .update({ performed_at: iso(at), outcome: CARRIED_OUT })
    if (noted === 0) throw new Refusal('request_not_open', 'it was carried out before')
  }
}

/** What became of an approved request whose deed was done. */
export const CARRIED_OUT = 'done'

/** Whether a deed was carried out under this key, since its audit row says so; by this author, where one is given. */
export const wasCarriedOut = async (db: Db, instructionKey: string, by?: Author): Promise<boolean> => {
  const where = { instruction_key: instructionKey, ...(by && { actor: authorName(by) }) }
  return (await db('audit_log').where(where).first('id')) !== undefined
}

/** The word for an instruction that found nothing to change. */
export const UNCHANGED = 'nothing_changed'

/** An instruction that found nothing to change is carried out as well: sent again later, it does not do then what it had no need to do now. */
export const noteUnchanged = (tx: Tx, entry: Pick<AuditEntry, 'author' | 'at' | 'subject' | 'reason' | 'instructionKey'>): Promise<void> =>
  entry.instructionKey === undefined ? Promise.resolve() : writeAudit(tx, [{ ...entry, action: UNCHANGED }])

const LONGEST_FILED = 500

/** The reason that every manual change must give: one line of text, at most 500 characters. @throws Refusal bad_input (detail: reason) */
export function requireReason(text: string): string {
  const reason = text.trim()
  if (reason.length === 0 || reason.length > LONGEST_FILED || hasControlCharacter(reason)) throw new Refusal('bad_input', 'reason')
  return reason
}

/** True for text that no form field should carry; PostgreSQL would refuse to store a zero character at all. */
export const hasControlCharacter = (text: string): boolean => /[\p{Cc}\p{Cs}]/u.test(text)

const KEY = /^[\x21-\x7e]{1,150}$/

/** A caller's idempotency key: up to 150 visible ASCII characters, so that it fits into the ledger with a prefix. @throws Refusal bad_input (detail: key) */
export function requireKey(text: string): string {
  if (!KEY.test(text)) throw new Refusal('bad_input', 'key')
  return text
}
