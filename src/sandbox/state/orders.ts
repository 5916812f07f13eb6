import type { Json } from '../http/json'
import type { BasketLine, RoundPolicy } from './basket'
import type { PaidBy } from './invoices'

export const ORDER_STATUSES = ['created', 'completed', 'canceled', 'expired'] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

export interface OrderLinks {
  readonly notificationUrl: string | null
  readonly successUrl: string | null
  readonly failUrl: string | null
  readonly returnUrl: string | null
}

type JsonObject = Readonly<Record<string, Json>>

/** Fields that the API gives back exactly as they came, when they came at all. */
export interface OrderExtras {
  readonly metaData?: JsonObject
  readonly shopId?: string | number
  readonly userAccountId?: string
  readonly parentId?: string
}

/** What a merchant created. Amounts in kopecks. Field names are the API's own. */
export interface Order {
  readonly id: string
  /** The invoice that the order is part of; the last part of its payment link. */
  readonly containerId: string
  readonly createdAt: Date
  merchantId: string
  merchantOrderId: string
  merchantOrderIdVisible: string
  description: string
  amount: bigint
  vatAmount: bigint
  readonly currencyId: string
  readonly languageId: string
  expirationDate: Date
  basketItems: readonly BasketLine[]
  customer: JsonObject
  links: OrderLinks
  extras: OrderExtras
  readonly roundPolicy: RoundPolicy
  /** false: the merchant sets the status himself (reference 3.4.6). */
  readonly processable: boolean
  /** A correction order reduces a refund; nobody pays it. */
  readonly isCorrection: boolean
  /** Set by hand or by an event; what has merely expired is still `created` here. */
  status: OrderStatus
  paidAt: Date | null
  paidBy: PaidBy | null
  /** It ended unpaid before its invoice did, which asks for its sum no more. */
  hasLeft: boolean
  /** Whose guarantee fund paid; null when another instrument did. */
  payerVatNumber: string | null
  /** The shop answered a notification with `shipping_unavailable` (reference 1.7). */
  isShippingUnavailable: boolean
}
