import type { Organisation, OrganisationTotals, PaidLine, Total } from '../../autopay'
import { toDecimal } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import { listHref } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Table } from '../table'
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
  const roubles = (minor: bigint): string => formatMoney({ minor, unit: 'RUB' }, language)
  const total = ({ count, amount }: Total): string =>
    count === 0 ? '—' : t('autopay.count_sum', { count: String(count), amount: roubles(amount) })
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
            { text: perMonth === null ? t('autopay.report.no_budget') : roubles(perMonth) },
            { text: shareText(one.paid.amount, perMonth) },
            { text: total(one.waiting) },
            { text: total(one.refused) },
          ],
        },
      ]
    }),
    empty: t('admin.none'),
  }
}

/** In whole per cent, rounded down. */
const shareText = (spent: bigint, budget: bigint | null): string =>
  budget === null || budget === 0n ? '—' : `${String((spent * 100n) / budget)} %`

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
        { text: numberText({ number: line.number, id: line.invoiceId }) },
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

export const REPORT_HEADER = ['outcome', 'at', 'organisation', 'invoice', 'number', 'description', 'amount', 'currency', 'rule', 'payment']

/** One row of the export: times in UTC, amounts as decimals. */
export const paidCells = (line: PaidLine, names: ReadonlyMap<string, string>): string[] => [
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
]
