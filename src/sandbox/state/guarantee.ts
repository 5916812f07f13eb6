/** The code that a payer types in the shop to pay an order out of his guarantee fund (reference 3.7). */
export interface GuaranteeCode {
  readonly orderId: string
  /** Whom it was sent to: nobody else's money goes by it. */
  readonly vatNumber: string
  /** Names the sending towards the shop. */
  readonly publicCode: string
  /** What the payer was sent. */
  readonly code: string
  readonly sentAt: Date
  leftAttempt: number
}
