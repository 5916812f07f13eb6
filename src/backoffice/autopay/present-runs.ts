import { whyText } from '../../autopay'
import type { ListedItem, Organisation, Outcome, OutcomeSum, Run, RunItem } from '../../autopay'
import { formatMoney } from '../../shared/texts/format'
import { actorName } from '../actor-name'
import { listHref } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Mark, Table } from '../table'
import { INVOICES, RUNS } from './desk'
import { amountText, numberText } from './present-queue'
import { readTold } from '../../shared/told'

const MARKS = { running: 'wait', done: 'good', failed: 'bad' } as const satisfies Record<Run['state'], Mark>

export interface RunsView {
  readonly runs: readonly Run[]
  readonly hasMore: boolean
  readonly before: string | undefined
  readonly organisations: readonly Organisation[]
  readonly logins: ReadonlyMap<string, string>
}

/** The runs, newest first. */
export function presentRuns({ runs, hasMore, before, logins }: RunsView, reader: Reader): Table {
  const { t } = reader
  const last = runs.at(-1)
  return {
    caption: t('autopay.runs.heading'),
    columns: [
      { label: t('autopay.runs.started') },
      { label: t('autopay.runs.by') },
      { label: t('autopay.runs.state') },
      { label: t('autopay.runs.progress') },
    ],
    rows: runs.map((run) => ({
      href: `${RUNS}/${run.id}`,
      cells: [
        momentCell(run.startedAt, reader),
        { text: actorName(run.startedBy, logins, t) },
        { text: t(`autopay.run.state.${run.state}`), mark: MARKS[run.state] },
        { text: progressText(run, reader) },
      ],
    })),
    empty: t('autopay.runs.empty'),
    ...(hasMore && last && { olderHref: listHref(RUNS, { before: last.id }) }),
    ...(before !== undefined && { newestHref: RUNS }),
  }
}

/** How far a run has come, in words. */
export function progressText({ state, step, listed, total, done }: Run, { t }: Pick<Reader, 't'>): string {
  const values = { listed: String(listed), done: String(done), total: String(total) }
  if (state !== 'running') return total > 0 ? t('autopay.run.tried', values) : t('autopay.run.read', { listed: values.listed })
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
  readonly sums: readonly OutcomeSum[]
  readonly items: readonly ListedItem[]
  readonly hasMore: boolean
  readonly outcome: Outcome | undefined
  readonly organisations: readonly Organisation[]
  readonly logins: ReadonlyMap<string, string>
}

export interface RunPage {
  readonly heading: string
  readonly state: { readonly text: string; readonly mark: Mark }
  readonly isRunning: boolean
  /** Of so many invoices to be paid so many are tried. */
  readonly progress: { readonly text: string; readonly done: number; readonly total: number }
  readonly problem: string | null
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  readonly sums: readonly { readonly href: string; readonly text: string; readonly current: boolean }[]
  readonly table: Table
}

export function presentRun(view: RunView, reader: Reader): RunPage {
  const { run, sums, outcome, organisations, logins } = view
  const { t, language } = reader
  const at = momentCell(run.startedAt, reader).text
  const whose = organisations.find(({ id }) => id === run.scope.organisationId)?.name ?? t('autopay.run.scope_all')
  const path = `${RUNS}/${run.id}`
  return {
    heading: t('autopay.run.heading', { at }),
    state: { text: t(`autopay.run.state.${run.state}`), mark: MARKS[run.state] },
    isRunning: run.state === 'running',
    progress: { text: progressText(run, reader), done: run.done, total: run.total },
    problem: run.problem === null ? null : t('autopay.run.problem', { problem: readTold(run.problem, t) }),
    rows: [
      { label: t('autopay.runs.by'), value: actorName(run.startedBy, logins, t) },
      { label: t('autopay.queue.organisation'), value: whose },
      ...(run.scope.invoiceId === undefined ? [] : [{ label: t('autopay.invoice.id'), value: run.scope.invoiceId }]),
      ...(run.scope.merchantOrder === undefined ? [] : [{ label: t('autopay.invoice.order'), value: run.scope.merchantOrder }]),
      ...(run.endedAt === null ? [] : [{ label: t('autopay.run.ended'), value: momentCell(run.endedAt, reader).text }]),
    ],
    sums: sums.map(({ outcome: name, count, amount }) => ({
      href: listHref(path, { outcome: name }),
      text: `${t(`autopay.outcome.${name}`)}: ${t('autopay.count_sum', { count: String(count), amount: formatMoney({ minor: amount, unit: 'RUB' }, language) })}`,
      current: name === outcome,
    })),
    table: itemsTable(view, path, reader),
  }
}

const OUTCOME_MARKS: Readonly<Record<Outcome, Mark>> = { paid: 'good', waiting: 'wait', refused: 'bad' }

function itemsTable({ items, hasMore, outcome }: RunView, path: string, reader: Reader): Table {
  const { t } = reader
  const last = items.at(-1)
  return {
    caption: t('autopay.nav.runs'),
    columns: [
      { label: t('autopay.queue.number') },
      { label: t('autopay.queue.amount'), align: 'right' },
      { label: t('autopay.queue.state') },
      { label: t('autopay.plan.why'), long: true },
    ],
    rows: items.map((item) => ({
      href: `${INVOICES}/${item.invoiceId}`,
      cells: [
        { text: numberText({ number: item.number, id: item.invoiceId }) },
        { text: amountText(item.amount, reader) },
        { text: t(`autopay.outcome.${item.outcome}`), mark: OUTCOME_MARKS[item.outcome] },
        { text: lastWhy(item, reader) },
      ],
    })),
    empty: t('autopay.run.empty'),
    ...(hasMore && last && { olderHref: listHref(path, { outcome, after: String(last.position) }) }),
  }
}

/** The line that decided; all of them stand on the invoice's page. */
function lastWhy({ why }: Pick<RunItem, 'why'>, reader: Reader): string {
  const line = why.find(({ passed }) => !passed) ?? why.at(-1)
  return line ? whyText(line, reader) : '—'
}
