import { memberOf, PAYMENT_STATES } from '../../payments'
import type { Payment, PaymentState } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { csvMoment } from '../../shared/csv'
import { toDecimal } from '../../shared/money'
import { may } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'
import { listHref } from '../filters'
import type { Chip } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Mark, Table } from '../table'
import { paymentChips, PAYMENTS_PATH, queryOf } from './payment-filters'
import type { PaymentQuery } from './payment-filters'
import type { SavedView } from './view-store'

export const STATE_MARKS: Readonly<Record<PaymentState, Mark>> = {
  confirming: 'wait',
  review: 'bad',
  captured: 'good',
  voided: 'off',
  reversed: 'off',
}

/** A state that a later version has brought keeps its own name. */
export const stateName = (state: PaymentState, t: Translate): string =>
  PAYMENT_STATES.includes(state) ? t(`payment.state.${state}`) : state

export interface PaymentsView {
  readonly payments: readonly Payment[]
  readonly hasMore: boolean
  readonly query: PaymentQuery
  readonly before: string | undefined
  readonly views: readonly SavedView[]
}

/** What `views/backoffice/payments.ejs` prints. */
export interface PaymentsPage {
  readonly table: Table
  readonly filters: Readonly<Record<string, string | undefined>>
  readonly states: readonly { readonly value: string; readonly text: string }[]
  readonly chips: readonly Chip[]
  /** null for whoever may not take lists away. */
  readonly exportHref: string | null
  readonly reviewHref: string
  /** The filters as a query, to be saved; empty when nothing is narrowed. */
  readonly query: string
  readonly views: readonly { readonly id: string; readonly name: string; readonly href: string }[]
}

export function presentPayments(view: PaymentsView, staff: StaffActor, reader: Reader): PaymentsPage {
  const { t } = reader
  const filters = queryOf(view.query)
  return {
    table: tableOf(view, reader),
    filters,
    states: [{ value: '', text: t('payments.any_state') }, ...PAYMENT_STATES.map((state) => ({ value: state, text: stateName(state, t) }))],
    chips: paymentChips(view.query, t),
    exportHref: may(staff, 'lists.export') ? listHref(`${PAYMENTS_PATH}.csv`, filters) : null,
    reviewHref: listHref(PAYMENTS_PATH, { state: 'review' }),
    query: listHref('', filters).slice(1),
    views: view.views.map(({ id, name, query }) => ({ id, name, href: `${PAYMENTS_PATH}?${query}` })),
  }
}

/** A review tells why: that is what its reader has come for. */
function tableOf({ payments, hasMore, query, before }: PaymentsView, reader: Reader): Table {
  const { t, language } = reader
  const tellsWhy = query.state === 'review'
  const last = payments.at(-1)
  return {
    caption: t('payments.heading'),
    columns: [
      { label: t('payments.number') },
      { label: t('payments.created') },
      { label: t('payments.state') },
      { label: t('payments.points'), align: 'right' },
      { label: t('payments.amount'), align: 'right' },
      ...(tellsWhy ? [{ label: t('payments.reason'), long: true as const }] : []),
    ],
    rows: payments.map((payment) => ({
      href: `${PAYMENTS_PATH}/${payment.id}`,
      cells: [
        { text: payment.invoiceNumber || payment.invoiceId, title: payment.id },
        momentCell(payment.createdAt, reader),
        { text: stateName(payment.state, t), mark: STATE_MARKS[payment.state] },
        { text: formatMoney(payment.points, language) },
        { text: formatMoney(payment.amount, language) },
        ...(tellsWhy ? [{ text: payment.reason === null ? '—' : readReason(payment.reason, t) }] : []),
      ],
    })),
    empty: t('payments.empty'),
    ...(hasMore && last && { olderHref: listHref(PAYMENTS_PATH, { ...queryOf(query), before: last.id }) }),
    ...(before !== undefined && { newestHref: listHref(PAYMENTS_PATH, queryOf(query)) }),
  }
}

export const paymentHeader = (t: Translate): string[] => [
  t('payments.created'),
  t('payments.number'),
  t('payment.invoice_id'),
  t('payment.id'),
  t('payment.operation'),
  t('payment.transaction'),
  t('payment.member'),
  t('payments.state'),
  t('payments.points'),
  t('payments.amount'),
  t('payment.settled'),
  t('payments.reason'),
]

export const paymentCells = (payment: Payment, { t, zone }: Reader): string[] => [
  csvMoment(payment.createdAt, zone),
  payment.invoiceNumber,
  payment.invoiceId,
  payment.id,
  payment.operationId,
  payment.transactionId ?? '',
  memberOf(payment) ?? '',
  stateName(payment.state, t),
  toDecimal(payment.points.minor),
  toDecimal(payment.amount.minor),
  payment.settledAt ? csvMoment(payment.settledAt, zone) : '',
  payment.reason === null ? (payment.rejectionCode ?? '') : readReason(payment.reason, t),
]
