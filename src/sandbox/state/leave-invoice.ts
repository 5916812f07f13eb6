import { growInvoice } from './grow-invoice'
import { statusOf } from './invoices'
import type { Order } from './orders'
import type { World } from './world'

/** An unpaid order ends before its invoice does: the invoice asks for its sum no more. */
export function leaveInvoice(world: World, order: Order, status: 'canceled' | 'expired'): void {
  const invoice = world.invoices.get(order.containerId)
  if (invoice && order.status === 'created') {
    growInvoice(invoice, -order.amount, -order.vatAmount)
    order.hasLeft = true
  }
  order.status = status
}

/** It is open again, and asked for again. */
export function rejoinInvoice(world: World, order: Order): void {
  const invoice = world.invoices.get(order.containerId)
  if (invoice && order.hasLeft) growInvoice(invoice, order.amount, order.vatAmount)
  Object.assign(order, { hasLeft: false, status: 'created' })
}

/** A suborder may have an earlier deadline than its invoice, and leaves it then. Where the invoice is over as well, nobody pays either. */
export const leaveInTime = (world: World, order: Order): void => world.agenda.at(order.expirationDate, () => leaveIfOver(world, order))

export function leaveIfOver(world: World, order: Order): void {
  const now = world.clock.now()
  const invoice = world.invoices.get(order.containerId)
  if (order.status !== 'created' || now < order.expirationDate || !invoice || statusOf(invoice, now) !== 'pending') return
  leaveInvoice(world, order, 'expired')
}
