/** The room's public face: clients of Invoicebox's Business and merchant APIs. */
export { createRequestBudget, REQUEST_CLASSES, unlimitedBudget } from './budget'
export type { BudgetDeps, BudgetSettings, BudgetUse, Limit, Permit, RequestBudget, RequestClass } from './budget'
export { createInvoiceboxClient } from './client'
export { forgetReadings, forgetReadingsOf } from './readings-store'
export * from './marketplace'
export * from './merchant'
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
  Customer,
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
export { ownAsFound, withOwn } from './own'
