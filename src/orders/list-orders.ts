import { iso } from '../shared/database'
import type { Db } from '../shared/database'
import { toDecimal } from '../shared/money'
import type { OrderGoods } from './fulfilment'
import type { Order } from './order'
import type { OrderState } from './states'
import { toOrder } from './store'
import type { OrderRow } from './store'

export interface OrderFilter {
  readonly state?: OrderState | undefined
  readonly memberId?: string | undefined
  /** From this moment on, and before that one. */
  readonly from?: Date | undefined
  readonly until?: Date | undefined
  /** Its number, Invoicebox's id of it, or the id of the invoice that the member pays. */
  readonly name?: string | undefined
}

export interface OrderPage {
  readonly limit: number
  /** The id to go back from. */
  readonly before?: string | undefined
}

/** Newest first. */
export async function listOrders(db: Db, filter: OrderFilter, page: OrderPage): Promise<Order[]> {
  const { state, memberId, from, until, name } = filter
  const query = db('orders').orderBy('id', 'desc').limit(page.limit)
  if (page.before !== undefined) void query.where('id', '<', page.before)
  if (state !== undefined) void query.where('state', state)
  if (memberId !== undefined) void query.where('member_id', memberId)
  if (from) void query.where('created_at', '>=', iso(from))
  if (until) void query.where('created_at', '<', iso(until))
  if (name !== undefined)
    void query.where((by) => {
      for (const [column, value] of namesOf(name)) void by.orWhere(column, value)
    })
  return ((await query) as OrderRow[]).map(toOrder)
}

const namesOf = (name: string): [string, string][] => [
  ['number', name.trim().toUpperCase()],
  ...['id', 'invoicebox_id', 'paid_id', 'container_id'].map((column): [string, string] => [column, name.trim().toLowerCase()]),
]

/** An order as the command line and the API show it: amounts as decimal text, moments in ISO form. */
export interface ShownOrder {
  readonly number: string
  readonly invoiceboxId: string | null
  readonly state: OrderState
  readonly amount: string
  readonly points: string
  readonly id: string
  readonly memberId: string | null
  readonly goods: OrderGoods
  readonly currency: string
  readonly paymentUrl: string | null
  readonly createdAt: string
  readonly expiresAt: string
  readonly settledAt: string | null
  readonly reason: string | null
}

export const shownOrder = (order: Order): ShownOrder => ({
  number: order.number,
  invoiceboxId: order.paidId ?? order.invoiceboxId,
  state: order.state,
  amount: toDecimal(order.amount.minor),
  points: toDecimal(order.points.minor),
  id: order.id,
  memberId: order.memberId,
  goods: order.goods,
  currency: order.amount.unit,
  paymentUrl: order.paymentUrl,
  createdAt: iso(order.createdAt),
  expiresAt: iso(order.expiresAt),
  settledAt: order.settledAt && iso(order.settledAt),
  reason: order.reason,
})
