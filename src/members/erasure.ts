import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'

/** What an erasure did, without a word about the person. */
export interface ErasureRecord {
  readonly memberId: string
  /** How many rows were removed or emptied, by what they were. */
  readonly removed: Readonly<Record<string, number>>
  /** The member's account in the books before and after: the same. Points as decimal text. */
  readonly booksBefore: Books
  readonly booksAfter: Books
}

interface Books {
  readonly balance: string
  readonly held: string
  readonly entries: string
}

/** The proof of an erasure, as it was written in its own transaction. */
export interface Erasure {
  readonly id: string
  readonly at: Date
  /** Who asked for it and who agreed, as the audit log names them: by an id. */
  readonly author: string
  readonly approvedBy: string | null
  readonly record: ErasureRecord
  /** SHA-256 over all of the above as sorted JSON. */
  readonly digest: string
  /** Whether the digest still fits. */
  readonly isIntact: boolean
}

interface Row {
  id: string
  member_id: string
  at: Date | string
  author: string
  approved_by: string | null
  record: string
  digest: string
}

/** The erasure of a member, or undefined when nothing was erased. */
export async function readErasure(db: Db, memberId: string): Promise<Erasure | undefined> {
  const row = (await db('erasures').where({ member_id: memberId }).first()) as Row | undefined
  if (!row) return undefined
  const record = JSON.parse(row.record) as ErasureRecord
  const { id, member_id, author, approved_by, digest } = row
  const digested = sha256(canonicalJson({ id, member_id, at: iso(moment(row.at)), author, approved_by, record }))
  return { id, at: moment(row.at), author, approvedBy: approved_by, record, digest, isIntact: digest === digested }
}
