import { encodeJson } from '../http/json'
import type { Json } from '../http/json'
import { presentOrder } from '../merchant/present-order'
import { newId } from '../state/chance'
import { toAtom } from '../state/clock'
import type { Notification, NotifiedEvent } from '../state/notifications'
import type { Order } from '../state/orders'
import type { World } from '../state/world'
import { deliverInTime } from './deliver'

/** The documented id of the monitoring test (reference 4.4): it looks like an order and is none. */
export const PING_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The shop is told what became of an order: as it is now, whatever happens to it until the message arrives. */
export function notifyOf(world: World, order: Order, event: NotifiedEvent): void {
  const shown = presentOrder(world, order)
  deliverInTime(world, makeNotification(world, { orderId: order.id, event, url: order.links.notificationUrl, shown }))
}

interface Telling {
  readonly orderId: string
  readonly event: NotifiedEvent
  readonly url: string | null
  readonly shown: Readonly<Record<string, Json>>
}

export function makeNotification(world: World, { shown, url, ...telling }: Telling): Notification {
  const now = world.clock.now()
  const { notificationUrl } = world.settings
  const notification: Notification = {
    ...telling,
    id: newId(world.chance, now, false),
    createdAt: now,
    url: url ?? (notificationUrl === '' ? null : notificationUrl),
    shown,
    body: encodeJson(shown),
    attempts: 0,
    state: 'waiting',
    hasGoneOut: false,
  }
  world.notifications.add(notification)
  return notification
}

/** The monitoring test: signed like any other, about no order at all. */
export function makePing(world: World): Notification {
  const now = toAtom(world.clock.now())
  const shown: Readonly<Record<string, Json>> = {
    id: PING_ID,
    description: '',
    currencyId: 'RUB',
    amount: 0,
    vatAmount: 0,
    basketItems: [],
    merchantId: world.merchant.id,
    status: 'completed',
    subtype: 'order',
    createdAt: now,
    merchantOrderId: '',
    merchantOrderIdVisible: '',
    expirationDate: now,
    fileIds: [],
    customer: {},
    languageId: 'ru',
    processable: true,
  }
  return makeNotification(world, { orderId: PING_ID, event: 'ping', url: null, shown })
}
