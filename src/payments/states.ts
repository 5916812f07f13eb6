/** What a payment goes through. Silence of Invoicebox is no state of its own: the payment stays `confirming` until there is an answer. */
export const PAYMENT_STATES = ['confirming', 'review', 'captured', 'voided', 'reversed'] as const
export type PaymentState = (typeof PAYMENT_STATES)[number]

export const NEXT_STATES = {
  confirming: ['captured', 'voided', 'review'], // held and asked: yes, a proven no, or a contradiction; silence stays here
  review: ['captured', 'voided'],
  captured: ['reversed'],
  voided: [],
  reversed: [],
} as const satisfies Record<PaymentState, readonly PaymentState[]>

/** Nothing leads out of a state that a later version of the gateway has brought and this one does not know. */
export const canMove = (from: PaymentState, to: PaymentState): boolean =>
  (NEXT_STATES as Readonly<Record<string, readonly PaymentState[]>>)[from]?.includes(to) ?? false

/** A payment in one of these leaves its invoice to others. */
export const FREEING_STATES = ['voided', 'reversed'] as const satisfies PaymentState[]

/** While it is so, nobody else can pay the invoice here. An unknown state binds: that money waits in it is the safe thing to believe. */
export const isBinding = (state: PaymentState): boolean => !(FREEING_STATES as readonly PaymentState[]).includes(state)

/** Whether money waits for the end of this payment. */
export const isOpen = (state: PaymentState): boolean => isBinding(state) && state !== 'captured'
