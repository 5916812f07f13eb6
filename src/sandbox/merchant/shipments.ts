import { z } from 'zod'
import { envelope } from '../http/envelope'
import type { Json } from '../http/json'
import { answerList } from '../list/answer-list'
import { amount as amountField, moment, text as textField } from '../list/fields'
import type { Field, Fields } from '../list/fields'
import { checkBasket, wrongCalculation } from '../state/basket'
import { toAtom } from '../state/clock'
import { wrongStatus } from '../state/create-order'
import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import type { Shipment } from '../state/shipments'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'
import { findOrder, ofOwnShop } from './find-order'
import { amountJson, presentLine } from './present-order'
import { basketItems } from './read-basket'
import { flag, readApiBody, text } from './read-body'

const shipmentSchema = z.object({
  orderId: text(36, 1),
  documentNumber: text(36).nullish(),
  documentDate: text(36).nullish(),
  basketItems,
  final: flag.nullish(),
})

type ShipmentWish = z.output<typeof shipmentSchema>

const FIRST_ID = 90_001

/** Several shipments of one order, together no more than the order; nothing after a final one (reference 3.5). */
function createShipment(world: World, order: Order, wish: ShipmentWish): Shipment {
  const earlier = [...world.shipments.values()].filter(({ orderId }) => orderId === order.id)
  if (orderStatus(world, order) !== 'completed' || earlier.some(({ isFinal }) => isFinal)) throw wrongStatus()
  const amount = wish.basketItems.reduce((sum, line) => sum + line.totalAmount, 0n)
  const vatAmount = wish.basketItems.reduce((sum, line) => sum + line.totalVatAmount, 0n)
  checkBasket({ amount, vatAmount, basketItems: wish.basketItems }, order.roundPolicy)
  const shipped = earlier.reduce((sum, shipment) => sum + shipment.amount, 0n)
  if (shipped + amount > order.amount) throw wrongCalculation('wrong_total_amount', 'basketItems')
  const shipment: Shipment = {
    id: FIRST_ID + world.shipments.size,
    orderId: order.id,
    merchantId: order.merchantId,
    documentNumber: wish.documentNumber ?? null,
    documentDate: wish.documentDate ?? null,
    basketItems: wish.basketItems,
    isFinal: wish.final ?? false,
    amount,
    vatAmount,
    createdAt: world.clock.now(),
  }
  world.shipments.set(shipment.id, shipment)
  return shipment
}

const presentShipment = (_world: World, shipment: Shipment): Json => ({
  id: shipment.id,
  orderId: shipment.orderId,
  merchantId: shipment.merchantId,
  ...(shipment.documentNumber === null ? {} : { documentNumber: shipment.documentNumber }),
  ...(shipment.documentDate === null ? {} : { documentDate: shipment.documentDate }),
  status: 'completed',
  type: 'shipment',
  final: shipment.isFinal,
  amount: amountJson(shipment.amount),
  vatAmount: amountJson(shipment.vatAmount),
  createdAt: toAtom(shipment.createdAt),
  basketItems: shipment.basketItems.map(presentLine),
})

const postShipment: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/shipment$/,
  on: 'shipment.create',
  isMerchants: true,
  answer: (world, call) => {
    const wish = readApiBody(shipmentSchema, call)
    return envelope(world, presentShipment(world, createShipment(world, findOrder(world, wish.orderId), wish)))
  },
}

const FIELDS: Fields<Shipment> = new Map<string, Field<Shipment>>([
  ['id', textField((_world, shipment) => String(shipment.id))],
  ['orderId', textField((_world, shipment) => shipment.orderId)],
  ['merchantId', textField((_world, shipment) => shipment.merchantId)],
  ['documentNumber', textField((_world, shipment) => shipment.documentNumber ?? undefined)],
  ['status', textField(() => 'completed')],
  ['amount', amountField((shipment) => shipment.amount)],
  ['createdAt', moment((shipment) => shipment.createdAt)],
])

/** Both read paths: the documents name one, the official client uses the other. */
const listShipments: ApiRoute = {
  method: 'GET',
  path: /^\/(?:filter|billing)\/api\/order\/shipment$/,
  on: 'shipment.list',
  isMerchants: true,
  answer: (world, call) =>
    answerList(world, call, { fields: FIELDS, items: ofOwnShop(world, world.shipments.values()), present: presentShipment }),
}

export const shipmentRoutes: readonly ApiRoute[] = [postShipment, listShipments]
