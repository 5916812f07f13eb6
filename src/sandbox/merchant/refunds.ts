import { z } from 'zod'
import { envelope } from '../http/envelope'
import type { Json } from '../http/json'
import { answerList } from '../list/answer-list'
import { amount as amountField, moment, text as textField } from '../list/fields'
import type { Field, Fields } from '../list/fields'
import { wrongCalculation } from '../state/basket'
import { toAtom } from '../state/clock'
import { createCorrection, wrongStatus } from '../state/create-order'
import type { OrderWish } from '../state/create-order'
import { completeInTime, createRefund, refundableLines } from '../state/make-refund'
import type { RefundableLine } from '../state/make-refund'
import type { Order } from '../state/orders'
import { payoutOf } from '../state/refunds'
import type { Refund } from '../state/refunds'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'
import { findOrder, ofOwnShop, refuseOtherShop } from './find-order'
import { amountJson, presentLine, presentOrder } from './present-order'
import { basketItems } from './read-basket'
import { amount, oneOf, readApiBody, text } from './read-body'
import { readOrder } from './read-order'

const presentRefundable = (world: World, { line, availableAmount, availableVatAmount }: RefundableLine): Json => ({
  ...presentLine(line),
  ...(world.settings.refundableExtrasMissing
    ? {}
    : { availableAmount: amountJson(availableAmount), availableVatAmount: amountJson(availableVatAmount) }),
})

/** `GET …/billing/api/order/order/{id}/refund-basket-item`: what is left to refund of each line. */
const getRefundableLines: ApiRoute = {
  method: 'GET',
  path: /^\/billing\/api\/order\/order\/([^/]+)\/refund-basket-item$/,
  on: 'refund.lines',
  isMerchants: true,
  answer: (world, call) => {
    const lines = refundableLines(world, findOrder(world, call.id))
    return envelope(
      world,
      lines.map((line) => presentRefundable(world, line)),
    )
  },
}

const refundSchema = z.object({
  parentId: text(36, 1),
  merchantOrderId: text(100, 1),
  amount,
  vatAmount: amount,
  basketItems,
  description: text(1_000),
  status: oneOf(['created', 'draft']).nullish(),
})

/** RefundOrderResponse of the reference's section 3.6. After a correction the amount is what is paid out. */
function presentRefund(_world: World, refund: Refund): Json {
  return {
    id: refund.id,
    parentId: refund.parentId,
    description: refund.description,
    merchantOrderId: refund.merchantOrderId,
    merchantId: refund.merchantId,
    amount: amountJson(payoutOf(refund)),
    vatAmount: amountJson(refund.vatAmount - refund.withheldVat),
    currencyId: refund.currencyId,
    basketItems: refund.basketItems.map(presentLine),
    createdAt: toAtom(refund.createdAt),
    status: refund.status,
  }
}

/** `POST …/billing/api/order/refund-order` */
const postRefund: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/refund-order$/,
  on: 'refund.create',
  isMerchants: true,
  answer: (world, call) => {
    const { parentId, status, ...wish } = readApiBody(refundSchema, call)
    const order = findOrder(world, parentId)
    return envelope(world, presentRefund(world, createRefund(world, order, { ...wish, status: status ?? 'created' })))
  },
}

const FIELDS: Fields<Refund> = new Map<string, Field<Refund>>([
  ['id', textField((_world, refund) => refund.id)],
  ['parentId', textField((_world, refund) => refund.parentId)],
  ['status', textField((_world, refund) => refund.status)],
  ['merchantId', textField((_world, refund) => refund.merchantId)],
  ['merchantOrderId', textField((_world, refund) => refund.merchantOrderId)],
  ['amount', amountField((refund) => payoutOf(refund))],
  ['createdAt', moment((refund) => refund.createdAt)],
])

const listRefunds: ApiRoute = {
  method: 'GET',
  path: /^\/filter\/api\/order\/refund-order$/,
  on: 'refund.list',
  isMerchants: true,
  answer: (world, call) =>
    answerList(world, call, { fields: FIELDS, items: ofOwnShop(world, world.refunds.values()), present: presentRefund }),
}

/** `POST …/billing/api/order/correction-order`: `parentId` is a draft refund, which is paid out without the correction's sum. */
const postCorrection: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/correction-order$/,
  on: 'correction.create',
  isMerchants: true,
  answer: (world, call) => {
    const wish = readOrder(call)
    refuseOtherShop(world, wish.merchantId)
    return envelope(world, presentOrder(world, correct(world, wish)))
  },
}

function correct(world: World, wish: OrderWish): Order {
  const { parentId = '' } = wish.extras
  const refund = world.refunds.get(parentId)
  const invoice = refund && world.invoices.get(world.orders.get(refund.parentId)?.containerId ?? '')
  if (refund?.status !== 'draft' || !invoice) throw wrongStatus()
  if (wish.amount > refund.amount) throw wrongCalculation('wrong_total_amount', 'amount')
  const correction = createCorrection(world, wish, invoice)
  refund.withheld = wish.amount
  refund.withheldVat = wish.vatAmount < refund.vatAmount ? wish.vatAmount : refund.vatAmount
  refund.status = 'created'
  completeInTime(world, refund)
  return correction
}

export const refundRoutes: readonly ApiRoute[] = [getRefundableLines, postRefund, listRefunds, postCorrection]
