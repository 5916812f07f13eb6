import type { Json } from '../http/json'

export type NotifiedEvent = 'completed' | 'canceled' | 'ping'

/** One message to a shop: what is said stays the same, however often it is said. */
export interface Notification {
  readonly id: string
  /** The documented all-f id for the monitoring ping. */
  readonly orderId: string
  readonly event: NotifiedEvent
  readonly createdAt: Date
  /** null: neither the order nor the shop names an address. */
  readonly url: string | null
  /** What it says, top level. */
  readonly shown: Readonly<Record<string, Json>>
  /** The same as the exact text that is sent and signed. */
  readonly body: string
  /** Attempts so far. */
  attempts: number
  /** `waiting` has an attempt ahead; `given-up` has had all of them; `declined` was refused for good; `lost` by a fault. */
  state: 'waiting' | 'accepted' | 'declined' | 'given-up' | 'lost'
  /** false: its moment has not come yet. */
  hasGoneOut: boolean
}

export type AttemptOutcome = 'waiting' | 'accepted' | 'declined' | 'failed' | 'lost'

/** One line of the notification log: a message on its way, and what came back. */
export interface Attempt {
  readonly id: string
  readonly notificationId: string
  readonly orderId: string
  readonly event: NotifiedEvent
  readonly channel: 'http' | 'gate'
  readonly url: string | null
  /** From 1; those by hand count on. */
  readonly attempt: number
  readonly isByHand: boolean
  at: Date
  body: string
  signature: string | null
  /** The HTTP status of the answer; null: none came. */
  status: number | null
  /** The body of the answer, cut. */
  answer: string | null
  /** What the answer says: `success`, or the code of an error. */
  code: string | null
  outcome: AttemptOutcome
  /** Why it failed, in a word or two. */
  reason: string | null
  ms: number | null
  fault: string | null
}

export const MOST_ATTEMPTS = 20_000
const MOST_NOTIFICATIONS = 20_000

export interface NotificationLog {
  add(notification: Notification): void
  find(id: string): Notification | undefined
  all(): Notification[]
  record(attempt: Attempt): void
  newest(limit: number): Attempt[]
  attemptsOf(notificationId: string): Attempt[]
  /** About an order, newest first. */
  attemptsOn(orderId: string): Attempt[]
  attempt(id: string): Attempt | undefined
  /** Something has gone out: whoever waited for that goes on. */
  sent(): void
  onceSent(goOn: () => void): void
  clear(): void
}

/** Bounded: the oldest ones go. */
export function createNotificationLog(): NotificationLog {
  const notifications = new Map<string, Notification>()
  const attempts = new Map<string, Attempt>()
  const waiting: (() => void)[] = []
  const dropOldest = (map: Map<string, unknown>, most: number): void => {
    const [oldest] = map.keys()
    if (map.size > most && oldest !== undefined) map.delete(oldest)
  }
  return {
    add(notification) {
      notifications.set(notification.id, notification)
      dropOldest(notifications, MOST_NOTIFICATIONS)
    },
    find: (id) => notifications.get(id),
    all: () => [...notifications.values()],
    record(attempt) {
      attempts.set(attempt.id, attempt)
      dropOldest(attempts, MOST_ATTEMPTS)
    },
    newest: (limit) => [...attempts.values()].slice(-limit).reverse(),
    attemptsOf: (notificationId) => [...attempts.values()].filter((attempt) => attempt.notificationId === notificationId),
    attemptsOn: (orderId) => [...attempts.values()].filter((attempt) => attempt.orderId === orderId).reverse(),
    attempt: (id) => attempts.get(id),
    sent() {
      for (const goOn of waiting.splice(0)) goOn()
    },
    onceSent: (goOn) => void waiting.push(goOn),
    clear() {
      notifications.clear()
      attempts.clear()
      waiting.length = 0
    },
  }
}
