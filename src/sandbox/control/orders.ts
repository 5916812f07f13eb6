import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { presentLine } from '../merchant/present-order'
import { newId } from '../state/chance'
import { toAtom } from '../state/clock'
import { confirmInvoice } from '../state/confirm-invoice'
import type { Invoice } from '../state/invoices'
import { leaveIfOver, rejoinInvoice } from '../state/leave-invoice'
import { paymentUrl } from '../state/links'
import { refundsOf } from '../state/make-refund'
import { toDecimal } from '../state/money'
import { orderStatus, ordersIn } from '../state/order-status'
import type { Order } from '../state/orders'
import { payByGuarantee } from '../state/pay-by-guarantee'
import { markPaid, reopenInvoice } from '../state/pay-invoice'
import { operationsOn } from '../state/world'
import type { World } from '../state/world'
import { presentAttempt } from './notifications'
import { amountField, flagField, readBody } from './read'
import { presentRefund } from './refunds'

/** By its id, by the merchant's number, or by its invoice. @throws ApiRefusal 404 */
export function lookUpOrder(world: World, id: unknown): Order {
  const wanted = String(id)
  const order =
    world.orders.get(wanted) ??
    [...world.orders.values()].findLast(({ merchantOrderId, containerId }) => merchantOrderId === wanted || containerId === wanted)
  if (!order) throw new ApiRefusal(404, 'not_found', `There is no order ${JSON.stringify(wanted.slice(0, 60))}.`)
  return order
}

const paySchema = z.strictObject({
  by: z.enum(['card', 'guarantee', 'programme', 'program']).optional(),
  amount: amountField.optional(),
  late: flagField.optional(),
})

/**
 * `POST /_sandbox/orders/{id}/pay`: the whole invoice of the order is paid, as on its payment page. `amount` is what was really paid: order and
 * notification say it. `late` pays what is expired or canceled.
 * @throws ApiRefusal 409 for an order that is not open, 422 as confirm and the guarantee do
 */
export function payOrder(world: World, order: Order, body: unknown): void {
  const { by = 'card', amount, late = false } = readBody(paySchema, body)
  const invoice = invoiceOf(world, order)
  if (late) revive(world, order, invoice)
  const status = orderStatus(world, order)
  if (status !== 'created') throw new ApiRefusal(409, 'wrong_order_status', `The order is ${status}.`)
  if (amount !== undefined) {
    invoice.amount += amount - order.amount
    order.amount = amount
  }
  if (by === 'card') markPaid(world, invoice, 'card')
  else if (by === 'guarantee') payByGuarantee(world, invoice, order)
  else confirmInvoice(world, invoice, newId(world.chance, world.clock.now(), false))
}

function invoiceOf(world: World, order: Order): Invoice {
  const invoice = world.invoices.get(order.containerId)
  if (!invoice) throw new ApiRefusal(404, 'not_found', 'The invoice of this order is gone.')
  return invoice
}

const DAY = 24 * 60 * 60 * 1_000

/** Money that comes after the end: the order is open again for as long as it takes. */
function revive(world: World, order: Order, invoice: Invoice): void {
  if (orderStatus(world, order) === 'completed') return
  const tomorrow = new Date(world.clock.now().getTime() + DAY)
  if (invoice.expirationDate < tomorrow) invoice.expirationDate = tomorrow
  if (order.status === 'canceled' || order.status === 'expired') rejoinInvoice(world, order)
  reopenInvoice(world, invoice)
}

/** `POST /_sandbox/orders/{id}/expire`: its deadline has just passed. @throws ApiRefusal 409 for an order that is not open */
export function expireOrder(world: World, order: Order): void {
  const status = orderStatus(world, order)
  if (status !== 'created') throw new ApiRefusal(409, 'wrong_order_status', `The order is ${status}.`)
  order.expirationDate = new Date(world.clock.now().getTime() - 1_000)
  const invoice = invoiceOf(world, order)
  if (ordersIn(world, invoice.id).length === 1 && invoice.isOfOrders) invoice.expirationDate = order.expirationDate
  leaveIfOver(world, order)
}

/** An order as the control interface shows it: amounts as decimal text, the true status. */
export function presentOrder(world: World, order: Order) {
  return {
    id: order.id,
    orderContainerId: order.containerId,
    merchantId: order.merchantId,
    merchantOrderId: order.merchantOrderId,
    merchantOrderIdVisible: order.merchantOrderIdVisible,
    status: orderStatus(world, order),
    amount: toDecimal(order.amount),
    vatAmount: toDecimal(order.vatAmount),
    currencyId: order.currencyId,
    description: order.description,
    createdAt: toAtom(order.createdAt),
    expirationDate: toAtom(order.expirationDate),
    paidAt: order.paidAt?.toISOString() ?? null,
    paidBy: order.paidBy,
    processable: order.processable,
    isCorrection: order.isCorrection,
    isShippingUnavailable: order.isShippingUnavailable,
    customer: order.customer,
    ...order.links,
    ...order.extras,
    paymentUrl: paymentUrl(world, { id: order.containerId }),
    guaranteeCode: world.guaranteeCodes.get(order.id)?.code ?? null,
  }
}

/** The same with everything that happened to it. */
export function presentWholeOrder(world: World, order: Order) {
  const invoice = world.invoices.get(order.containerId)
  const operations = invoice ? operationsOn(world, invoice) : []
  return {
    ...presentOrder(world, order),
    basketItems: order.basketItems.map(presentLine),
    operations: operations.map(({ id, partnerOperationId, amount, reversedAt }) => ({
      id,
      partnerOperationId,
      amount: toDecimal(amount),
      isReversed: reversedAt !== null,
    })),
    refunds: refundsOf(world, order).map(presentRefund),
    shipments: [...world.shipments.values()]
      .filter(({ orderId }) => orderId === order.id)
      .map(({ id, documentNumber, amount }) => ({ id, documentNumber, amount: toDecimal(amount) })),
    notifications: world.notifications.attemptsOn(order.id).map(presentAttempt),
  }
}
