import { moment } from '../shared/database'
import type { Db } from '../shared/database'
import { listNotifications } from './notification-store'
import type { LoggedNotification } from './notification-store'
import type { Order, OrderRefund } from './order'
import { refundsOf } from './refund-store'
import { readOrder } from './store'

/** One step of an order or of one of its refunds. */
export interface Step {
  readonly at: Date
  /** The refund's number, where it is one of a refund. */
  readonly refund: string | null
  readonly from: string | null
  readonly to: string
  readonly actor: string
  readonly note: string | null
}

export interface OrderHistory {
  readonly order: Order
  readonly refunds: readonly OrderRefund[]
  /** The oldest first. */
  readonly steps: readonly Step[]
  /** The newest first, so many at most. */
  readonly notifications: readonly LoggedNotification[]
}

const MOST_NOTIFICATIONS = 50

interface EventRow {
  id: string
  number: string | null
  from_state: string | null
  to_state: string
  actor: string
  note: string | null
  at: Date | string
}

/** An order with all that happened to it. @throws Refusal not_found */
export async function readHistory(db: Db, number: string): Promise<OrderHistory> {
  const order = await readOrder(db, { number })
  const [refunds, ofOrder, ofRefunds, notifications] = await Promise.all([
    refundsOf(db, order.id),
    db('order_events').where({ order_id: order.id }).orderBy('id') as unknown as Promise<EventRow[]>,
    db('order_refund_events as e')
      .join('order_refunds as r', 'r.id', 'e.refund_id')
      .where({ 'r.order_id': order.id })
      .orderBy('e.id')
      .select('e.*', 'r.number') as unknown as Promise<EventRow[]>,
    listNotifications(db, { orderId: order.id }, { limit: MOST_NOTIFICATIONS }),
  ])
  const rows = [...ofOrder, ...ofRefunds].sort((one, other) => (one.id < other.id ? -1 : 1))
  return { order, refunds, steps: rows.map(toStep), notifications }
}

const toStep = (row: EventRow): Step => ({
  at: moment(row.at),
  refund: row.number ?? null,
  from: row.from_state,
  to: row.to_state,
  actor: row.actor,
  note: row.note,
})
