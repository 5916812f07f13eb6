import type { Invoice } from './invoices'
import { vatInside } from './money'

/** An invoice is the sum of its orders, and of what it was issued for before there were any. */
export function growInvoice(invoice: Invoice, amount: bigint, vatAmount: bigint): void {
  invoice.vatAmount = (invoice.vatAmount ?? vatInside(invoice.amount)) + vatAmount
  invoice.amount += amount
}
