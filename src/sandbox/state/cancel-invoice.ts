import { notifyOf } from '../notify/announce'
import { moveFund } from './fund'
import type { Invoice, Operation } from './invoices'
import { leaveInvoice } from './leave-invoice'
import { ordersIn } from './order-status'
import type { Order } from './orders'
import { payerFund } from './payers'
import { operationsOn } from './world'
import type { World } from './world'

/** The merchant cancels everything: the invoice is canceled, the fund gets its money back, the operations stay, marked reversed. */
export function cancelByMerchant(world: World, invoice: Invoice): void {
  for (const operation of operationsOn(world, invoice)) giveBack(world, invoice, operation, operation.amount - operation.refunded)
  const orders = ordersIn(world, invoice.id).filter((order) => !isOver(order))
  for (const order of orders) returnToPayer(world, invoice, order)
  invoice.status = 'canceled'
  for (const order of orders) markCanceled(world, order)
}

/** The merchant cancels one order: its part goes back. An invoice that is for nothing else is canceled with the last of its orders. */
export function cancelOrder(world: World, order: Order): void {
  const invoice = world.invoices.get(order.containerId)
  const isLast = ordersIn(world, order.containerId).every((other) => other.id === order.id || isOver(other))
  if (!invoice) return
  if (isLast && invoice.isOfOrders) {
    cancelByMerchant(world, invoice)
    return
  }
  for (const operation of operationsOn(world, invoice)) giveBack(world, invoice, operation, order.amount)
  returnToPayer(world, invoice, order)
  if (order.status === 'completed') invoice.refunded += order.amount
  leaveInvoice(world, order, 'canceled')
  markCanceled(world, order)
}

const isOver = ({ status }: Order): boolean => status === 'canceled' || status === 'expired'

function markCanceled(world: World, order: Order): void {
  order.status = 'canceled'
  if (world.settings.notifyCanceled) notifyOf(world, order, 'canceled')
}

function giveBack(world: World, invoice: Invoice, operation: Operation, amount: bigint): void {
  const fund = world.funds.get(operation.currencyId)
  if (operation.reversedAt || !fund) return
  const at = world.clock.now()
  moveFund(fund, { kind: 'reversal', amount, at, invoiceId: invoice.id, operationId: operation.id })
  operation.refunded += amount
  if (operation.refunded >= operation.amount) operation.reversedAt = at
}

/** A guarantee payment goes back to the payer's own fund; a card payment leaves no trace here. */
function returnToPayer(world: World, invoice: Invoice, order: Order): void {
  if (order.status !== 'completed' || order.paidBy !== 'guarantee') return
  moveFund(payerFund(world, order), { kind: 'reversal', amount: order.amount, at: world.clock.now(), invoiceId: invoice.id })
}
