import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { AUDIT_COLUMNS } from './row'
import type { AuditRow } from './row'

/** One line of the log for a reader. */
export interface AuditLine {
  readonly id: string
  readonly at: Date
  /** `staff:<id>`, `member:<id>` or `system:<name>`. */
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly reason: string | null
  /** Canonical JSON, or null. */
  readonly before: string | null
  readonly after: string | null
  readonly instructionKey: string | null
  readonly approvedBy: string | null
}

/** What the reader wants to see; all of it is optional. */
export interface AuditFilter {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  /** One of these. */
  readonly subjects?: readonly string[] | undefined
  /** From this moment on, and up to but not including that one. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

const toLine = (row: AuditRow): AuditLine => ({
  id: row.id,
  at: moment(row.at),
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  reason: row.reason,
  before: row.before,
  after: row.after,
  instructionKey: row.instruction_key,
  approvedBy: row.approved_by,
})

/**
 * One page of the log, newest first: those before the row `before`. Every filter has an index that ends in the order of the list, so that a page costs the same
 * however long the log is.
 */
export async function listAudit(
  db: Db,
  filter: AuditFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<AuditLine[]> {
  const query = db('audit_log')
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(page.limit)
    .select(AUDIT_COLUMNS)
  for (const column of ['actor', 'action'] as const) {
    const wanted = filter[column]
    if (wanted !== undefined) void query.where(column, wanted)
  }
  if (filter.subjects) void query.whereIn('subject', filter.subjects)
  if (filter.from) void query.where('at', '>=', iso(filter.from))
  if (filter.to) void query.where('at', '<', iso(filter.to))
  if (page.before !== undefined) void query.whereRaw('(at, id) < (select at, id from audit_log where id = ?)', [page.before])
  return ((await query) as AuditRow[]).map(toLine)
}
