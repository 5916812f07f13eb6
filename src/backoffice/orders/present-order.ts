import { REFUND_STATES } from '../../orders'
import type { CodeFacts, Order, OrderHistory, OrderRefund, OrderStep, RefundPlan, RefundState } from '../../orders'
import type { StaffActor } from '../../shared/actor'
import { money } from '../../shared/money'
import { may } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { formatMoney, formatSecond } from '../../shared/texts/format'
import { actorName } from '../actor-name'
import { momentRow, momentText, toldAt } from '../reader'
import type { Reader, Row } from '../reader'
import type { Mark, Table } from '../table'
import { ORDERS_PATH } from './order-filters'
import { logTable, presentReplays } from './present-log'
import { markOf, stateName } from './present-list'
import { readTold } from '../../shared/told'

export interface OrderView {
  readonly history: OrderHistory
  /** What a whole refund would be now; null where there can be none. */
  readonly plan: RefundPlan | null
  /** What became of the code that was sold; null where there is none. */
  readonly code: CodeFacts | null
  readonly alerts: readonly string[]
  readonly wasChecked: boolean
  readonly logins: ReadonlyMap<string, string>
}

/** What `views/backoffice/order.ejs` prints. */
export interface OrderPage {
  readonly heading: string
  readonly state: { readonly text: string; readonly mark: Mark }
  readonly checked: string | null
  readonly alerts: readonly string[]
  readonly rows: readonly Row[]
  readonly checkAction: string | null
  readonly refund: {
    readonly action: string
    readonly hint: string
    readonly fee: string | null
    readonly code: RefundOfCode | null
  } | null
  readonly refunds: Table
  readonly steps: readonly {
    readonly text: string
    readonly at: string
    readonly utc: string
    readonly details: readonly string[]
    readonly mark: Mark
  }[]
  readonly log: Table
  readonly replays: readonly { readonly id: string; readonly text: string }[]
}

/** A code goes back as a whole, so no amount is asked for; of one that was seen staff must say that it was not used. */
interface RefundOfCode {
  readonly hint: string
  readonly mustBeUnused: boolean
}

export function presentOrderCard(view: OrderView, staff: StaffActor, reader: Reader): OrderPage {
  const { order, refunds, steps, notifications } = view.history
  const { t } = reader
  const path = `${ORDERS_PATH}/${order.number}`
  return {
    heading: t(order.goods === 'points' ? 'order.heading' : `order.heading.${order.goods}`, { number: order.number }),
    state: { text: stateName(order.state, t, order.goods), mark: markOf(order.state) },
    checked: view.wasChecked ? t('order.checked') : null,
    alerts: view.alerts.map((detail) => readTold(detail, reader.t)),
    rows: rowsOf(view, reader),
    checkAction: may(staff, 'orders.check') ? `${path}/check` : null,
    refund: view.plan && may(staff, 'orders.refund') ? presentRefund(view.plan, `${path}/refund`, reader) : null,
    refunds: refundTable(refunds, reader),
    steps: steps.map((step) => presentStep(step, { logins: view.logins, order }, reader)),
    log: logTable(notifications, reader),
    replays: may(staff, 'notifications.replay') ? presentReplays(notifications.slice(0, MOST_REPLAYS), reader) : [],
  }
}

const MOST_REPLAYS = 5

function rowsOf({ history: { order }, code }: OrderView, reader: Reader): OrderPage['rows'] {
  const { t, language } = reader
  const at = (label: string, moment: Date | null): Row => (moment ? momentRow(label, moment, reader) : { label, value: '—' })
  return [
    { label: t('orders.amount'), value: formatMoney(order.amount, language) },
    { label: t('orders.goods'), value: t(`orders.goods.${order.goods}`) },
    ...(order.goods === 'voucher' ? [] : [{ label: t('orders.points'), value: formatMoney(order.points, language) }]),
    order.memberId === null
      ? { label: t('payment.member'), value: t('orders.guest') }
      : { label: t('payment.member'), value: order.memberId, href: `/admin/members/${order.memberId}` },
    ...(order.title === null ? [] : [{ label: t('orders.what'), value: order.title }]),
    ...(code === null ? [] : [codeRow(code, reader)]),
    { label: t('orders.invoicebox'), value: order.paidId ?? order.invoiceboxId ?? '—' },
    { label: t('orders.container'), value: order.containerId ?? '—' },
    at(t('orders.created'), order.createdAt),
    at(t('orders.expires'), order.expiresAt),
    at(t('orders.settled'), order.settledAt),
    ...(order.reason === null ? [] : [{ label: t('orders.reason'), value: order.reason }]),
  ]
}

