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

export const canMove = (from: PaymentState, to: PaymentState): boolean => (NEXT_STATES[from] as readonly PaymentState[]).includes(to)

/** While a payment is in one of these, nobody else can pay its invoice here. */
export const BINDING_STATES = ['confirming', 'review', 'captured'] as const satisfies PaymentState[]

export const isBinding = (state: PaymentState): boolean => (BINDING_STATES as readonly PaymentState[]).includes(state)
