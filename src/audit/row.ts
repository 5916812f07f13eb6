import { iso, moment } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'

/** One row of the audit log as it is stored. */
export interface AuditRow {
  readonly id: string
  readonly at: Date | string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly reason: string | null
  readonly before: string | null
  readonly after: string | null
  readonly instruction_key: string | null
  readonly approved_by: string | null
}

export const AUDIT_COLUMNS = [
  'id',
  'at',
  'actor',
  'action',
  'subject',
  'reason',
  'before',
  'after',
  'instruction_key',
  'approved_by',
] as const

/** What stands before the first row of the chain. */
export const FIRST_HASH = '0'.repeat(64)

/** A link of the chain: a digest of everything that the row says and of the link before it. */
export function linkHash(previous: string, row: AuditRow): string {
  const facts = AUDIT_COLUMNS.map((column) => (column === 'at' ? iso(moment(row.at)) : row[column]))
  return sha256(`${previous}\n${canonicalJson(facts)}`)
}
