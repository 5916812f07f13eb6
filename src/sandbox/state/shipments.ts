import type { BasketLine } from './basket'

/** Goods delivered or services rendered for an order. Its id is a whole number, unlike everything else's (reference 1.2). */
export interface Shipment {
  readonly id: number
  readonly orderId: string
  readonly merchantId: string
  readonly documentNumber: string | null
  readonly documentDate: string | null
  readonly basketItems: readonly BasketLine[]
  readonly isFinal: boolean
  readonly amount: bigint
  readonly vatAmount: bigint
  readonly createdAt: Date
}
