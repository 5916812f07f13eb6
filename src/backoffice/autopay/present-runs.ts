import { isInterrupted, OUTCOMES, tellingLine, whyText } from '../../autopay'
import type { ListedItem, Organisation, OrganisationTotals, Outcome, Run, RunItem, RunSum, WhyReader } from '../../autopay'
import { toDecimal } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import { actorName } from '../actor-name'
import { listHref } from '../filters'
import { momentCell, momentRow, momentText } from '../reader'
import type { Reader, Row } from '../reader'
import { numberCell } from '../table'
import type { Mark, Table } from '../table'
import { INVOICES, RUNS } from './desk'
import { amountText, numberText } from './present-queue'
import { budgetCells, budgetColumns } from './present-report'
import { whyCell } from './why-cell'
import { readTold } from '../../shared/told'

const MARKS = { running: 'wait', done: 'good', failed: 'bad' } as const satisfies Record<Run['state'], Mark>

export interface RunsView {
  readonly runs: readonly Run[]
  readonly hasMore: boolean
  readonly before: string | undefined
  readonly organisations: readonly Organisation[]
  /** What these runs came to. */
  readonly sums: readonly RunSum[]
  readonly seesAll: boolean
  readonly logins: ReadonlyMap<string, string>
  readonly now: Date
}

/** The runs, newest first. */
export function presentRuns({ runs, hasMore, before, organisations, sums, logins, ...seen }: RunsView, reader: Reader): Table {
  const { t } = reader
  const last = runs.at(-1)
  return {
    caption: t('autopay.runs.heading'),
    columns: [
      { label: t('autopay.runs.started') },
      { label: t('autopay.queue.organisation') },
      { label: t('autopay.runs.by') },
      { label: t('autopay.outcome.paid'), align: 'right' },
      { label: t('autopay.runs.state') },
      { label: t('autopay.runs.progress') },
    ],
    rows: runs.map((run) => ({
      href: `${RUNS}/${run.id}`,
      cells: [
        momentCell(run.startedAt, reader),
        { text: scopeText(run, organisations, reader) },
        { text: actorName(run.startedBy, logins, t) },
        {
          text: sumText(
            sums.filter(({ runId }) => runId === run.id),
            'paid',
            reader,
          ),
        },
        stateOf(run, seen, reader),
        { text: progressText(run, seen, reader) },
      ],
    })),
    empty: t('autopay.runs.empty'),
    ...(hasMore && last && { olderHref: listHref(RUNS, { before: last.id }) }),
    ...(before !== undefined && { newestHref: RUNS }),
  }
}

/** One that ended before it had tried everything did not simply end: automatic payment was stopped meanwhile, or what was to be paid is not any more. */
const endedEarly = ({ state, done, total }: Run): boolean => state === 'done' && done < total

/** How many invoices a run for everything has read and tried is told to whoever may know of every organisation: others would learn how many those have that are not theirs. */
const tellsFigures = ({ scope }: Run, seesAll: boolean): boolean => seesAll || scope.organisationId !== undefined

/** By whom a run is seen, and when. */
type Seen = Pick<RunsView, 'seesAll' | 'now'>

function stateOf(run: Run, { seesAll, now }: Seen, { t }: Pick<Reader, 't'>): { text: string; mark: Mark } {
  if (isInterrupted(run, now)) return { text: t('autopay.run.state.interrupted'), mark: 'bad' }
  if (endedEarly(run) && tellsFigures(run, seesAll)) return { text: t('autopay.run.state.early'), mark: 'bad' }
  return { text: t(`autopay.run.state.${run.state}`), mark: MARKS[run.state] }
}

const scopeText = ({ scope }: Run, organisations: readonly Organisation[], { t }: Pick<Reader, 't'>): string =>
  organisations.find(({ id }) => id === scope.organisationId)?.name ?? t('autopay.run.scope_all')

function sumText(sums: readonly RunSum[], outcome: Outcome, { t, language }: Reader): string {
  const some = sums.filter((sum) => sum.outcome === outcome)
  const [count, minor] = some.reduce<[number, bigint]>(([number, sum], one) => [number + one.count, sum + one.amount], [0, 0n])
  return count === 0 ? '—' : t('autopay.count_sum', { count: String(count), amount: formatMoney({ minor, unit: 'RUB' }, language) })
}

