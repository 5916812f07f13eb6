/** The room's public face: a client of Invoicebox's Business API. */
export { createInvoiceboxClient } from './client'
export type { InvoiceboxDeps } from './asker'
export type { InvoiceboxSettings, Timeouts } from './settings'
export type {
  Asked,
  AuthOutcome,
  CircuitState,
  ConfirmOutcome,
  Exchange,
  Invoice,
  InvoiceboxClient,
  InvoiceOrder,
  InvoicePage,
  InvoiceQuery,
  InvoiceStatus,
  ListOutcome,
  OddInvoice,
  Operation,
  ReadOutcome,
  Unavailable,
  UnavailableReason,
  Unknown,
  UnknownReason,
} from './types'
