import { Verbatim } from '../http/json'
import type { Json } from '../http/json'
import type { BasketLine } from '../state/basket'
import { toAtom } from '../state/clock'
import { paymentUrl } from '../state/links'
import { toShortest } from '../state/money'
import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import type { World } from '../state/world'

/** An amount as the API prints it: the shortest number. */
export const amountJson = (kopecks: bigint): Json => new Verbatim(toShortest(kopecks))

export const presentLine = (line: BasketLine): Readonly<Record<string, Json>> => line.sent

/** OrderResponse of the reference's section 3.4.3: the recorded fields in the recorded order; what may be absent is absent. Notifications carry the same. */
export function presentOrder(world: World, order: Order): Readonly<Record<string, Json>> {
  return {
    id: order.id,
    description: order.description,
    currencyId: order.currencyId,
    amount: amountJson(order.amount),
    vatAmount: amountJson(order.vatAmount),
    basketItems: order.basketItems.map(presentLine),
    orderContainerId: order.containerId,
    merchantId: order.merchantId,
    status: orderStatus(world, order),
    subtype: 'order',
    processingStatus: '',
    createdAt: toAtom(order.createdAt),
    merchantOrderId: order.merchantOrderId,
    merchantOrderIdVisible: order.merchantOrderIdVisible,
    expirationDate: toAtom(order.expirationDate),
    fileIds: [],
    paymentUrl: paymentUrl(world, { id: order.containerId }),
    customer: order.customer,
    languageId: order.languageId,
    processable: order.processable,
    ...(order.paidAt ? { paidAt: toAtom(order.paidAt) } : {}),
    ...order.extras,
    ...(world.settings.unknownFields ? { merchantLogo: null, labels: [{ code: 'new' }] } : {}),
  }
}
