import { authorName } from './actor'
import type { Author, Sender } from './actor'
import { iso, moment } from './database'
import type { Db, Tx } from './database'
import { Refusal } from './refusals'

/** A form whose deed was done, or stored for a second person. */
export interface NotedForm {
  readonly kind: string
  readonly digest: string
  readonly at: Date
  /** The audit row of what was done. */
  readonly auditId: string
  /** It was stored for a second person, and not done. */
  readonly wasAsked: boolean
}

/** The word for a form that was stored for a second person. */
export const ASKED = 'approval_requested'

interface Noting {
  readonly author: Sender
  readonly at: Date
  readonly auditId: string
  readonly action: string
}

/**
 * Notes what was in the forms whose deeds this transaction does. Two that come at one moment with one key meet in the primary key: the second waits for the first. One form
 * comes to one thing: of two copies neither is stored for a second person while the other is done, or it would be done twice.
 * @throws Refusal key_reused, and then nothing is done, when the same key came with other contents, or came to the other thing
 */
export async function noteForms(tx: Tx, forms: readonly Noting[]): Promise<void> {
  for (const { author, at, auditId, action } of forms) {
    const { key, kind, digest } = author.form
    await tx('sent_forms')
      .insert({ author: authorName(author), idempotency_key: key, kind, digest, audit_id: auditId, at: iso(at) })
      .onConflict(['author', 'idempotency_key'])
      .ignore()
    const noted = await readForm(tx, author, key)
    if (noted?.digest !== digest || noted.wasAsked !== (action === ASKED)) throw new Refusal('key_reused')
  }
}

interface Row {
  readonly kind: string
  readonly digest: string
  readonly at: Date | string
  readonly audit_id: string
  readonly action: string | null
}

/** What this author has sent under this key; undefined also for what a version did that noted nothing. */
export async function readForm(db: Db, author: Author, key: string): Promise<NotedForm | undefined> {
  const row: Row | undefined = await db('sent_forms as f')
    .leftJoin('audit_log as a', 'a.id', 'f.audit_id')
    .where({ 'f.author': authorName(author), 'f.idempotency_key': key })
    .first('f.kind', 'f.digest', 'f.at', 'f.audit_id', 'a.action')
  return row && { kind: row.kind, digest: row.digest, at: moment(row.at), auditId: row.audit_id, wasAsked: row.action === ASKED }
}

/** @throws Refusal key_reused */
export async function requireSameForm(db: Db, author: Sender): Promise<void> {
  const noted = await readForm(db, author, author.form.key)
  if (noted && noted.digest !== author.form.digest) throw new Refusal('key_reused')
}
