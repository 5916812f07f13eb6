import { statusOf } from './invoices'
import type { Order, OrderStatus } from './orders'
import type { World } from './world'

/** The true status: an unpaid order expires with its deadline and is canceled with its invoice. Moving the deadline or the clock back revives it. */
export function orderStatus(world: World, order: Order): OrderStatus {
  if (order.status !== 'created') return order.status
  const now = world.clock.now()
  if (now >= order.expirationDate) return 'expired'
  const invoice = world.invoices.get(order.containerId)
  if (!invoice || invoice.status === 'canceled') return 'canceled'
  return statusOf(invoice, now) === 'canceled' ? 'expired' : 'created'
}

/** Oldest first; the first one made the invoice. Corrections are no part of what is paid. */
export const ordersIn = (world: World, containerId: string): Order[] =>
  (world.containers.get(containerId) ?? []).flatMap((id) => world.orders.get(id) ?? []).filter((order) => !order.isCorrection)
