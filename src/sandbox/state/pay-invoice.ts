import { notifyOf } from '../notify/announce'
import type { Invoice, PaidBy } from './invoices'
import { ordersIn } from './order-status'
import type { Order } from './orders'
import type { World } from './world'

/** An invoice is paid, out of whatever: its open orders are paid with it, and their shops are told. */
export function markPaid(world: World, invoice: Invoice, paidBy: PaidBy): void {
  const at = world.clock.now()
  invoice.status = 'paid'
  invoice.paidAt = at
  invoice.paidBy = paidBy
  for (const order of ordersIn(world, invoice.id)) {
    if (order.status !== 'created') continue
    completeOrder(world, order, paidBy)
    notifyOf(world, order, 'completed')
  }
}

export function completeOrder(world: World, order: Order, paidBy: PaidBy | null): void {
  order.status = 'completed'
  order.paidAt = world.clock.now()
  order.paidBy = paidBy
}

/** By hand: nothing was paid after all. Orders that were canceled for themselves stay so. */
export function reopenInvoice(world: World, invoice: Invoice): void {
  Object.assign(invoice, { status: 'pending', paidAt: null, paidBy: null })
  for (const order of ordersIn(world, invoice.id)) {
    if (order.status === 'completed') Object.assign(order, { status: 'created', paidAt: null, paidBy: null })
    if (order.expirationDate < invoice.expirationDate) order.expirationDate = invoice.expirationDate
  }
}
