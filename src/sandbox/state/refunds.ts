import type { BasketLine } from './basket'

export const REFUND_STATUSES = ['draft', 'created', 'completed', 'canceled'] as const
export type RefundStatus = (typeof REFUND_STATUSES)[number]

/** Money back for a paid order, whole or in part. Amounts in kopecks. */
export interface Refund {
  readonly id: string
  readonly parentId: string
  readonly merchantOrderId: string
  readonly merchantId: string
  readonly description: string
  readonly amount: bigint
  readonly vatAmount: bigint
  readonly currencyId: string
  readonly basketItems: readonly BasketLine[]
  readonly createdAt: Date
  /** What the shop keeps back through correction orders. */
  withheld: bigint
  withheldVat: bigint
  status: RefundStatus
  completedAt: Date | null
}

/** What the payer gets. */
export const payoutOf = (refund: Refund): bigint => refund.amount - refund.withheld
