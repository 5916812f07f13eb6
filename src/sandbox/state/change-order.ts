import type { Json } from '../http/json'
import { checkBasket } from './basket'
import type { BasketLine } from './basket'
import { checkDeadline, isMain, payerOf, wrongStatus } from './create-order'
import { growInvoice } from './grow-invoice'
import { leaveInTime } from './leave-invoice'
import { orderStatus } from './order-status'
import type { Order, OrderExtras } from './orders'
import type { World } from './world'

export interface OrderChange {
  readonly description?: string | undefined
  readonly amount?: bigint | undefined
  readonly vatAmount?: bigint | undefined
  readonly expirationDate?: Date | undefined
  readonly basketItems?: readonly BasketLine[] | undefined
  readonly customer?: Readonly<Record<string, Json>> | undefined
  readonly extras: OrderExtras
  readonly isUnchecked: boolean
}

/** Changes an unpaid order and its invoice with it; all of it or nothing. @throws ApiRefusal 422 `wrong_order_status` and as for a new order */
export function changeOrder(world: World, order: Order, change: OrderChange): void {
  if (orderStatus(world, order) !== 'created') throw wrongStatus()
  const { amount = order.amount, vatAmount = order.vatAmount, basketItems = order.basketItems } = change
  const isRecounted = change.amount !== undefined || change.vatAmount !== undefined || change.basketItems !== undefined
  if (isRecounted && !change.isUnchecked) checkBasket({ amount, vatAmount, basketItems }, order.roundPolicy)
  if (change.expirationDate) checkDeadline(world, change.expirationDate)
  const invoice = world.invoices.get(order.containerId)
  if (invoice) growInvoice(invoice, amount - order.amount, vatAmount - order.vatAmount)
  Object.assign(order, { amount, vatAmount, basketItems, extras: { ...order.extras, ...change.extras } })
  if (change.description !== undefined) order.description = change.description
  if (change.expirationDate) {
    order.expirationDate = change.expirationDate
    leaveInTime(world, order)
  }
  if (change.customer) order.customer = change.customer
  if (isMain(world, order)) copyToInvoice(world, order)
}

/** What the buyer sees of the main order on the payment page. */
export function copyToInvoice(world: World, order: Order): void {
  const invoice = world.invoices.get(order.containerId)
  if (!invoice) return
  invoice.description = order.description
  invoice.expirationDate = order.expirationDate
  invoice.customer = payerOf(order.customer)
}
