/** The room's public face: our books against Invoicebox's. */
export type { Difference, DifferenceKind } from './differences'
export { findLostPayments } from './find-lost-payments'
export type { Comparison, ReconciliationDeps } from './find-lost-payments'
