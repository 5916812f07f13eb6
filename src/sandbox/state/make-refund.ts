import { ApiRefusal } from '../http/refusal'
import { checkTotals, wrongCalculation } from './basket'
import type { Basket, BasketLine } from './basket'
import { newId } from './chance'
import { moveFund } from './fund'
import { orderStatus } from './order-status'
import type { Order } from './orders'
import { payerFund } from './payers'
import { payoutOf } from './refunds'
import type { Refund } from './refunds'
import { operationsOn } from './world'
import type { World } from './world'

export interface RefundWish extends Basket {
  readonly merchantOrderId: string
  readonly description: string
  readonly status: 'draft' | 'created'
}

export const refundsOf = (world: World, order: Order): Refund[] =>
  [...world.refunds.values()].filter((refund) => refund.parentId === order.id && refund.status !== 'canceled')

export interface RefundableLine {
  readonly line: BasketLine
  readonly availableAmount: bigint
  readonly availableVatAmount: bigint
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** What is left to refund of each line. Lines are known by their sku; several lines with one sku are used up in their order. */
export function refundableLines(world: World, order: Order): RefundableLine[] {
  const returned = refundsOf(world, order).flatMap((refund) => refund.basketItems)
  const left = new Map<string, { amount: bigint; vat: bigint }>()
  for (const { sku, totalAmount, totalVatAmount } of returned) {
    const before = left.get(sku) ?? { amount: 0n, vat: 0n }
    left.set(sku, { amount: before.amount + totalAmount, vat: before.vat + totalVatAmount })
  }
  return order.basketItems.map((line) => {
    const gone = left.get(line.sku) ?? { amount: 0n, vat: 0n }
    const [amount, vat] = [least(gone.amount, line.totalAmount), least(gone.vat, line.totalVatAmount)]
    left.set(line.sku, { amount: gone.amount - amount, vat: gone.vat - vat })
    return { line, availableAmount: line.totalAmount - amount, availableVatAmount: line.totalVatAmount - vat }
  })
}

function refuseAboveAvailable(world: World, order: Order, lines: readonly BasketLine[]): void {
  const available = new Map<string, bigint>()
  for (const { line, availableAmount } of refundableLines(world, order))
    available.set(line.sku, (available.get(line.sku) ?? 0n) + availableAmount)
  lines.forEach((line, at) => {
    const left = (available.get(line.sku) ?? 0n) - line.totalAmount
    if (left < 0n) throw wrongCalculation('wrong_total_amount', `basketItems[${at}].totalAmount`)
    available.set(line.sku, left)
  })
}

/**
 * Takes a refund on. Limits are by what is left of each line, not by price and quantity: a remainder need not divide (reference 3.6).
 * @throws ApiRefusal 422 `merchant_order_id_duplicate`, `wrong_order_status`, `wrong_total_amount`, `wrong_total_vat_amount`
 */
export function createRefund(world: World, order: Order, wish: RefundWish): Refund {
  const isTaken = [...world.refunds.values()].some((refund) => refund.merchantOrderId === wish.merchantOrderId)
  if (isTaken) throw duplicateNumber()
  if (orderStatus(world, order) !== 'completed') throw new ApiRefusal(422, 'wrong_order_status', 'Wrong order status')
  checkTotals(wish)
  if (wish.amount === 0n) throw wrongCalculation('wrong_total_amount', 'amount')
  refuseAboveAvailable(world, order, wish.basketItems)
  const now = world.clock.now()
  const refund: Refund = {
    ...wish,
    id: newId(world.chance, now, world.settings.numericIds),
    parentId: order.id,
    merchantId: order.merchantId,
    currencyId: order.currencyId,
    createdAt: now,
    withheld: 0n,
    withheldVat: 0n,
    completedAt: null,
  }
  world.refunds.set(refund.id, refund)
  completeInTime(world, refund)
  return refund
}

export const duplicateNumber = (): ApiRefusal =>
  new ApiRefusal(422, 'merchant_order_id_duplicate', 'Merchant order id duplicate', [
    { name: 'merchantOrderId', code: 'wrong_value', message: '' },
  ])

/** Money reaches the payer after a while; with `refundAfterMs: null` somebody must say so by hand. */
export function completeInTime(world: World, refund: Refund): void {
  const { refundAfterMs } = world.settings
  if (refund.status !== 'created' || refundAfterMs === null) return
  world.agenda.at(new Date(world.clock.now().getTime() + refundAfterMs), () => {
    if (refund.status === 'created') completeRefund(world, refund)
  })
}

/** The money goes back to the instrument that paid. A refund of everything cancels the invoice; the order stays `completed`. */
export function completeRefund(world: World, refund: Refund): void {
  const order = world.orders.get(refund.parentId)
  refund.status = 'completed'
  refund.completedAt = world.clock.now()
  if (order) returnMoney(world, order, payoutOf(refund))
}

function returnMoney(world: World, order: Order, amount: bigint): void {
  const at = world.clock.now()
  const invoice = world.invoices.get(order.containerId)
  if (!invoice) return
  invoice.refunded += amount
  if (order.paidBy === 'guarantee') moveFund(payerFund(world, order), { kind: 'refund', amount, at, invoiceId: invoice.id })
  const isAll = invoice.refunded >= invoice.amount
  for (const operation of operationsOn(world, invoice)) {
    const fund = world.funds.get(operation.currencyId)
    if (operation.reversedAt || !fund) continue
    moveFund(fund, { kind: 'refund', amount, at, invoiceId: invoice.id, operationId: operation.id })
    operation.refunded += amount
    if (isAll) operation.reversedAt = at
  }
  if (isAll) invoice.status = 'canceled'
}
