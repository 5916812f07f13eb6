import type { Organisation, OrganisationTotals, PaidLine, Total, UnpaidLine } from '../../autopay'
import { toDecimal } from '../../shared/money'
import type { Translate } from '../../shared/texts'
import { formatMoney, formatShare } from '../../shared/texts/format'
import { readTold } from '../../shared/told'
import { listHref } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { numberCell } from '../table'
import type { Cell, Table } from '../table'
import { INVOICES, REPORT } from './desk'
import { numberText } from './present-queue'

export interface ReportView {
  /** `2026-11`. */
  readonly month: string
  readonly organisation: string | undefined
  readonly organisations: readonly Organisation[]
  readonly totals: readonly OrganisationTotals[]
  readonly paid: readonly PaidLine[]
  readonly hasMore: boolean
  readonly before: string | undefined
  readonly mayExport: boolean
}

export interface ReportPage {
  readonly month: string
  readonly organisation: string
  readonly organisations: readonly { readonly value: string; readonly text: string }[]
  readonly totals: Table
  readonly paid: Table
  readonly exportHref: string | null
}

export function presentReport(view: ReportView, reader: Reader): ReportPage {
  const { month, organisation, organisations } = view
  return {
    month,
    organisation: organisation ?? '',
    organisations: [
      { value: '', text: reader.t('autopay.queue.all_organisations') },
      ...organisations.map(({ id, name }) => ({ value: id, text: name })),
    ],
    totals: totalsTable(view, reader),
    paid: paidTable(view, reader),
    exportHref: view.mayExport ? listHref(`${REPORT}.csv`, { month, organisation }) : null,
  }
}

const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' })

/** What each organisation has spent against its budget. */
function totalsTable({ organisations, totals }: ReportView, reader: Reader): Table {
  const { t, language } = reader
  const total = ({ count, amount }: Total): string =>
    count === 0 ? '—' : t('autopay.count_sum', { count: String(count), amount: formatMoney({ minor: amount, unit: 'RUB' }, language) })
  return {
    caption: t('autopay.report.heading'),
    columns: [
      { label: t('autopay.queue.organisation') },
      right(t('autopay.report.spent')),
      right(t('autopay.report.budget')),
      right(t('autopay.report.share')),
      right(t('autopay.report.waiting')),
      right(t('autopay.report.refused')),
    ],
    rows: totals.flatMap((one) => {
      const organisation = organisations.find(({ id }) => id === one.organisationId)
      if (!organisation) return []
      const { perMonth } = organisation
      return [
        {
          cells: [
            { text: organisation.name },
            { text: total(one.paid) },
            ...budgetCells(one, perMonth, reader),
            { text: total(one.waiting) },
            { text: total(one.refused) },
          ],
        },
      ]
    }),
    empty: t('admin.none'),
  }
}

/** The month's budget, how much of it is spent, and how much of that is not answered yet. */
export const budgetCells = (
  { paid, counted }: Pick<OrganisationTotals, 'paid' | 'counted'>,
  budget: bigint | null,
  { t, language }: Reader,
): Cell[] => {
  if (budget === null) return [{ text: t('autopay.report.no_budget') }, { text: '—' }]
  const underWay = counted - paid.amount
  const share = budget === 0n ? '—' : formatShare(counted, budget, language)
  const amount = formatMoney({ minor: underWay, unit: 'RUB' }, language)
  return [
    { text: formatMoney({ minor: budget, unit: 'RUB' }, language) },
    { text: underWay > 0n ? t('autopay.report.share_under_way', { share, amount }) : share },
  ]
}

function paidTable({ paid, hasMore, before, month, organisation, organisations }: ReportView, reader: Reader): Table {
  const { t, language } = reader
  const names = new Map(organisations.map(({ id, name }) => [id, name]))
  const last = paid.at(-1)
  return {
    caption: t('autopay.report.paid'),
    columns: [
      { label: t('autopay.queue.number') },
      { label: t('autopay.report.paid_at') },
      { label: t('autopay.queue.organisation') },
      { label: t('autopay.report.rule') },
      right(t('autopay.queue.amount')),
    ],
    rows: paid.map((line) => ({
      href: `${INVOICES}/${line.invoiceId}`,
      cells: [
        numberCell(numberText({ number: line.number, id: line.invoiceId })),
        momentCell(line.paidAt, reader),
        { text: names.get(line.organisationId) ?? '—' },
        { text: line.ruleName },
        { text: formatMoney(line.amount, language) },
      ],
    })),
    empty: t('autopay.report.empty'),
    ...(hasMore && last && { olderHref: listHref(REPORT, { month, organisation, before: last.id }) }),
    ...(before !== undefined && { newestHref: listHref(REPORT, { month, organisation }) }),
  }
}

export const REPORT_HEADER = [
  'outcome',
  'at',
  'organisation',
  'invoice',
  'number',
  'description',
  'amount',
  'currency',
  'rule',
  'payment',
  'month_spent',
  'month_budget',
]

/** What an organisation has spent in the month of the file, and its budget for it: empty where it has none. */
export function budgetColumns(
  organisationId: string,
  organisations: readonly Organisation[],
  totals: readonly OrganisationTotals[],
): [string, string] {
  const spent = totals.find((one) => one.organisationId === organisationId)?.counted
  const budget = organisations.find(({ id }) => id === organisationId)?.perMonth ?? null
  return [spent === undefined ? '' : toDecimal(spent), budget === null ? '' : toDecimal(budget)]
}

/** What the rows of a file are written with. */
export interface ReportFile {
  readonly names: ReadonlyMap<string, string>
  /** The two columns of an organisation's budget. */
  readonly budgetOf: (organisationId: string) => [string, string]
  readonly t: Translate
}

/** One row of the export: times in UTC, amounts as decimals. */
export const paidCells = (line: PaidLine, { names, budgetOf }: ReportFile): string[] => [
  'paid',
  line.paidAt.toISOString(),
  names.get(line.organisationId) ?? line.organisationId,
  line.invoiceId,
  line.number,
  line.description,
  toDecimal(line.amount.minor),
  line.amount.unit,
  line.ruleName,
  line.paymentId,
  ...budgetOf(line.organisationId),
]

export const unpaidCells = ({ invoice, outcome }: UnpaidLine, { names, budgetOf, t }: ReportFile): string[] => [
  outcome,
  invoice.queuedAt.toISOString(),
  names.get(invoice.organisationId) ?? invoice.organisationId,
  invoice.id,
  invoice.number,
  invoice.problem === null ? invoice.description : readTold(invoice.problem, t),
  invoice.amount === null ? '' : toDecimal(invoice.amount.minor),
  invoice.amount?.unit ?? '',
  '',
  '',
  ...budgetOf(invoice.organisationId),
]
