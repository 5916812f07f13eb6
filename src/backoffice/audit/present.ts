import type { AuditLine } from '../../audit'
import type { AuditFacts } from '../../shared/audit'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { auditedRu } from '../../shared/texts/backoffice/audited'
import { knownText } from '../../shared/texts/known-text'
import { actorName } from '../actor-name'
import { factRows } from '../facts'
import { chipsOf, listHref } from '../filters'
import type { Chip, Query } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { isSubjectKind, SUBJECT_KINDS, subjectView } from '../subject'
import type { SubjectNames } from '../subject-names'
import type { Cell, Table } from '../table'
import { WHOLE_SUBJECTS } from './asked-subject'
import type { AskedSubject, SubjectQuery } from './asked-subject'

const facts = (text: string | null): AuditFacts => (text === null ? {} : (JSON.parse(text) as AuditFacts))

/** The whole name as the log keeps it shows when the pointer rests on it, and is what the link filters by. */
const nameCell = (name: string, filter: 'actor' | 'subject', text: string): Cell => ({
  text,
  title: name,
  href: listHref('/admin/audit', { [filter]: name }),
})

/** As people call it. Where nothing has a name the id is told: those of one minute begin alike, so its end. */
function subjectText(subject: string, names: SubjectNames, t: Translate): string {
  const [kind = '', id] = subject.split(':')
  const whole = id === undefined ? knownText(t, `subject.all.${kind}`) : undefined
  return whole ?? subjectView(subject, t, names.get(subject)).text.replace(/^(\w+:)[0-9a-f-]{28}([0-9a-f]{8})$/, '$1…$2')
}

/** What was done, in words; a word that another version wrote stays as it is. */
const deedText = (action: string, t: Translate): string => knownText(t, `audited.${action}`) ?? action

/** What has changed; where a deed left everything as it was, that. */
function change(line: AuditLine, reader: Reader): string {
  const rows = factRows({ before: facts(line.before), after: facts(line.after) }, reader)
  const changed = rows.filter(({ isChanged }) => isChanged)
  return (changed.length > 0 ? changed : rows)
    .map(({ label, before, after }) => (line.before === null ? `${label}: ${after}` : `${label}: ${before} → ${after}`))
    .join('; ')
}

export interface AuditView {
  readonly lines: readonly AuditLine[]
  readonly hasMore: boolean
  readonly asked: AskedSubject<Query>
  /** The filters as they were sent. */
  readonly typed: SubjectQuery
  /** Staff by how the log names them, so that a reader sees their logins. */
  readonly logins: ReadonlyMap<string, string>
  readonly names: SubjectNames
}

const COLUMNS = ['at', 'actor', 'action', 'subject', 'change', 'reason', 'approved_by'] as const

function presentAudit(view: AuditView, reader: Reader): Table {
  const { t } = reader
  const { logins, names, asked } = view
  const last = view.lines.at(-1)
  return {
    caption: t('audit.heading'),
    columns: COLUMNS.map((name) => ({
      label: t(`audit.${name}`),
      ...((name === 'change' || name === 'reason') && { long: true as const }),
    })),
    rows: view.lines.map((line) => ({
      cells: [
        momentCell(line.at, reader),
        nameCell(line.actor, 'actor', actorName(line.actor, logins, t)),
        { text: deedText(line.action, t), title: line.action, href: listHref('/admin/audit', { action: line.action }) },
        nameCell(line.subject, 'subject', subjectText(line.subject, names, t)),
        { text: change(line, { ...reader, logins }) || '—' },
        { text: line.reason === null ? '—' : readReason(line.reason, t) },
        { text: line.approvedBy === null ? '—' : actorName(line.approvedBy, logins, t) },
      ],
    })),
    empty: t('audit.empty'),
    ...(view.hasMore && last && { olderHref: listHref('/admin/audit', { ...asked.query, before: last.id }) }),
    ...(asked.query['before'] !== undefined && { newestHref: listHref('/admin/audit', { ...asked.query, before: undefined }) }),
  }
}

/** Every deed in words, in their order; one that another version wrote is among them while it is asked for. */
function actionChoices(asked: string | undefined, t: Translate): { value: string; text: string }[] {
  const known = Object.keys(auditedRu)
    .flatMap((key) => (key.startsWith('audited.') ? [key.slice('audited.'.length)] : []))
    .map((value) => ({ value, text: deedText(value, t) }))
    .sort((one, other) => one.text.localeCompare(other.text))
  const other = asked && !known.some(({ value }) => value === asked) ? [{ value: asked, text: asked }] : []
  return [{ value: '', text: t('audit.any_action') }, ...other, ...known]
}

/** The kinds of things to choose from: those of which one is named, then what there is one of. */
const kindChoices = (t: Translate): { label: string; choices: { value: string; text: string }[] }[] => [
  { label: t('audit.one_thing'), choices: SUBJECT_KINDS.map((value) => ({ value, text: t(`audit.kind.${value}`) })) },
  { label: t('audit.whole_section'), choices: WHOLE_SUBJECTS.map((value) => ({ value, text: t(`subject.all.${value}`) })) },
]

/** What of a name leads back to the same thing alone: numbers of invoices, names and titles may be those of several. */
const NAMED_ALONE = ['member', 'staff', 'order']

/** What the form shows: what was sent with it, or what a link asked for. */
function subjectForm({ asked: { query }, typed, names }: AuditView): { kind: string; name: string } {
  const subject = query['subject']
  if (typed.name || !subject) return { kind: typed.kind ?? '', name: typed.name ?? '' }
  const [kind = '', id] = subject.split(':')
  if (id === undefined) return { kind, name: '' }
  if (!isSubjectKind(kind)) return { kind: '', name: subject }
  return { kind, name: (NAMED_ALONE.includes(kind) ? names.get(subject) : undefined) ?? id }
}

function auditChips({ asked: { query }, logins, names }: AuditView, t: Translate): Chip[] {
  const kind = query['kind'] ?? ''
  const about = isSubjectKind(kind) ? `${t(`audit.kind.${kind}`)} ` : ''
  return [
    ...chipsOf('/admin/audit', query, {
      actor: (value) => `${t('audit.actor')}: ${actorName(value, logins, t)}`,
      action: (value) => `${t('audit.action')}: ${deedText(value, t)}`,
      subject: (value) => `${t('audit.subject')}: ${subjectText(value, names, t)}`,
      from: (value) => `${t('audit.from')} ${value}`,
      to: (value) => `${t('audit.to')} ${value}`,
    }),
    ...chipsOf('/admin/audit', { ...query, kind: undefined }, { name: (value) => `${t('audit.subject')}: ${about}${value}` }),
  ]
}

/** What `views/backoffice/audit.ejs` prints. @param head the newest link of the chain */
export function presentLog(view: AuditView, head: string, reader: Reader): object {
  const { t } = reader
  const { query, isUnnamed } = view.asked
  const filters = { ...query, before: undefined }
  return {
    table: presentAudit(view, reader),
    filters,
    actions: actionChoices(query['action'], t),
    subject: { ...subjectForm(view), kinds: kindChoices(t), fault: isUnnamed ? t('audit.which') : null },
    chips: auditChips(view, t),
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
