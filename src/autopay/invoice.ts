import type { InvoiceStatus } from '../invoicebox'
import type { Money } from '../shared/money'

/** An invoice of an organisation as it was last read in Invoicebox's list. */
export interface DueInvoice {
  /** Invoicebox's id. */
  readonly id: string
  readonly organisationId: string
  readonly number: string
  readonly description: string
  /** The payer's name as the invoice spells it; a company's, so not personal data. */
  readonly payerName: string
  readonly amount: Money
  /** Null when Invoicebox did not say. */
  readonly status: InvoiceStatus | null
  /** The order number by which it was asked for, when it was (`--merchant-order`); Invoicebox's answers do not bear it. */
  readonly merchantOrder: string | null
  readonly issuedAt: Date
  readonly dueAt: Date
  readonly paymentUrl: string
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  /** How it stood in its queue when it was read, by `queueStamp`. */
  readonly stamp: string
}
