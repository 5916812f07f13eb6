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
}

interface Noting {
  readonly author: Sender
  readonly at: Date
  readonly auditId: string
}

/**
 * Notes what was in the forms whose deeds this transaction does. Two that come at one moment with one key meet in the primary key: the second waits for the first.
 * @throws Refusal key_reused, and then nothing is done, when the same key came with other contents
 */
export async function noteForms(tx: Tx, forms: readonly Noting[]): Promise<void> {
  for (const { author, at, auditId } of forms) {
    const { key, kind, digest } = author.form
    await tx('sent_forms')
      .insert({ author: authorName(author), idempotency_key: key, kind, digest, audit_id: auditId, at: iso(at) })
      .onConflict(['author', 'idempotency_key'])
      .ignore()
    await requireSameForm(tx, author)
  }
}

/** What this author has sent under this key; undefined also for what a version did that noted nothing. */
export async function readForm(db: Db, author: Author, key: string): Promise<NotedForm | undefined> {
  const row: { kind: string; digest: string; at: Date | string; audit_id: string } | undefined = await db('sent_forms')
    .where({ author: authorName(author), idempotency_key: key })
    .first('kind', 'digest', 'at', 'audit_id')
  return row && { kind: row.kind, digest: row.digest, at: moment(row.at), auditId: row.audit_id }
}

/** @throws Refusal key_reused */
export async function requireSameForm(db: Db, author: Sender): Promise<void> {
  const noted = await readForm(db, author, author.form.key)
  if (noted && noted.digest !== author.form.digest) throw new Refusal('key_reused')
}