/** How far a run has come, in words. */
function progressText(run: Run, { seesAll, now }: Seen, { t }: Pick<Reader, 't'>): string {
  const { step, listed, total, done } = run
  const goesOn = run.state === 'running' && !isInterrupted(run, now)
  if (!tellsFigures(run, seesAll)) return goesOn ? t(`autopay.run.only.${step}`) : '—'
  const values = { listed: String(listed), done: String(done), total: String(total) }
  if (!goesOn) return total > 0 ? t('autopay.run.tried', values) : t('autopay.run.read', { listed: values.listed })
  switch (step) {
    case 'reading':
      return t('autopay.run.step.reading', { listed: values.listed })
    case 'deciding':
      return t('autopay.run.step.deciding', { listed: values.listed })
    case 'paying':
      return t('autopay.run.step.paying', { done: values.done, total: values.total })
    case 'telling':
      return total > 0
        ? t('autopay.run.step.paying', { done: values.done, total: values.total })
        : t('autopay.run.step.deciding', { listed: values.listed })
  }
}

export interface RunView {
  readonly run: Run
  readonly seesAll: boolean
  readonly sums: readonly RunSum[]
  /** What its organisations have spent in the month in which it began. */
  readonly totals: readonly OrganisationTotals[]
  readonly items: readonly ListedItem[]
  readonly hasMore: boolean
  readonly outcome: Outcome | undefined
  readonly after: number | undefined
  readonly mayExport: boolean
  readonly organisations: readonly Organisation[]
  readonly logins: ReadonlyMap<string, string>
  readonly now: Date
}

export interface RunPage {
  readonly heading: string
  /** UTC of the moment that the heading tells. */
  readonly startedAt: string
  readonly state: { readonly text: string; readonly mark: Mark }
  readonly isRunning: boolean
  /** Of so many invoices to be paid so many are tried. The key changes with every step, so that the page is shown anew. */
  readonly progress: { readonly text: string; readonly key: string; readonly done: number; readonly total: number }
  readonly problem: string | null
  readonly rows: readonly Row[]
  readonly sums: readonly { readonly href: string; readonly text: string; readonly current: boolean }[]
  readonly budgets: Table
  readonly exportHref: string | null
  readonly table: Table
}

export function presentRun(view: RunView, reader: Reader): RunPage {
  const { run, seesAll, organisations, logins, now } = view
  const { t } = reader
  const isBroken = isInterrupted(run, now)
  const figures = tellsFigures(run, seesAll) ? run : { listed: 0, done: 0, total: 0 }
  const path = `${RUNS}/${run.id}`
  return {
    heading: t('autopay.run.heading', { at: momentText(run.startedAt, reader) }),
    startedAt: run.startedAt.toISOString(),
    state: stateOf(run, view, reader),
    isRunning: run.state === 'running',
    progress: {
      text: tellsFigures(run, seesAll) || (run.state === 'running' && !isBroken) ? progressText(run, view, reader) : '',
      key: `${isBroken ? 'interrupted' : run.step}-${figures.listed}-${figures.done}-${figures.total}`,
      done: figures.done,
      total: figures.total,
    },
    problem: problemText(run, isBroken, reader),
    rows: [
      { label: t('autopay.runs.by'), value: actorName(run.startedBy, logins, t) },
      { label: t('autopay.queue.organisation'), value: scopeText(run, organisations, reader) },
      ...(run.scope.invoiceId === undefined ? [] : [{ label: t('autopay.invoice.id'), value: run.scope.invoiceId }]),
      ...(run.scope.merchantOrder === undefined ? [] : [{ label: t('autopay.invoice.order'), value: run.scope.merchantOrder }]),
      ...(run.endedAt === null ? [] : [momentRow(t('autopay.run.ended'), run.endedAt, reader)]),
    ],
    sums: outcomeLinks(view, path, reader),
    budgets: budgetTable(view, reader),
    exportHref: view.mayExport && run.state !== 'running' ? `${path}/invoices.csv` : null,
    table: itemsTable(view, path, reader),
  }
}

/** Why it did not come to its end, or what becomes of it. */
function problemText({ problem }: Run, isBroken: boolean, { t }: Reader): string | null {
  if (isBroken) return t('autopay.run.interrupted')
  return problem === null ? null : t('autopay.run.problem', { problem: readTold(problem, t) })
}

