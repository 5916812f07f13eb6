import { toDecimal } from '../shared/money'
import type { Invoice, OddInvoice } from '../invoicebox'
import type { KnownPayment } from '../payments'

export type DifferenceKind =
  | 'paid_there_unknown_here' //       no payment of it is known here
  | 'paid_there_voided_here' //        the payment known here was given back
  | 'captured_here_cancelled_there' // the merchant cancelled what points had paid
  | 'captured_here_not_paid_there' //  Invoicebox accepted our payment and does not show it
  | 'captured_here_not_shown_there' // Invoicebox does not show the invoice at all

/** Something in which our books and Invoicebox's list do not agree. */
export interface Difference {
  readonly invoiceId: string
  readonly kind: DifferenceKind
  /** What is known and what to do, for a person, without personal data. */
  readonly text: string
  readonly resolved: boolean
}

const ASK_WHOSE =
  "Ask Invoicebox's support whether our fund paid it and by which operation. If it did, take the points and record it as docs/operations.md says; if the buyer paid otherwise, nothing is to be done."

/** Invoicebox's list says "paid"; it does not say by whom, so this is a question and not yet a loss. */
export function paidThere(invoice: Invoice | OddInvoice, ours: readonly KnownPayment[]): Difference[] {
  if (ours.some(({ binds }) => binds)) return []
  const invoiceId = idOf(invoice)
  const [last] = ours
  const which = `Invoice ${nameOf(invoice)} is paid at Invoicebox`
  if (!last)
    return [
      { invoiceId, kind: 'paid_there_unknown_here', text: `${which}, and no payment of it is known here. ${ASK_WHOSE}`, resolved: false },
    ]
  const text = `${which}, but payment ${last.id} of it was ${last.state} here. ${ASK_WHOSE}`
  return [{ invoiceId, kind: 'paid_there_voided_here', text, resolved: false }]
}

/** What Invoicebox says, asked by its id, of an invoice that our captured payment should have paid. A missing status proves nothing. */
export function notPaidThere(payment: KnownPayment, invoice: Invoice | OddInvoice | undefined): Difference[] {
  const difference = (kind: DifferenceKind, text: string): Difference[] => [
    { invoiceId: payment.invoiceId, kind, text: `Payment ${payment.id} is captured here, ${text}`, resolved: false },
  ]
  if (!invoice)
    return difference(
      'captured_here_not_shown_there',
      'but Invoicebox does not show its invoice. Ask support about the transaction, which `payments show` names.',
    )
  if (!('status' in invoice) || invoice.status === null || invoice.status === 'paid') return []
  if (invoice.status === 'canceled')
    return difference(
      'captured_here_cancelled_there',
      'but its invoice is cancelled at Invoicebox. See "Paid, then cancelled" in the runbook.',
    )
  return difference(
    'captured_here_not_paid_there',
    `but its invoice reads ${invoice.status} at Invoicebox. "Paid" may show late: compare again in an hour, then ask support about the transaction.`,
  )
}

/** Ids compare without regard to case; ours are stored in lower case. */
export const idOf = (invoice: Invoice | OddInvoice): string => ('id' in invoice ? invoice.id : invoice.invoiceId).toLowerCase()

function nameOf(invoice: Invoice | OddInvoice): string {
  if (!('id' in invoice)) return `${invoice.invoiceId}, which cannot be understood (${invoice.problem}),`
  return `${invoice.number} over ${toDecimal(invoice.amount.minor)} ${invoice.amount.unit}`
}
