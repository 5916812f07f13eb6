import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import type { Invoice, OddInvoice } from '../invoicebox'
import type { KnownPayment } from '../payments'

export type DifferenceKind =
  | 'paid_there_unknown_here' //       no payment of it is known here
  | 'paid_there_voided_here' //        the payment known here was given back
  | 'captured_here_cancelled_there' // the merchant cancelled what points had paid
  | 'captured_here_not_paid_there' //  Invoicebox accepted our payment and does not show it
  | 'captured_here_not_shown_there' // Invoicebox does not show the invoice at all
  | 'amount_differs' //                the invoice's amount is not the one that the member agreed to
  | StatementKind

/** What only a statement of the guarantee fund tells. */
export type StatementKind =
  | 'statement_payment_unknown_here' // money was taken for an operation that is not known here
  | 'statement_payment_not_captured' // money was taken for a payment that is not captured here
  | 'statement_amount_differs'
  | 'statement_paid_twice' //           money was taken more than once for one operation
  | 'statement_returned' //             money came back for a payment that is captured here
  | 'statement_return_unknown_here'
  | 'payment_not_in_statement' //       captured here, and the statement does not show it
  | 'statement_deposit_unknown_here'
  | 'deposit_not_in_statement'
  | 'statement_balance_differs'

export const DIFFERENCE_KINDS = [
  'paid_there_unknown_here',
  'paid_there_voided_here',
  'captured_here_cancelled_there',
  'captured_here_not_paid_there',
  'captured_here_not_shown_there',
  'amount_differs',
  'statement_payment_unknown_here',
  'statement_payment_not_captured',
  'statement_amount_differs',
  'statement_paid_twice',
  'statement_returned',
  'statement_return_unknown_here',
  'payment_not_in_statement',
  'statement_deposit_unknown_here',
  'deposit_not_in_statement',
  'statement_balance_differs',
] as const satisfies readonly DifferenceKind[]

/** Something in which our books and Invoicebox's do not agree. */
export interface Difference {
  /** null where a statement does not tell the invoice. */
  readonly invoiceId: string | null
  readonly kind: DifferenceKind
  /** What is known and what to do, for a person, without personal data. */
  readonly text: string
  readonly resolved: boolean
}

/** What a sentence about a difference is made of: amounts as `12.00 RUB`, ids, words of the two sides. No personal data. */
export type Facts = Readonly<
  Partial<Record<'number' | 'amount' | 'here' | 'there' | 'points' | 'state' | 'operation' | 'problem' | 'at', string>>
>

/** A difference as it was found, before anybody has dealt with it. */
export interface Found {
  readonly kind: DifferenceKind
  /** What it is about, once per kind: an invoice, an operation, a moment. */
  readonly subject: string
  readonly invoiceId: string | null
  readonly paymentId: string | null
  readonly facts: Facts
  readonly text: string
}

export const amountOf = ({ minor, unit }: Money): string => `${toDecimal(minor)} ${unit}`

const ASK_WHOSE =
  "Ask Invoicebox's support whether our fund paid it and by which operation. If it did, take the points and record it as docs/operations.md says; if the buyer paid otherwise, nothing is to be done."

/** Invoicebox's list says "paid"; it does not say by whom, so without a payment of ours this is a question and not yet a loss. */
export function paidThere(invoice: Invoice | OddInvoice, ours: readonly KnownPayment[]): Found[] {
  const binding = ours.find(({ binds }) => binds)
  if (binding) return 'amount' in invoice ? amountDiffers(binding, invoice) : []
  const invoiceId = idOf(invoice)
  const [last] = ours
  const which = `Invoice ${nameOf(invoice)} is paid at Invoicebox`
  const found = { subject: invoiceId, invoiceId, facts: factsOf(invoice) }
  if (!last)
    return [
      { ...found, kind: 'paid_there_unknown_here', paymentId: null, text: `${which}, and no payment of it is known here. ${ASK_WHOSE}` },
    ]
  const text = `${which}, but payment ${last.id} of it was ${last.state} here. ${ASK_WHOSE}`
  return [{ ...found, kind: 'paid_there_voided_here', paymentId: last.id, facts: { ...found.facts, state: last.state }, text }]
}

/** The member pays what they agreed to; what the fund paid is the invoice's amount. */
function amountDiffers(payment: KnownPayment, { amount }: Invoice): Found[] {
  if (payment.state !== 'captured' || (amount.minor === payment.amount.minor && amount.unit === payment.amount.unit)) return []
  const facts = { number: payment.invoiceNumber, here: amountOf(payment.amount), there: amountOf(amount) }
  const text = `Payment ${payment.id} took ${facts.here} here, but its invoice ${facts.number} reads ${facts.there} at Invoicebox. See "The amount differs" in the runbook.`
  return [{ kind: 'amount_differs', subject: payment.invoiceId, invoiceId: payment.invoiceId, paymentId: payment.id, facts, text }]
}

/** What Invoicebox says, asked by its id, of an invoice that our captured payment should have paid. A missing status proves nothing. */
export function notPaidThere(payment: KnownPayment, invoice: Invoice | OddInvoice | undefined): Found[] {
  const { id, invoiceId, invoiceNumber: number, worth } = payment
  const found = (kind: DifferenceKind, there: string, text: string): Found[] => [
    {
      kind,
      subject: invoiceId,
      invoiceId,
      paymentId: id,
      facts: { number, there, amount: amountOf(payment.amount), points: amountOf(worth) },
      text: `Payment ${id} is captured here, ${text}`,
    },
  ]
  if (!invoice)
    return found(
      'captured_here_not_shown_there',
      'none',
      'but Invoicebox does not show its invoice. Ask support about the transaction, which `payments show` names.',
    )
  if (!('status' in invoice) || invoice.status === null) return []
  if (invoice.status === 'paid') return amountDiffers(payment, invoice)
  if (invoice.status === 'canceled')
    return found(
      'captured_here_cancelled_there',
      'canceled',
      'but its invoice is cancelled at Invoicebox. `gateway reconcile --resolve` gives the points back.',
    )
  return found(
    'captured_here_not_paid_there',
    invoice.status,
    `but its invoice reads ${invoice.status} at Invoicebox. "Paid" may show late: compare again in an hour, then ask support about the transaction.`,
  )
}

/** Ids compare without regard to case; ours are stored in lower case. */
export const idOf = (invoice: Invoice | OddInvoice): string => ('id' in invoice ? invoice.id : invoice.invoiceId).toLowerCase()

function nameOf(invoice: Invoice | OddInvoice): string {
  if (!('id' in invoice)) return `${invoice.invoiceId}, which cannot be understood (${invoice.problem}),`
  return `${invoice.number} over ${amountOf(invoice.amount)}`
}

const factsOf = (invoice: Invoice | OddInvoice): Facts =>
  'id' in invoice ? { number: invoice.number, amount: amountOf(invoice.amount) } : { number: invoice.invoiceId, problem: invoice.problem }
