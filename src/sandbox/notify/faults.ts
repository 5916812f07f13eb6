import { encodeJson } from '../http/json'
import type { Json } from '../http/json'
import { amountJson } from '../merchant/present-order'
import { newId } from '../state/chance'
import type { Fault, NotificationFaultKind } from '../state/faults'
import type { Notification } from '../state/notifications'
import type { World } from '../state/world'
import { sign } from './sign'

/** What goes over the line. */
export interface Message {
  readonly body: string
  readonly signature: string | null
}

const honest = (world: World, body: string): Message => ({
  body,
  signature: sign(body, world.settings.notificationKey, world.settings.notificationAlgorithm),
})

type Forge = (world: World, notification: Notification, fault: Fault) => Message

const withField =
  (field: (world: World, fault: Fault, notification: Notification) => Readonly<Record<string, Json>>): Forge =>
  (world, notification, fault) =>
    honest(world, encodeJson({ ...notification.shown, ...field(world, fault, notification) }))

const OTHER_CURRENCY: Json = 'USD'
const ONE_ROUBLE = 100n

/** A sum that is not the order's: the fault's, or a rouble more. */
const otherAmount = (world: World, fault: Fault, { orderId }: Notification): Json =>
  amountJson(fault.amount ?? (world.orders.get(orderId)?.amount ?? 0n) + ONE_ROUBLE)

/** How each kind of fault changes the message; those that are missing here change the way it goes. */
const FORGERIES: Readonly<Partial<Record<NotificationFaultKind, Forge>>> = {
  'wrong-signature': (world, { body }) => ({
    body,
    signature: sign(body, `not ${world.settings.notificationKey}`, world.settings.notificationAlgorithm),
  }),
  'no-signature': (_world, { body }) => ({ body, signature: null }),
  'wrong-amount': withField((world, fault, notification) => ({ amount: otherAmount(world, fault, notification) })),
  'wrong-currency': withField(() => ({ currencyId: OTHER_CURRENCY })),
  'wrong-merchant': withField((world) => ({ merchantId: newId(world.chance, world.clock.now(), false) })),
  'unknown-order': withField((world) => ({
    id: newId(world.chance, world.clock.now(), false),
    merchantOrderId: `unknown-${world.chance.hex(8)}`,
  })),
  'other-payment': withField((world) => ({ id: newId(world.chance, world.clock.now(), false) })),
  'wrong-status': withField(() => ({ status: 'success' })),
  reserialize: (world, { body }) => ({ ...honest(world, body), body: body.replaceAll('\\/', '/') }),
}

/** The message as it goes out: honest, or forged as the fault says. */
export function messageOf(world: World, notification: Notification, fault: Fault | undefined): Message {
  const forge = fault && FORGERIES[fault.kind as NotificationFaultKind]
  return forge ? forge(world, notification, fault) : honest(world, notification.body)
}
