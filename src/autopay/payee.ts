import type { DueInvoice } from './invoice'

/** All invoices whose number names no payee count as one, so that a limit errs on the safe side. */
export const UNKNOWN_PAYEE = '—'

/**
 * What stands in for the payee. Invoicebox's answers about an invoice name no shop, but its numbers begin with the container of the merchant before a dash (`417-208815`),
 * so that beginning is taken. A number without a dash names nobody.
 */
export function payeeOf({ number }: Pick<DueInvoice, 'number'>): string {
  const dash = number.indexOf('-')
  return dash > 0 ? number.slice(0, dash).trim() || UNKNOWN_PAYEE : UNKNOWN_PAYEE
}
