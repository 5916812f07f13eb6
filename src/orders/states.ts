/** What an order of points goes through. Nothing is final but `credited`: money that comes late is still credited, once. */
export const ORDER_STATES = ['creating', 'created', 'paid', 'credited', 'expired', 'cancelled', 'failed'] as const
export type OrderState = (typeof ORDER_STATES)[number]

export const NEXT_STATES = {
  creating: ['created', 'paid', 'failed'], //   asked for; a notification may be quicker than the answer
  created: ['paid', 'expired', 'cancelled'], // the member may pay at Invoicebox
  expired: ['paid'],
  cancelled: ['paid'],
  failed: ['created', 'paid'], //              refused, or not found at Invoicebox; it may turn up all the same
  paid: ['credited'], //                       passed through in one transaction, unless there is nobody to credit
  credited: [],
} as const satisfies Record<OrderState, readonly OrderState[]>

/** Nothing leads out of a state that a later version of the gateway has brought and this one does not know. */
export const canMove = (from: OrderState, to: OrderState): boolean =>
  (NEXT_STATES as Readonly<Record<string, readonly OrderState[]>>)[from]?.includes(to) ?? false

/** Whether the member's money has come. */
export const isPaid = (state: OrderState): boolean => state === 'paid' || state === 'credited'

/** What a refund goes through: points held, asked for, the points gone, the money gone. */
export const REFUND_STATES = ['requested', 'drafted', 'accepted', 'completed', 'rejected', 'cancelled'] as const
export type RefundState = (typeof REFUND_STATES)[number]

export const NEXT_REFUND_STATES = {
  requested: ['drafted', 'accepted', 'rejected'], // points held and asked; silence stays here
  drafted: ['accepted', 'rejected'], //              waits for the correction order that keeps the fee
  accepted: ['completed', 'cancelled'], //           points taken; the money is on its way
  completed: [],
  rejected: [],
  cancelled: [], //                                  undone by Invoicebox; the points are back
} as const satisfies Record<RefundState, readonly RefundState[]>

export const canMoveRefund = (from: RefundState, to: RefundState): boolean =>
  (NEXT_REFUND_STATES as Readonly<Record<string, readonly RefundState[]>>)[from]?.includes(to) ?? false

/** Whether a refund counts against what is left of its order. */
export const isLive = (state: RefundState): boolean => state !== 'rejected' && state !== 'cancelled'
