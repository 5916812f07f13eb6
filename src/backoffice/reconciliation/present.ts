import { DIFFERENCE_KINDS, REVERSIBLE } from '../../reconciliation'
import type { DifferenceKind, NotedDifference, Run, Statement } from '../../reconciliation'
import type { StaffActor } from '../../shared/actor'
import { csvMoment } from '../../shared/csv'
import { may } from '../../shared/permissions'
import type { Translate } from '../../shared/texts'
import { formatMoment } from '../../shared/texts/format'
import { actorName } from '../actor-name'
import { factText } from '../facts'
import { chipsOf, listHref } from '../filters'
import type { Chip } from '../filters'
import { momentCell, momentText, periodTold, timeHead, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import type { Cell, Mark, Table } from '../table'
import { differenceTold } from './difference-text'
import { readTold } from '../../shared/told'

export const RECONCILIATION_PATH = '/admin/reconciliation'
export const STATEMENT_PATH = `${RECONCILIATION_PATH}/statement`

export interface DifferenceQuery {
  readonly kind?: DifferenceKind | undefined
  readonly which?: 'all' | undefined
  /** Those alone that this statement has shown last. */
  readonly statement?: string | undefined
}

export interface ReconciliationView {
  readonly differences: readonly NotedDifference[]
  readonly hasMore: boolean
  readonly query: DifferenceQuery
  readonly before: string | undefined
  readonly runs: readonly Run[]
  readonly statements: readonly Statement[]
  /** Payments of these differences that are reversed by now. */
  readonly reversed: ReadonlySet<string>
  /** Invoices of these differences that are known as an organisation's. */
  readonly invoices: ReadonlySet<string>
  readonly logins: ReadonlyMap<string, string>
  /** The reader may not know of everything that was compared, so they see no totals of it either. */
  readonly hidesTotals: boolean
}

/** One difference with what can be done about it. */
export interface DifferenceItem {
  readonly id: string
  readonly kind: string
  readonly text: string
  /** UTC of the moment that the sentence tells. */
  readonly title?: string | undefined
  readonly paymentHref: string | null
  readonly seen: string
  /** UTC, shown when the pointer rests on the times. */
  readonly utc: string
  readonly state: Sentence & { readonly mark: Mark }
  readonly remark: string | null
  readonly note: string | null
  /** How to find out what is behind it, where the page itself cannot settle it, and where to look. */
  readonly advice: { readonly text: string; readonly href: string | null } | null
  readonly mayRemark: boolean
  readonly mayAccept: boolean
  /** What the button says that gives the points back; null where it is not offered. */
  readonly giveBack: string | null
}

/** What `views/backoffice/reconciliation.ejs` prints. */
export interface ReconciliationPage {
  readonly running: string | null
  readonly mayRun: boolean
  readonly items: readonly DifferenceItem[]
  readonly empty: string
  readonly kinds: readonly { readonly value: string; readonly text: string }[]
  readonly filters: { readonly kind: string; readonly which: string; readonly statement: string }
  readonly chips: readonly Chip[]
  readonly exportHref: string | null
  readonly olderHref: string | null
  readonly newestHref: string | null
  /** The newest of the unknown invoices on this page: as far as the reader has looked. */
  readonly bulkUpTo: string | null
  readonly runs: Table
  readonly statements: Table
}

export const kindName = (kind: DifferenceKind, t: Translate): string => t(`difference.kind.${kind}`)

function emptyText({
  which,
  statement,
}: DifferenceQuery): 'reconciliation.empty' | 'reconciliation.empty_all' | 'reconciliation.no_statement_differences' {
  if (which === 'all') return 'reconciliation.empty_all'
  return statement === undefined ? 'reconciliation.empty' : 'reconciliation.no_statement_differences'
}

export function presentReconciliation(view: ReconciliationView, staff: StaffActor, reader: Reader): ReconciliationPage {
  const { t } = reader
  const { query, differences, runs } = view
  const running = runs.find(({ state }) => state === 'running')
  const href = (more: Readonly<Record<string, string | undefined>> = {}): string => listHref(RECONCILIATION_PATH, { ...query, ...more })
  return {
    running: running ? runningText(running, view, t) : null,
    mayRun: may(staff, 'reconciliation.run'),
    items: differences.map((difference) => itemOf(difference, view, staff, reader)),
    empty: t(emptyText(query)),
    kinds: [
      { value: '', text: t('reconciliation.any_kind') },
      ...DIFFERENCE_KINDS.map((kind) => ({ value: kind, text: kindName(kind, t) })),
    ],
    filters: { kind: query.kind ?? '', which: query.which ?? '', statement: query.statement ?? '' },
    chips: chipsOf(
      RECONCILIATION_PATH,
      { ...query },
      {
        statement: (id) => t('reconciliation.chip.statement', { name: view.statements.find((one) => one.id === id)?.name ?? id }),
        kind: () => t('reconciliation.chip.kind', { value: query.kind ? kindName(query.kind, t) : '' }),
        which: () => t('reconciliation.chip.all'),
      },
    ),
    exportHref: may(staff, 'lists.export') ? listHref(`${RECONCILIATION_PATH}.csv`, { ...query }) : null,
    olderHref: view.hasMore ? href({ before: differences.at(-1)?.id }) : null,
    newestHref: view.before === undefined ? null : href(),
    bulkUpTo: bulkUpTo(view, staff),
    runs: runsTable(view, reader),
    statements: statementsTable(view, reader),
  }
}

function bulkUpTo({ differences, query }: ReconciliationView, staff: StaffActor): string | null {
  if (query.kind !== 'paid_there_unknown_here' || !may(staff, 'reconciliation.resolve')) return null
  return differences.find(({ resolvedAt }) => resolvedAt === null)?.id ?? null
}

function itemOf(difference: NotedDifference, view: ReconciliationView, staff: StaffActor, reader: Reader): DifferenceItem {
  const { t, language, zone } = reader
  const { id, kind, paymentId, resolvedAt, firstSeen, lastSeen } = difference
  const isOpen = resolvedAt === null
  const isReversed = paymentId !== null && view.reversed.has(paymentId)
  const mayResolve = isOpen && may(staff, 'reconciliation.resolve')
  const at = (moment: Date): string => formatMoment(moment, language, zone)
  return {
    id,
    kind: kindName(kind, t),
    ...differenceTold(difference, reader),
    paymentHref: paymentId === null ? null : `/admin/payments/${paymentId}`,
    seen: t('reconciliation.seen', { first: at(firstSeen), last: at(lastSeen) }),
    utc: `${firstSeen.toISOString()} – ${lastSeen.toISOString()}`,
    state: stateOf(difference, view.logins, reader),
    remark: difference.remark,
    advice: adviceOf(difference, view, t),
    note: isOpen && isReversed ? t('reconciliation.reversed') : null,
    mayRemark: isOpen && may(staff, 'reconciliation.remark'),
    mayAccept: mayResolve,
    giveBack:
      mayResolve && !isReversed && REVERSIBLE.includes(kind) && difference.facts.points !== undefined
        ? t('reconciliation.give_back', { points: factText(difference.facts.points, reader) })
        : null,
  }
}

/** Whether an unknown payment was ours only Invoicebox can tell; here the invoice may be known as an organisation's. */
function adviceOf(
  { kind, invoiceId, resolvedAt }: NotedDifference,
  { invoices }: ReconciliationView,
  t: Translate,
): DifferenceItem['advice'] {
  if (kind !== 'paid_there_unknown_here' || resolvedAt !== null || invoiceId === null) return null
  return { text: t('reconciliation.unknown.hint'), href: invoices.has(invoiceId) ? `/admin/autopay/invoices/${invoiceId}` : null }
}

function stateOf(
  { resolution, resolvedAt, resolvedBy }: NotedDifference,
  logins: ReadonlyMap<string, string>,
  reader: Reader,
): DifferenceItem['state'] {
  const { t } = reader
  if (resolution === null || resolvedAt === null) return { text: t('reconciliation.is_open'), mark: 'bad' }
  const who = resolvedBy === null ? '' : `, ${actorName(resolvedBy, logins, t)}`
  const text = `${t(`reconciliation.end.${resolution}`)}${who}, ${momentText(resolvedAt, reader)}`
  return { ...toldAt(text, resolvedAt), mark: 'good' }
}

const runningText = ({ pages, checked, differences }: Run, { hidesTotals }: ReconciliationView, t: Translate): string =>
  hidesTotals
    ? t('reconciliation.running_only')
    : t('reconciliation.running', { pages: String(pages), checked: String(checked), differences: String(differences) })

/** A number of everything, for whoever may know of everything. */
const total = (count: number, { hidesTotals }: ReconciliationView): string => (hidesTotals ? '—' : String(count))

const RUN_MARKS = { running: 'wait', done: 'good', failed: 'bad' } as const satisfies Record<Run['state'], Mark>

function runsTable(view: ReconciliationView, reader: Reader): Table {
  const { runs, logins } = view
  const { t } = reader
  const state = ({ state: now, problem }: Run): Cell => ({
    text:
      now === 'failed'
        ? t('reconciliation.state.failed', { problem: problem === null ? '—' : readTold(problem, t) })
        : t(`reconciliation.state.${now}`),
    mark: RUN_MARKS[now],
  })
  return {
    caption: t('reconciliation.runs'),
    columns: [
      { label: t('reconciliation.started') },
      { label: t('reconciliation.ended') },
      { label: t('reconciliation.by') },
      { label: t('reconciliation.checked'), align: 'right' },
      { label: t('reconciliation.found'), align: 'right' },
      { label: t('reconciliation.state') },
    ],
    rows: runs.map((run) => ({
      cells: [
        momentCell(run.startedAt, reader),
        run.endedAt ? momentCell(run.endedAt, reader) : { text: '—' },
        { text: actorName(run.startedBy, logins, t) },
        { text: total(run.checked, view) },
        { text: total(run.differences, view) },
        state(run),
      ],
    })),
    empty: t('reconciliation.no_runs'),
  }
}

/** One that stands in its own place was compared by nobody yet who may settle differences. */
const wordOf = ({ id, replacedBy }: Statement) =>
  replacedBy === id ? 'reconciliation.statement_does_not_count' : 'reconciliation.statement_replaced'

function statementsTable(view: ReconciliationView, reader: Reader): Table {
  const { t } = reader
  return {
    caption: t('reconciliation.statements'),
    columns: [
      { label: t('reconciliation.statement_name') },
      { label: t('reconciliation.statement_period') },
      { label: t('reconciliation.statement_lines'), align: 'right' },
      { label: t('reconciliation.imported') },
    ],
    rows: view.statements.map((statement) => ({
      cells: [
        statement.replacedBy === null
          ? { text: statement.name, href: listHref(RECONCILIATION_PATH, { statement: statement.id }), title: statement.id }
          : { text: `${statement.name} (${t(wordOf(statement))})`, title: statement.id },
        periodTold(statement, reader),
        { text: total(statement.lineCount, view) },
        momentCell(statement.importedAt, reader),
      ],
    })),
    empty: t('reconciliation.no_statements'),
  }
}

export const differenceHeader = (reader: Reader): string[] => [
  reader.t('reconciliation.kind'),
  reader.t('reconciliation.text'),
  reader.t('payment.invoice_id'),
  reader.t('payment.id'),
  timeHead(reader.t('reconciliation.first_seen'), reader),
  timeHead(reader.t('reconciliation.last_seen'), reader),
  reader.t('reconciliation.state'),
  reader.t('reconciliation.remark'),
]

export const differenceCells = (difference: NotedDifference, logins: ReadonlyMap<string, string>, reader: Reader): string[] => [
  kindName(difference.kind, reader.t),
  differenceTold(difference, reader).text,
  difference.invoiceId ?? '',
  difference.paymentId ?? '',
  csvMoment(difference.firstSeen, reader.zone),
  csvMoment(difference.lastSeen, reader.zone),
  stateOf(difference, logins, reader).text,
  difference.remark ?? '',
]
