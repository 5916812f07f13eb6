import type { MovableClock } from './clock'
import type { Settings } from './settings'

export const INVOICE_STATUSES = ['pending', 'paid', 'canceled', 'partial'] as const
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number]

export const CUSTOMER_FIELDS = ['type', 'name', 'phone', 'email', 'vatNumber', 'registrationAddress'] as const
export type Customer = Partial<Record<(typeof CUSTOMER_FIELDS)[number], string>>

export type PaidBy = 'programme' | 'card' | 'guarantee' | 'hand'

/** A bill produced for payment. Amounts in kopecks of `currencyId`. Field names are the API's own. */
export interface Invoice {
  readonly id: string
  readonly createdAt: Date
  number: string
  expirationDate: Date
  description: string
  amount: bigint
  /** The VAT of its orders; null: an invoice without orders, taxed at the main rate. */
  vatAmount: bigint | null
  /** What went back to the payer through refunds of its orders. */
  refunded: bigint
  /** JSON text that the API prints instead of the amount, for attack tests. The fund is still debited by `amount`. */
  amountRaw: string | null
  currencyId: string
  customer: Customer
  status: InvoiceStatus
  paidAt: Date | null
  paidBy: PaidBy | null
  merchantOrderId: string
  merchantOrderIdVisible: string
  /** Not offered to this partner: 403 by id, absent from the list. */
  foreign: boolean
  /** It asks for nothing but its orders; otherwise it was there before them, and outlives them. */
  readonly isOfOrders: boolean
}

/** One confirmed payment out of the guarantee fund: Invoicebox's transaction. */
export interface Operation {
  readonly id: string
  readonly invoiceId: string
  readonly partnerOperationId: string
  readonly amount: bigint
  readonly currencyId: string
  readonly at: Date
  /** What of it went back to the fund. */
  refunded: bigint
  /** When all of it was back. */
  reversedAt: Date | null
}

export const hasExpired = (invoice: Invoice, now: Date): boolean => invoice.status === 'pending' && now >= invoice.expirationDate

/** The true status: after the deadline a pending invoice counts as canceled. Moving the deadline or the clock back revives it. */
export const statusOf = (invoice: Invoice, now: Date): InvoiceStatus => (hasExpired(invoice, now) ? 'canceled' : invoice.status)

/** What a reader sees: with `paidDelaySeconds` a confirmed invoice still reads as pending for that long. */
export function visibleStatus(invoice: Invoice, clock: MovableClock, settings: Settings): InvoiceStatus {
  const now = clock.now()
  const isHidden = invoice.paidAt !== null && now.getTime() < invoice.paidAt.getTime() + settings.paidDelaySeconds * 1_000
  return invoice.status === 'paid' && invoice.paidBy === 'programme' && isHidden ? 'pending' : statusOf(invoice, now)
}