/** What staff may know of a code: never the code. */
function codeRow({ use, shownAt, mailedAt }: CodeFacts, reader: Reader): Row {
  const { t } = reader
  const seen = [
    ...(shownAt === null ? [] : [t('orders.code.shown_at', { at: momentText(shownAt, reader) })]),
    ...(mailedAt === null ? [] : [t('orders.code.mailed_at', { at: momentText(mailedAt, reader) })]),
  ]
  const told = toldAt([t(`orders.code.${use}`), ...seen].join(', '), ...[shownAt, mailedAt].filter((at) => at !== null))
  return { label: t('orders.code'), value: told.text, title: told.title }
}

function presentRefund(plan: RefundPlan, action: string, { t, language }: Reader): NonNullable<OrderPage['refund']> {
  const { canGoBack, left, spent, fee, code } = plan
  const words = { now: formatMoney(canGoBack, language), left: formatMoney(left, language), spent: formatMoney(spent, language) }
  return {
    action,
    hint: t('order.refund_hint', words),
    fee: fee.minor > 0n ? t('order.refund_fee', { fee: formatMoney(fee, language) }) : null,
    code: code === null ? null : { hint: t(`order.refund_code.${code}`, { now: words.now }), mustBeUnused: code === 'seen' },
  }
}

const REFUND_MARKS: Readonly<Record<RefundState, Mark>> = {
  requested: 'wait',
  drafted: 'wait',
  accepted: 'wait',
  completed: 'good',
  rejected: 'off',
  cancelled: 'bad',
}

const refundMark = (state: string): Mark => (REFUND_STATES.some((one) => one === state) ? REFUND_MARKS[state as RefundState] : 'wait')

const refundState = (state: string, t: Translate): string => {
  const known = REFUND_STATES.find((one) => one === state)
  return known ? t(`refund.state.${known}`) : state
}

const refundTable = (refunds: readonly OrderRefund[], { t, language }: Reader): Table => ({
  caption: t('order.refunds'),
  columns: [
    { label: t('orders.number') },
    { label: t('orders.state') },
    { label: t('orders.amount'), align: 'right' },
    { label: t('order.fee'), align: 'right' },
    { label: t('order.payout'), align: 'right' },
    { label: t('orders.points'), align: 'right' },
    { label: t('orders.reason') },
  ],
  rows: refunds.map((refund) => ({
    cells: [
      { text: refund.number, title: refund.invoiceboxId ?? refund.id },
      { text: refundState(refund.state, t), mark: REFUND_MARKS[refund.state] },
      { text: formatMoney(refund.amount, language) },
      { text: formatMoney(refund.fee, language) },
      { text: formatMoney(money(refund.amount.minor - refund.fee.minor, 'RUB'), language) },
      { text: formatMoney(refund.points, language) },
      { text: refund.rejection ?? readReason(refund.reason, t) },
    ],
  })),
  empty: t('order.no_refunds'),
})

function presentStep(
  step: OrderStep,
  { logins, order }: { readonly logins: ReadonlyMap<string, string>; readonly order: Order },
  { t, language, zone }: Reader,
): OrderPage['steps'][number] {
  const state = step.refund === null ? stateName(step.to as never, t, order.goods) : refundState(step.to, t)
  // What an order was paid and waited for is over with the next step: only where it stands now is it bad.
  const isOver = step.refund === null && step.to === 'paid' && order.state !== 'paid'
  const mark: Mark = isOver ? 'wait' : step.refund === null ? markOf(step.to as never) : refundMark(step.to)
  return {
    text: step.refund === null ? state : t('order.step', { what: step.refund, state }),
    at: formatSecond(step.at, language, zone),
    utc: step.at.toISOString(),
    details: [actorName(step.actor, logins, t), ...(step.note === null ? [] : [readTold(step.note, t)])],
    mark,
  }
}
