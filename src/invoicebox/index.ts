/** The room's public face: a client of Invoicebox's Business API. */
export { createRequestBudget, REQUEST_CLASSES, unlimitedBudget } from './budget'
export type { BudgetDeps, BudgetSettings, BudgetUse, Limit, Permit, RequestBudget, RequestClass } from './budget'
export { createInvoiceboxClient } from './client'
export { forgetReadings, forgetReadingsOf } from './readings-store'
export { shareReads } from './share-reads'
export { DEFAULT_TIMEOUTS } from './settings'
export type { InvoiceboxDeps } from './asker'
export type { InvoiceboxSettings, Timeouts } from './settings'
export type {
  Asked,
  Asking,
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
  ReadAsking,
  ReadOutcome,
  Reservation,
  Unavailable,
  UnavailableReason,
  Unknown,
  UnknownReason,
} from './types'
