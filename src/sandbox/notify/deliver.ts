import { newId } from '../state/chance'
import { takeFault } from '../state/faults'
import type { Fault } from '../state/faults'
import type { Attempt, Notification } from '../state/notifications'
import type { World } from '../state/world'
import { attemptOver } from './attempt'
import { messageOf } from './faults'

/** After the first attempt; the documents say ten within 24 hours and no more. */
const REPEATS_AFTER_MINUTES = [5, 15, 30, 60, 120, 240, 420, 660, 960, 1_440]
const MINUTE = 60_000
const DEFAULT_HOLD = 5_000
const DEFAULT_COPIES = 2

const after = (world: World, milliseconds: number): Date => new Date(world.clock.now().getTime() + milliseconds)

/** Sends a notification after the delay that is set, and repeats it as documented until the shop has understood. */
export function deliverInTime(world: World, notification: Notification): void {
  const { notificationDelay } = world.settings
  const announced = notificationDelay > 0 ? newAttempt(world, notification, { isByHand: false }) : undefined
  if (announced) announced.at = after(world, notificationDelay)
  world.agenda.at(after(world, notificationDelay), () => void deliver(world, notification, announced))
}

async function deliver(world: World, notification: Notification, announced?: Attempt): Promise<void> {
  const attempts = await dispatch(world, notification, announced ?? newAttempt(world, notification, { isByHand: false }))
  const isFailed = attempts.every(({ outcome }) => outcome === 'failed')
  if (isFailed && notification.state === 'waiting' && world.notifications.find(notification.id)) repeat(world, notification)
}

/** Without an address there is nothing to repeat: the gate tells whoever connects. */
function repeat(world: World, notification: Notification): void {
  if (notification.url === null) return
  const done = world.notifications.attemptsOf(notification.id).filter(({ isByHand, channel }) => !isByHand && channel === 'http').length
  const minutes = REPEATS_AFTER_MINUTES[done - 1]
  if (minutes === undefined) {
    notification.state = 'given-up'
    return
  }
  const due = new Date(notification.createdAt.getTime() + minutes * MINUTE)
  world.agenda.at(due, () => {
    if (notification.state === 'waiting') void deliver(world, notification)
  })
}

/** Sends it once more at once, whatever became of it, and waits for the answer. */
export function resend(world: World, notification: Notification): Promise<readonly Attempt[]> {
  return dispatch(world, notification, newAttempt(world, notification, { isByHand: true }))
}

interface AttemptKind {
  readonly isByHand: boolean
  readonly channel?: Attempt['channel']
}

/** A line in the log, before anything is sent. */
export function newAttempt(world: World, notification: Notification, { isByHand, channel = 'http' }: AttemptKind): Attempt {
  const { id: notificationId, orderId, event, url, body } = notification
  notification.attempts += 1
  const attempt: Attempt = {
    id: newId(world.chance, world.clock.now(), false),
    notificationId,
    orderId,
    event,
    channel,
    url: channel === 'http' ? url : null,
    attempt: notification.attempts,
    isByHand,
    at: world.clock.now(),
    body,
    signature: null,
    status: null,
    answer: null,
    code: null,
    outcome: 'waiting',
    reason: null,
    ms: null,
    fault: null,
  }
  world.notifications.record(attempt)
  return attempt
}

async function dispatch(world: World, notification: Notification, attempt: Attempt): Promise<readonly Attempt[]> {
  const containerId = world.orders.get(notification.orderId)?.containerId
  const ids = containerId === undefined ? [notification.orderId] : [notification.orderId, containerId]
  const fault = takeFault(world.faults, { on: 'notification', ids, isReplay: false })
  attempt.fault = fault?.kind ?? null
  if (fault?.kind === 'lose') return loseForever(notification, attempt)
  if (fault?.kind === 'delay') await pauseUntil(world, after(world, fault.ms ?? DEFAULT_HOLD))
  if (fault?.kind === 'reorder') await heldBack(world, fault)
  const copies = fault?.kind === 'duplicate' ? (fault.copies ?? DEFAULT_COPIES) - 1 : 0
  const more = Array.from({ length: copies }, () => newAttempt(world, notification, attempt))
  const sent = await Promise.all([attempt, ...more].map((one) => sendOne(world, notification, one, fault)))
  return sent
}

function loseForever(notification: Notification, attempt: Attempt): readonly Attempt[] {
  notification.state = 'lost'
  attempt.outcome = 'lost'
  return [attempt]
}

const pauseUntil = (world: World, due: Date): Promise<void> => new Promise((resolve) => world.agenda.at(due, resolve))

/** Waits until another notification has gone out, but not for ever. */
function heldBack(world: World, { ms = DEFAULT_HOLD }: Fault): Promise<void> {
  return new Promise((resolve) => {
    world.notifications.onceSent(resolve)
    world.agenda.at(after(world, ms), resolve)
  })
}

async function sendOne(world: World, notification: Notification, attempt: Attempt, fault: Fault | undefined): Promise<Attempt> {
  const message = messageOf(world, notification, fault)
  notification.hasGoneOut = true
  attempt.at = world.clock.now()
  attempt.body = message.body
  attempt.signature = message.signature
  for (const listener of world.listeners) listener.tell(notification, message.body)
  await attemptOver(world, attempt, message)
  if (fault?.kind === 'lose-answer') Object.assign(attempt, { outcome: 'failed', reason: 'the answer was lost' })
  conclude(world, notification, attempt)
  return attempt
}

/** What the answer means for the notification and for its order. */
export function conclude(world: World, notification: Notification, attempt: Attempt): void {
  world.notifications.sent()
  if (attempt.outcome === 'accepted' || (attempt.outcome === 'declined' && notification.state === 'waiting'))
    notification.state = attempt.outcome
  const order = world.orders.get(notification.orderId)
  if (order && attempt.code === 'shipping_unavailable') order.isShippingUnavailable = true
}
