import type { AuditLine } from '../../audit'
import type { AuditFacts } from '../../shared/audit'
import { readReason } from '../../shared/reasons'
import type { TextKey, Translate } from '../../shared/texts'
import { auditedRu } from '../../shared/texts/backoffice/audited'
import { actorName } from '../actor-name'
import { factRows } from '../facts'
import { chipsOf, listHref } from '../filters'
import type { Query } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Cell, Table } from '../table'

const facts = (text: string | null): AuditFacts => (text === null ? {} : (JSON.parse(text) as AuditFacts))

/** Ids are long, and those of one minute begin alike: their ends are shown, and the whole of one when the pointer rests on it. */
const nameCell = (name: string, filter: 'actor' | 'subject', logins: ReadonlyMap<string, string>, t: Translate): Cell => ({
  text: filter === 'actor' ? actorName(name, logins, t) : (logins.get(name) ?? name.replace(/^(\w+:)[0-9a-f-]{28}([0-9a-f]{8})$/, '$1…$2')),
  title: name,
  href: listHref('/admin/audit', { [filter]: name }),
})

const isAudited = (key: string): key is TextKey & `audited.${string}` => Object.hasOwn(auditedRu, key)

/** What was done, in words; a word that another version wrote stays as it is. */
function deedText(action: string, t: Translate): string {
  const key = `audited.${action}`
  return isAudited(key) ? (t as (key: string) => string)(key) : action
}

const change = (line: AuditLine, reader: Reader): string =>
  factRows({ before: facts(line.before), after: facts(line.after) }, reader)
    .map(({ label, before, after }) => (line.before === null ? `${label}: ${after}` : `${label}: ${before} → ${after}`))
    .join('; ')

export interface AuditView {
  readonly lines: readonly AuditLine[]
  readonly hasMore: boolean
  readonly query: Query
  /** Staff by how the log names them, so that a reader sees their logins. */
  readonly logins: ReadonlyMap<string, string>
}

function presentAudit(view: AuditView, reader: Reader): Table {
  const { t } = reader
  const { logins } = view
  const last = view.lines.at(-1)
  return {
    caption: t('audit.heading'),
    columns: [
      t('audit.at'),
      t('audit.actor'),
      t('audit.action'),
      t('audit.subject'),
      t('audit.change'),
      t('audit.reason'),
      t('audit.approved_by'),
    ].map((label) => ({ label })),
    rows: view.lines.map((line) => ({
      cells: [
        momentCell(line.at, reader),
        nameCell(line.actor, 'actor', logins, t),
        { text: deedText(line.action, t), title: line.action, href: listHref('/admin/audit', { action: line.action }) },
        nameCell(line.subject, 'subject', logins, t),
        { text: change(line, reader) || '—' },
        { text: line.reason === null ? '—' : readReason(line.reason, t) },
        { text: line.approvedBy === null ? '—' : actorName(line.approvedBy, logins, t) },
      ],
    })),
    empty: t('audit.empty'),
    ...(view.hasMore && last && { olderHref: listHref('/admin/audit', { ...view.query, before: last.id }) }),
    ...(view.query.before !== undefined && { newestHref: listHref('/admin/audit', { ...view.query, before: undefined }) }),
  }
}

/** What `views/backoffice/audit.ejs` prints. @param head the newest link of the chain */
export function presentLog(view: AuditView, head: string, reader: Reader): object {
  const { t } = reader
  const filters = { ...view.query, before: undefined }
  return {
    table: presentAudit(view, reader),
    filters,
    chips: chipsOf('/admin/audit', view.query, {
      actor: (value) => `${t('audit.actor')}: ${value}`,
      action: (value) => `${t('audit.action')}: ${value}`,
      subject: (value) => `${t('audit.subject')}: ${value}`,
      from: (value) => `${t('audit.from')} ${value}`,
      to: (value) => `${t('audit.to')} ${value}`,
    }),
    exportHref: listHref('/admin/audit.csv', filters),
    head,
  }
}

export const AUDIT_HEADER = ['id', 'at', 'actor', 'action', 'subject', 'reason', 'before', 'after', 'instruction', 'approved_by']

/** One row of the export: everything that the log has, times in UTC. */
export const auditCells = (line: AuditLine): string[] => [
  line.id,
  line.at.toISOString(),
  line.actor,
  line.action,
  line.subject,
  line.reason ?? '',
  line.before ?? '',
  line.after ?? '',
  line.instructionKey ?? '',
  line.approvedBy ?? '',
]