function outcomeLinks({ sums, outcome }: RunView, path: string, reader: Reader): RunPage['sums'] {
  const { t } = reader
  const links = OUTCOMES.filter((name) => sums.some((sum) => sum.outcome === name)).map((name) => ({
    href: listHref(path, { outcome: name }),
    text: `${t(`autopay.outcome.${name}`)}: ${sumText(sums, name, reader)}`,
    current: name === outcome,
  }))
  return links.length === 0 ? [] : [{ href: path, text: t('autopay.run.all'), current: outcome === undefined }, ...links]
}

/** What each organisation has paid by this run, and what its month has spent of the budget with it. */
function budgetTable({ sums, totals, organisations }: RunView, reader: Reader): Table {
  const { t, language } = reader
  return {
    caption: t('autopay.report.budget'),
    columns: [
      { label: t('autopay.queue.organisation') },
      { label: t('autopay.run.paid'), align: 'right' },
      { label: t('autopay.report.spent_month'), align: 'right' },
      { label: t('autopay.report.budget'), align: 'right' },
      { label: t('autopay.report.share'), align: 'right' },
    ],
    rows: totals.flatMap((one) => {
      const { organisationId } = one
      const organisation = organisations.find(({ id }) => id === organisationId)
      if (!organisation) return []
      const own = sums.filter((sum) => sum.organisationId === organisationId)
      const spent = formatMoney({ minor: one.counted, unit: 'RUB' }, language)
      const cells = [{ text: organisation.name }, { text: sumText(own, 'paid', reader) }, { text: spent }]
      return [{ cells: [...cells, ...budgetCells(one, organisation.perMonth, reader)] }]
    }),
    empty: t('autopay.run.empty'),
  }
}

const OUTCOME_MARKS: Readonly<Record<Outcome, Mark>> = { paid: 'good', waiting: 'wait', refused: 'bad' }

function itemsTable({ run, items, hasMore, outcome, after }: RunView, path: string, reader: Reader): Table {
  const { t } = reader
  const last = items.at(-1)
  return {
    caption: t('autopay.run.invoices'),
    columns: [
      { label: t('autopay.queue.number') },
      { label: t('autopay.queue.amount'), align: 'right' },
      { label: t('autopay.queue.state') },
      { label: t('autopay.plan.why'), long: true },
    ],
    rows: items.map((item) => ({
      href: `${INVOICES}/${item.invoiceId}`,
      cells: [
        numberCell(numberText({ number: item.number, id: item.invoiceId })),
        { text: amountText(item.amount, reader) },
        { text: t(`autopay.outcome.${item.outcome}`), mark: OUTCOME_MARKS[item.outcome] },
        whyCell(tellingLine(item.why), reader),
      ],
    })),
    empty: t(run.state === 'failed' ? 'autopay.run.empty_failed' : 'autopay.run.empty'),
    isForward: true,
    ...(hasMore && last && { olderHref: listHref(path, { outcome, after: String(last.position) }) }),
    ...(after !== undefined && { newestHref: listHref(path, { outcome }) }),
  }
}

/** The line that decided; all of them stand on the invoice's page. */
function lastWhy({ why }: Pick<RunItem, 'why'>, reader: WhyReader): string {
  const line = tellingLine(why)
  return line ? whyText(line, reader) : '—'
}

export const RUN_HEADER = [
  'outcome',
  'decision',
  'organisation',
  'invoice',
  'number',
  'amount',
  'currency',
  'why',
  'month_spent',
  'month_budget',
]

export interface RunFile {
  readonly organisations: readonly Organisation[]
  readonly totals: readonly OrganisationTotals[]
}

/** One row of the export: amounts as decimals, the reason in the reader's language. */
export const itemCells = (item: ListedItem, { organisations, totals }: RunFile, reader: WhyReader): string[] => [
  item.outcome,
  item.decision,
  organisations.find(({ id }) => id === item.organisationId)?.name ?? item.organisationId,
  item.invoiceId,
  item.number,
  item.amount === null ? '' : toDecimal(item.amount.minor),
  item.amount?.unit ?? '',
  lastWhy(item, reader),
  ...budgetColumns(item.organisationId, organisations, totals),
]
