import { answerList } from '../list/answer-list'
import { amount, moment, text } from '../list/fields'
import type { Field, Fields } from '../list/fields'
import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import type { ApiRoute } from '../wire/call'
import { ofOwnShop } from './find-order'
import { presentOrder } from './present-order'

const CUSTOMER = ['type', 'name', 'phone', 'email', 'vatNumber', 'taxRegistrationReasonCode', 'registrationAddress']

const asText = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined)

const FIELDS: Fields<Order> = new Map<string, Field<Order>>([
  ['id', text((_world, order) => order.id)],
  ['status', text((world, order) => orderStatus(world, order))],
  ['merchantId', text((_world, order) => order.merchantId)],
  ['merchantOrderId', text((_world, order) => order.merchantOrderId)],
  ['merchantOrderIdVisible', text((_world, order) => order.merchantOrderIdVisible)],
  ['orderContainerId', text((_world, order) => order.containerId)],
  ['parentId', text((_world, order) => order.extras.parentId)],
  ['userAccountId', text((_world, order) => order.extras.userAccountId)],
  ['shopId', text((_world, order) => asText(order.extras.shopId))],
  ['currencyId', text((_world, order) => order.currencyId)],
  ['languageId', text((_world, order) => order.languageId)],
  ['description', text((_world, order) => order.description)],
  ['amount', amount((order) => order.amount)],
  ['vatAmount', amount((order) => order.vatAmount)],
  ['createdAt', moment((order) => order.createdAt)],
  ['expirationDate', moment((order) => order.expirationDate)],
  ['paidAt', moment((order) => order.paidAt)],
  ...CUSTOMER.map((name) => [`customer.${name}`, text<Order>((_world, order) => asText(order.customer[name]))] as const),
])

/** `GET …/filter/api/order/order`: the orders, filtered, sorted, by pages. */
export const listOrders: ApiRoute = {
  method: 'GET',
  path: /^\/filter\/api\/order\/order$/,
  on: 'order.list',
  isMerchants: true,
  answer: (world, call) => {
    return answerList(world, call, { fields: FIELDS, items: ofOwnShop(world, world.orders.values()), present: presentOrder })
  },
}
