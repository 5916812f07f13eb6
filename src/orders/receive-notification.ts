import type { Notification, OrderNotification, Reply, ReplyCode } from '../invoicebox/merchant'
import { companion } from '../ledger'
import { SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { tellWrongAmount } from './apply-reading'
import { askAbout } from './check-orders'
import { creditOrder } from './credit-order'
import { endOrder } from './end-order'
import { insertNotifications, isLoggedEnough } from './notification-store'
import type { Channel, NewNotification, NotificationAnswer } from './notification-store'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { findOrder } from './store'

/** Where a notification comes from. */
export interface Received {
  readonly channel: Channel
  /** The line of the log that is played once more. */
  readonly replayOf?: string
}

const ACTOR = 'invoicebox:notification'

/**
 * What an authentic notification of Invoicebox does, and the answer it gets (4.3, 4.4). The same one may come twice, late or in another order: what becomes of the order
 * depends on none of it. A failure of ours is thrown; the door answers `out_of_service` then, and it comes again.
 */
export async function receiveNotification(
  deps: OrderDeps,
  notification: Notification,
  received: Received = { channel: 'http' },
): Promise<Reply> {
  if (notification.kind === 'unreadable') return error('out_of_service', notification.problem)
  const isOurs = sameId(notification.merchantId, requireMerchant(deps).merchantId)
  if (notification.kind === 'ping') return isOurs ? SUCCESS : error('order_not_found', WORDS.order_not_found)
  const { order, answer, isKept = false } = isOurs ? await answerTo(deps, notification, received) : NOT_FOUND
  if (!isKept) await keep(deps, { notification, ...logged(received), answer, orderId: order?.id ?? null, at: deps.clock.now() })
  return answer === 'success' ? SUCCESS : error(answer, WORDS[answer])
}

interface Answered {
  readonly order?: Order
  readonly answer: NotificationAnswer
  /** Whether the line of the log was written already, together with what it brought about. */
  readonly isKept?: boolean
}

const NOT_FOUND: Answered = { answer: 'order_not_found' }

async function answerTo(deps: OrderDeps, notification: OrderNotification, received: Received): Promise<Answered> {
  const order = await orderOf(deps.db, notification)
  if (!order) return NOT_FOUND
  const refusal = await refusalOf(deps, order, notification)
  return refusal === undefined ? accept(deps, order, notification, received) : { order, answer: refusal }
}

/** Our number names the order; an id that belongs to another order of ours does not go with it. */
async function orderOf(db: Db, { id, merchantOrderId }: OrderNotification): Promise<Order | undefined> {
  const order = await findOrder(db, { number: merchantOrderId })
  if (!order || order.invoiceboxId === id.toLowerCase()) return order
  const other = await findOrder(db, { invoicebox_id: id.toLowerCase() })
  return other ? undefined : order
}

/** Amount and currency first, then what the order is by now. */
async function refusalOf(deps: OrderDeps, order: Order, notification: OrderNotification): Promise<ReplyCode | undefined> {
  const { amount, status } = notification
  if (amount?.minor !== order.amount.minor || amount.unit !== order.amount.unit) {
    if (status === 'completed' && order.paidId === null) await tellWrongAmount(deps, order)
    return 'order_wrong_amount'
  }
  if (status === 'unknown') return 'order_wrong_status'
  const id = notification.id.toLowerCase()
  if (status === 'canceled')
    return [order.paidId, order.invoiceboxId].includes(id) || order.invoiceboxId === null ? undefined : 'order_not_found'
  return order.paidId === null || order.paidId === id ? undefined : 'order_already_paid'
}

async function accept(deps: OrderDeps, order: Order, notification: OrderNotification, received: Received): Promise<Answered> {
  const at = deps.clock.now()
  const paidId = notification.id.toLowerCase()
  if (notification.status === 'canceled') {
    await endOrder(deps, order, { to: 'cancelled', actor: ACTOR, at })
    return { order, answer: 'success' }
  }
  if (order.state === 'credited') return { order, answer: 'success' }
  // It waits for goods, and what this tells was true once: the money may have gone back since.
  if (order.state === 'paid') await askAbout(deps, order, { as: 'page', waitMs: SECOND })
  const line: NewNotification = { notification, ...logged(received), answer: 'success', orderId: order.id, at }
  const credited = await creditOrder(deps, order, { paidId, actor: ACTOR, companions: [companion(insertNotifications, line)] })
  if (credited.order.state === 'paid') return { order, answer: 'shipping_unavailable' }
  return { order, answer: credited.order.paidId === paidId ? 'success' : 'order_already_paid', isKept: credited.isNew }
}

const logged = ({ channel, replayOf }: Received): Pick<NewNotification, 'channel' | 'replayOf'> => ({ channel, replayOf: replayOf ?? null })

/** The line of the log, unless it says nothing new. */
async function keep({ db }: OrderDeps, line: NewNotification): Promise<void> {
  if (!(await isLoggedEnough(db, line))) await inTransaction(db, (tx) => insertNotifications(tx, [line]))
}

const SUCCESS: Reply = { status: 'success' }

const WORDS: Readonly<Record<ReplyCode, string>> = {
  out_of_service: 'Try again later.',
  order_wrong_amount: 'The amount or the currency is not that of the order.',
  order_already_paid: 'The order was paid by another order.',
  order_not_found: 'There is no such order here.',
  shipping_unavailable: 'The points cannot be delivered.',
  signature_error: 'The signature is wrong.',
  order_wrong_status: 'This status means nothing here.',
}

const error = (code: ReplyCode, message: string): Reply => ({ status: 'error', code, message: message.slice(0, 500) })

const sameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
