import type { Money } from '../../shared/money'

/** Monitoring: nothing may change. Answer by the shop alone: another `merchantId` than ours is `order_not_found`. */
export interface Ping {
  readonly kind: 'ping'
  readonly merchantId: string
}

/** What Invoicebox tells about one order. Authentic, and proven by nothing else: the same may come twice, late, or in another order. */
export interface OrderNotification {
  readonly kind: 'order'
  /** Invoicebox's id of the order. */
  readonly id: string
  readonly merchantId: string
  readonly merchantOrderId: string
  readonly orderContainerId: string | null
  /** Paid is `completed` and nothing else. */
  readonly status: 'completed' | 'canceled' | 'unknown'
  /** `null`: not an amount in a currency that we serve, so it cannot be the order's (`order_wrong_amount`). */
  readonly amount: Money | null
  readonly createdAt: Date | null
  /** What may be stored of it: ids, sums and states as JSON text, free of whoever paid. At most 4 KB. */
  readonly redacted: string
}

/** Signed, and yet no notification: answer `out_of_service`, so that it comes again. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly problem: string
  readonly redacted: string
}

export type Notification = Ping | OrderNotification | Unreadable

/** Where a notification came in. */
export type NotificationChannel = 'http' | 'websocket'

export type ReplyCode =
  | 'out_of_service' //       ours is the fault; Invoicebox repeats ten times within 24 hours
  | 'order_wrong_amount'
  | 'order_already_paid' //   by another order of theirs
  | 'order_not_found'
  | 'shipping_unavailable'
  | 'signature_error'
  | 'order_wrong_status' //   known to the PHP client alone

/** The body of the answer; its HTTP status is always 200 (4.1). */
export type Reply = { readonly status: 'success' } | { readonly status: 'error'; readonly code: ReplyCode; readonly message?: string }
