import type { Member } from '../../members'
import { memberOf, PAYMENT_STATES } from '../../payments'
import type { FoundPayments, Payment, PaymentState } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { csvMoment } from '../../shared/csv'
import { toDecimal } from '../../shared/money'
import { may } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'
import { asChoice, listHref } from '../filters'
import type { Chip } from '../filters'
import { shownLogin } from '../members/mask'
import { amountHead, momentCell, momentText, timeHead, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import { numberCell } from '../table'
import type { Cell, Mark, Table } from '../table'
import { areDaysCrossed, paymentChips, PAYMENTS_PATH, queryOf } from './payment-filters'
import type { PaymentQuery } from './payment-filters'
import type { PayerNames } from './payers'
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
  readonly goOn: FoundPayments['goOn']
  readonly query: PaymentQuery
  /** The member of the filter; undefined where it names none. */
  readonly member: Member | undefined
  readonly names: PayerNames
  readonly before: string | undefined
  readonly views: readonly SavedView[]
}

/** What `views/backoffice/payments.ejs` prints. */
export interface PaymentsPage {
  readonly table: Table
  /** Said where the page reaches only so far back; null where it shows all there is, or is full. */
  readonly searched: Sentence | null
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

const searchedTold = (since: Date, reader: Reader): Sentence =>
  toldAt(reader.t('payments.searched', { since: momentText(since, reader) }), since)

export function presentPayments(view: PaymentsView, staff: StaffActor, reader: Reader): PaymentsPage {
  const { t } = reader
  const filters = queryOf(view.query)
  const member = view.member && shownLogin(view.member.login, staff.role)
  const isKept = view.query.member === undefined || member !== undefined
  return {
    table: tableOf(view, reader),
    searched: view.goOn && searchedTold(view.goOn.searchedBackTo, reader),
    // A login that is shown in part cannot be searched for again.
    filters: { ...filters, member: member === view.member?.login ? (member ?? filters.member) : filters.member },
    states: [
      { value: '', text: t('payments.any_state') },
      ...PAYMENT_STATES.map((state) => ({ value: state, text: asChoice(stateName(state, t)) })),
    ],
    chips: paymentChips(view.query, member, t),
    exportHref: may(staff, 'lists.export') ? listHref(`${PAYMENTS_PATH}.csv`, filters) : null,
    reviewHref: listHref(PAYMENTS_PATH, { state: 'review' }),
    query: isKept ? listHref('', filters).slice(1) : '',
    views: view.views.map(({ id, name, query }) => ({ id, name, href: `${PAYMENTS_PATH}?${query}` })),
  }
}

/** An organisation has no page that everybody may open. */
const payerCell = ({ payer }: Payment, names: PayerNames): Cell =>
  payer.kind === 'member'
    ? { text: names.get(payer.memberId) ?? payer.memberId, title: payer.memberId, href: `/admin/members/${payer.memberId}` }
    : { text: names.get(payer.organisationId) ?? payer.organisationId, title: payer.organisationId }

/** Filters that nothing can fit say so. */
function emptyText({ query, member, goOn }: PaymentsView, t: Translate): string {
  if (query.member !== undefined && !member) return t('filter.no_member', { member: query.member })
  if (areDaysCrossed(query)) return t('payments.days_crossed')
  return t(goOn ? 'payments.empty_so_far' : 'payments.empty')
}

/** A review tells why: that is what its reader has come for. */
function tableOf(view: PaymentsView, reader: Reader): Table {
  const { payments, hasMore, goOn, query, before } = view
  const { t, language } = reader
  const tellsWhy = query.state === 'review'
  const next = hasMore ? payments.at(-1)?.id : goOn?.before
  return {
    caption: t('payments.heading'),
    columns: [
      { label: t('payments.number') },
      { label: t('payments.created') },
      { label: t('payments.payer') },
      { label: t('payments.state') },
      { label: t('payments.points'), align: 'right' },
      { label: t('payments.amount'), align: 'right' },
      ...(tellsWhy ? [{ label: t('payments.reason'), long: true as const }] : []),
    ],
    rows: payments.map((payment) => ({
      href: `${PAYMENTS_PATH}/${payment.id}`,
      cells: [
        { ...numberCell(payment.invoiceNumber || payment.invoiceId), title: payment.id },
        momentCell(payment.createdAt, reader),
        payerCell(payment, view.names),
        { text: stateName(payment.state, t), mark: STATE_MARKS[payment.state] },
        { text: formatMoney(payment.points, language) },
        { text: formatMoney(payment.amount, language) },
        ...(tellsWhy ? [{ text: payment.reason === null ? '—' : readReason(payment.reason, t) }] : []),
      ],
    })),
    empty: emptyText(view, t),
    ...(next !== undefined && { olderHref: listHref(PAYMENTS_PATH, { ...queryOf(query), before: next }) }),
    ...(before !== undefined && { newestHref: listHref(PAYMENTS_PATH, queryOf(query)) }),
  }
}

const payerId = ({ payer }: Payment): string => (payer.kind === 'member' ? payer.memberId : payer.organisationId)

export const paymentHeader = (reader: Reader): string[] => [
  timeHead(reader.t('payments.created'), reader),
  reader.t('payments.number'),
  reader.t('payment.invoice_id'),
  reader.t('payment.id'),
  reader.t('payment.operation'),
  reader.t('payment.transaction'),
  reader.t('payment.member'),
  reader.t('payments.payer'),
  reader.t('payments.state'),
  reader.t('payments.points'),
  amountHead(reader.t('payments.amount'), 'RUB', reader),
  timeHead(reader.t('payment.settled'), reader),
  reader.t('payments.reason'),
]

export const paymentCells = (payment: Payment, names: PayerNames, { t, zone }: Reader): string[] => [
  csvMoment(payment.createdAt, zone),
  payment.invoiceNumber,
  payment.invoiceId,
  payment.id,
  payment.operationId,
  payment.transactionId ?? '',
  memberOf(payment) ?? '',
  names.get(payerId(payment)) ?? '',
  stateName(payment.state, t),
  toDecimal(payment.points.minor),
  toDecimal(payment.amount.minor),
  payment.settledAt ? csvMoment(payment.settledAt, zone) : '',
  payment.reason === null ? (payment.rejectionCode ?? '') : readReason(payment.reason, t),
]
