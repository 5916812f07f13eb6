import { z } from 'zod'
import { envelope } from '../http/envelope'
import { ApiRefusal } from '../http/refusal'
import { cancelOrder } from '../state/cancel-invoice'
import { changeOrder } from '../state/change-order'
import { createOrder, wrongStatus } from '../state/create-order'
import { refundsOf } from '../state/make-refund'
import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import { completeOrder } from '../state/pay-invoice'
import { isRegistered } from '../state/payers'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'
import { findOrder, refuseOtherShop } from './find-order'
import { presentOrder } from './present-order'
import { oneOf, readApiBody, text } from './read-body'
import { readAgentOrder, readOrder, readOrderChange } from './read-order'

const ONE = /^\/billing\/api\/order\/order\/([^/]+)$/

/** `POST …/billing/api/order/order` */
const postOrder: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/order$/,
  on: 'order.create',
  isMerchants: true,
  answer: (world, call) => {
    const wish = readOrder(call)
    refuseOtherShop(world, wish.merchantId)
    return envelope(world, presentOrder(world, createOrder(world, wish)))
  },
}

/** `POST …/adapter/api/subagent/order`: an agent's order for a seller; here every known seller has the one shop. */
const postAgentOrder: ApiRoute = {
  method: 'POST',
  path: /^\/adapter\/api\/subagent\/order$/,
  on: 'order.create',
  isMerchants: true,
  answer: (world, call) => {
    const wish = readAgentOrder(call, (vatNumber) => shopOfSeller(world, vatNumber))
    return envelope(world, presentOrder(world, createOrder(world, wish)))
  },
}

function shopOfSeller(world: World, vatNumber: string): string {
  if (isRegistered(vatNumber)) return world.merchant.id
  const field = { name: 'seller.vatNumber', code: 'wrong_value', message: 'Seller not found' }
  throw new ApiRefusal(422, 'validation', 'Validation error', [field])
}

const getOrder: ApiRoute = {
  method: 'GET',
  path: ONE,
  on: 'order.get',
  isMerchants: true,
  answer: (world, call) => envelope(world, presentOrder(world, findOrder(world, call.id))),
}

/** `PUT …/billing/api/order/order/{id}`: before payment only. */
const putOrder: ApiRoute = {
  method: 'PUT',
  path: ONE,
  on: 'order.update',
  isMerchants: true,
  answer: (world, call) => {
    const change = readOrderChange(call)
    const order = findOrder(world, call.id)
    changeOrder(world, order, change)
    return envelope(world, presentOrder(world, order))
  },
}

/**
 * An unpaid order simply ends. A paid one is reversed in full while it is guaranteed or pre-authorized: until a shipment, or with the switch
 * only after the shop's `shipping_unavailable`. What another instrument paid, or what was refunded already, is a matter of refunds.
 */
function refuseUncancelable(world: World, order: Order): void {
  const status = orderStatus(world, order)
  if (status === 'created') return
  const isShipped = [...world.shipments.values()].some((shipment) => shipment.orderId === order.id)
  const isOver = isShipped || order.paidBy === 'hand' || refundsOf(world, order).length > 0
  const isAllowed = order.isShippingUnavailable || !world.settings.cancelNeedsShippingUnavailable
  if (status !== 'completed' || order.isCorrection || isOver || !isAllowed) throw wrongStatus()
}

const deleteOrder: ApiRoute = {
  method: 'DELETE',
  path: ONE,
  on: 'order.cancel',
  isMerchants: true,
  answer: (world, call) => {
    const order = findOrder(world, call.id)
    refuseUncancelable(world, order)
    cancelOrder(world, order)
    return envelope(world, presentOrder(world, order))
  },
}

/** Spelled `cancelled` here and `canceled` everywhere else; both are taken. */
const statusSchema = z.object({ status: oneOf(['created', 'completed', 'expired', 'cancelled', 'canceled']) })

/** `PUT …/billing/api/order/{id}/status`: for orders that Invoicebox does not process. */
const putStatus: ApiRoute = {
  method: 'PUT',
  path: /^\/billing\/api\/order\/([^/]+)\/status$/,
  on: 'order.status',
  isMerchants: true,
  answer: (world, call) => {
    const { status } = readApiBody(statusSchema, call)
    const order = findOrder(world, call.id)
    if (order.processable || order.isCorrection) throw wrongStatus()
    setStatus(world, order, status === 'cancelled' ? 'canceled' : status)
    return envelope(world, presentOrder(world, order))
  },
}

function setStatus(world: World, order: Order, status: Order['status']): void {
  if (status === 'completed') completeOrder(world, order, null)
  else Object.assign(order, { status, paidAt: null, paidBy: null })
}

const moveSchema = z.object({ merchantId: text(36, 1), orderId: text(36, 1) })

/** `PUT …/billing/api/order/order-merchant-move`: to another shop, paid or not. */
const moveOrder: ApiRoute = {
  method: 'PUT',
  path: /^\/billing\/api\/order\/order-merchant-move$/,
  on: 'order.move',
  isMerchants: true,
  answer: (world, call) => {
    const { merchantId, orderId } = readApiBody(moveSchema, call)
    const order = findOrder(world, orderId)
    order.merchantId = merchantId
    return envelope(world, presentOrder(world, order))
  },
}

export const orderRoutes: readonly ApiRoute[] = [postOrder, postAgentOrder, getOrder, putOrder, deleteOrder, putStatus, moveOrder]
