import { authorName } from './actor'
import type { Author, Sender } from './actor'
import { requireKey, wasCarriedOut } from './audit'
import type { AuditEntry } from './audit'
import { lockName } from './database'
import type { Tx } from './database'
import { canonicalJson, sha256 } from './ids'
import { requireSameForm } from './sent-forms'

/** A form whose deed takes one person and is no deed of the approvals. */
export interface OnceForm {
  readonly author: Author
  /** Names the intent; without one each call is another. */
  readonly key: string | undefined
  /** The word for the deed. */
  readonly kind: string
  /** What the form asks for. Never personal data: its digest is kept. */
  readonly contents: Readonly<Record<string, string>>
}

/** What the audit row of such a form must carry, so that the form is known again. */
export type FormMark = Pick<AuditEntry, 'author' | 'instructionKey'>

/**
 * Does what a form asks for, once: a copy that comes later, or at the same moment, does nothing more, whatever was done in between.
 * @param work writes an audit row with the mark
 * @throws Refusal key_reused, and nothing is done, where the same key came with other contents; bad_input (detail: key)
 */
export async function oncePerForm(tx: Tx, form: OnceForm, work: (mark: FormMark) => Promise<void>): Promise<void> {
  const { author, key, kind, contents } = form
  if (key === undefined) return work({ author })
  const sender: Sender = { ...author, form: { key: requireKey(key), kind, digest: sha256(canonicalJson({ kind, contents })) } }
  await lockName(tx, `form ${authorName(author)} ${key}`)
  await requireSameForm(tx, sender)
  const instructionKey = `${kind}:${key}`
  if (await wasCarriedOut(tx, instructionKey, author)) return
  await work({ author: sender, instructionKey })
}
