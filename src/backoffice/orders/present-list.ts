import type { Member } from '../../members'
import { ORDER_STATES } from '../../orders'
import type { Order, OrderGoods, OrderState } from '../../orders'
import type { StaffActor } from '../../shared/actor'
import { csvMoment } from '../../shared/csv'
import { toDecimal } from '../../shared/money'
import { may } from '../../shared/permissions'
import type { Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'
import { asChoice, listHref } from '../filters'
import type { Chip, Query } from '../filters'
import { shownLogin } from '../members/mask'
import { amountHead, momentCell, timeHead } from '../reader'
import type { Reader } from '../reader'
import type { Mark, Table } from '../table'
import { LOG_PATH, orderChips, ORDERS_PATH, queryOf } from './order-filters'
import type { OrderQuery } from './order-filters'

const STATE_MARKS: Readonly<Record<OrderState, Mark>> = {
  creating: 'wait',
  created: 'wait',
  paid: 'bad',
  credited: 'good',
  expired: 'off',
  cancelled: 'off',
  failed: 'off',
}

/** A state that a later version has brought keeps its own name. */
export function stateName(state: OrderState, t: Translate, goods: OrderGoods = 'points'): string {
  if (!ORDER_STATES.includes(state)) return state
  return goods !== 'points' && (state === 'paid' || state === 'credited') ? t(`goods.state.${state}`) : t(`top_up.state.${state}`)
}

export const markOf = (state: OrderState): Mark => (ORDER_STATES.includes(state) ? STATE_MARKS[state] : 'wait')

export interface OrdersView {
  readonly orders: readonly Order[]
  readonly hasMore: boolean
  readonly query: OrderQuery
  /** The member of the filter; undefined where it names none. */
  readonly member: Member | undefined
  readonly before: string | undefined
}

/** What `views/backoffice/orders.ejs` prints. */
export interface OrdersPage {
  readonly table: Table
  readonly filters: Query
  readonly states: readonly { readonly value: string; readonly text: string }[]
  readonly chips: readonly Chip[]
  /** null for whoever may not take lists away. */
  readonly exportHref: string | null
  readonly logHref: string
}

export function presentOrders(view: OrdersView, staff: StaffActor, reader: Reader): OrdersPage {
  const { t } = reader
  const filters = queryOf(view.query)
  const member = view.member && shownLogin(view.member.login, staff.role)
  return {
    table: tableOf(view, reader),
    // A login that is shown in part cannot be searched for again.
    filters: { ...filters, member: member === view.member?.login ? (member ?? filters.member) : filters.member },
    states: [
      { value: '', text: t('orders.any_state') },
      ...ORDER_STATES.map((state) => ({ value: state, text: asChoice(stateName(state, t)) })),
    ],
    chips: orderChips(view.query, member, t),
    exportHref: may(staff, 'lists.export') ? listHref(`${ORDERS_PATH}.csv`, filters) : null,
    logHref: LOG_PATH,
  }
}

function tableOf({ orders, hasMore, query, member, before }: OrdersView, reader: Reader): Table {
  const last = orders.at(-1)
  return {
    ...ordersTable(orders, reader),
    ...(query.member !== undefined && !member && { empty: reader.t('filter.no_member', { member: query.member }) }),
    ...(hasMore && last && { olderHref: listHref(ORDERS_PATH, { ...queryOf(query), before: last.id }) }),
    ...(before !== undefined && { newestHref: listHref(ORDERS_PATH, queryOf(query)) }),
  }
}

/** Orders as a table, wherever they stand. */
export function ordersTable(orders: readonly Order[], reader: Reader): Table {
  const { t, language } = reader
  return {
    caption: t('orders.heading'),
    columns: [
      { label: t('orders.number') },
      { label: t('orders.created') },
      { label: t('orders.state') },
      { label: t('orders.amount'), align: 'right' },
      { label: t('orders.what'), align: 'right' },
    ],
    rows: orders.map((order) => ({
      href: `${ORDERS_PATH}/${order.number}`,
      cells: [
        { text: order.number, title: order.paidId ?? order.invoiceboxId ?? order.id },
        momentCell(order.createdAt, reader),
        { text: stateName(order.state, t, order.goods), mark: markOf(order.state) },
        { text: formatMoney(order.amount, language) },
        { text: order.goods === 'voucher' ? (order.title ?? '—') : formatMoney(order.points, language) },
      ],
    })),
    empty: t('orders.empty'),
  }
}

export const orderHeader = (reader: Reader): string[] => [
  timeHead(reader.t('orders.created'), reader),
  reader.t('orders.number'),
  reader.t('orders.invoicebox'),
  reader.t('orders.container'),
  reader.t('orders.member_id'),
  reader.t('orders.state'),
  amountHead(reader.t('orders.amount'), 'RUB', reader),
  reader.t('orders.points'),
  timeHead(reader.t('orders.settled'), reader),
  reader.t('orders.reason'),
  reader.t('orders.goods'),
  reader.t('orders.sold'),
]

export const orderCells = (order: Order, { t, zone }: Reader): string[] => [
  csvMoment(order.createdAt, zone),
  order.number,
  order.paidId ?? order.invoiceboxId ?? '',
  order.containerId ?? '',
  order.memberId ?? '',
  stateName(order.state, t, order.goods),
  toDecimal(order.amount.minor),
  toDecimal(order.points.minor),
  order.settledAt ? csvMoment(order.settledAt, zone) : '',
  order.reason ?? '',
  t(`orders.goods.${order.goods}`),
  order.title ?? '',
]
