import type { Author } from '../shared/actor'
import { UNCHANGED } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { iso } from '../shared/database'
import type { Db } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { readForm } from '../shared/sent-forms'
import type { Payload } from './deed'
import { findByKey } from './store'

/** What came of a form when it was sent before. */
export interface Earlier {
  readonly kind: string
  readonly at: Date
  /** Done at once, with nothing to change by then, or asked of a second person. */
  readonly cameTo: 'done' | 'unchanged' | 'asked'
  /** What was set, where the audit row of it says so. */
  readonly facts: AuditFacts
}

/** The same key came with other contents: nothing of these was done, and whoever sent them learns what was. */
export class SentBefore extends Refusal {
  constructor(readonly earlier: Earlier) {
    super('key_reused', `${earlier.kind}, ${iso(earlier.at)}, ${earlier.cameTo}`)
  }
}

/** Names what a form asks for. The reason is not part of it: the same deed for another reason is the same deed. */
export const digestOf = (kind: string, payload: Payload): string => sha256(canonicalJson({ kind, payload }))

/** A refused key with what it stands for, where its author has used it before; any other error as it is. */
export async function withEarlier(db: Db, by: { readonly author: Author; readonly key: string }, error: unknown): Promise<unknown> {
  if (!(error instanceof Refusal) || error.code !== 'key_reused') return error
  const earlier = await readEarlier(db, by)
  return earlier ? new SentBefore(earlier) : error
}

async function readEarlier(db: Db, { author, key }: { readonly author: Author; readonly key: string }): Promise<Earlier | undefined> {
  const asked = await findByKey(db, author, key)
  if (asked) return { kind: asked.kind, at: asked.createdAt, cameTo: 'asked', facts: {} }
  const form = await readForm(db, author, key)
  if (!form) return undefined
  if (form.wasAsked) return { kind: form.kind, at: form.at, cameTo: 'asked', facts: {} }
  const row: { action: string; after: string | null } | undefined = await db('audit_log')
    .where({ id: form.auditId })
    .first('action', 'after')
  const facts = row?.after ? (JSON.parse(row.after) as AuditFacts) : {}
  return { kind: form.kind, at: form.at, cameTo: row?.action === UNCHANGED ? 'unchanged' : 'done', facts }
}
