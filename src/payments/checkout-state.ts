import { pointsPrice } from '../shared/money'
import type { Money, Rate } from '../shared/money'
import type { Account } from '../ledger'
import type { Checkout, Problem, Snapshot } from './checkouts'
import { memberOf } from './payment'
import type { Payment } from './payment'
import type { OverLimit } from './spending-limits'
import { isBinding } from './states'

/** What a buyer sees: the `data-state` of the page (docs/payment-states.md). */
export const CHECKOUT_STATES = [
  'sign-in',
  'ready',
  'not-enough',
  'amount-changed',
  'checking',
  'paid',
  'already-paid',
  'expired',
  'cancelled',
  'partly-paid',
  'not-found',
  'unsupported',
  'unavailable',
  'blocked',
] as const
export type CheckoutState = (typeof CHECKOUT_STATES)[number]

/** All that decides what the page says. */
export interface Situation {
  readonly checkout: Checkout
  /** The payment that binds the invoice, or the newest one, whoever made it. */
  readonly payment: Payment | undefined
  /** The account of the member who looks, or null when nobody is signed in. */
  readonly account: Account | null
  readonly memberId: string | null
  /** Whether the fund reaches and Invoicebox answers. */
  readonly canPay: (amount: Money) => boolean
  readonly rate: Rate
  /** The spending limit that a payment of this invoice would break, if there is one. */
  readonly overLimit: OverLimit | undefined
  readonly now: Date
}

/** Decides the state of a checkout's page. What is true of the invoice comes first, then who looks, then whether they can pay. */
export function checkoutState(at: Situation): CheckoutState {
  const { checkout, now } = at
  const settled = at.payment && stateOfPayment(at.payment, at)
  if (settled) return settled
  if (!checkout.snapshot || checkout.problem) return stateOfProblem(checkout.problem ?? 'unavailable')
  const closed = stateOfInvoice(checkout.snapshot, now)
  if (closed) return closed
  if (!at.account) return 'sign-in'
  return stateOfMember(at, checkout.snapshot, at.account)
}

/** Points cannot pay for what we sell ourselves, which is one way of not being served. */
const stateOfProblem = (problem: Problem): CheckoutState => (isOwn(problem) ? 'unsupported' : problem)

const isOwn = (problem: Problem): problem is 'own-top-up' | 'own-voucher' => problem === 'own-top-up' || problem === 'own-voucher'

/** What a payment of this invoice makes of the page. A payment of somebody else is none of the viewer's business beyond "it is being paid". */
function stateOfPayment(payment: Payment, at: Situation): CheckoutState | undefined {
  // Nobody is signed in: it may be the payer, who must not be told that no points moved.
  if (at.memberId === null && isBinding(payment.state)) return 'sign-in'
  const mine = at.memberId !== null && memberOf(payment) === at.memberId
  switch (payment.state) {
    case 'captured':
      return mine ? 'paid' : 'already-paid'
    case 'reversed':
      return 'cancelled'
    case 'voided':
      return mine && payment.checkoutId === at.checkout.id ? afterVoid(at) : undefined
    case 'confirming':
    case 'review':
    default: // A later version of the gateway, which runs beside this one, may have brought a state that is not known here.
      return mine ? 'checking' : 'unavailable'
  }
}

/** A refused payment leaves by the fail exit; what the invoice itself says explains it better where it can. */
function afterVoid(at: Situation): CheckoutState {
  if (at.checkout.problem !== null && isOwn(at.checkout.problem)) return 'unsupported'
  return (at.checkout.snapshot && stateOfInvoice(at.checkout.snapshot, at.now)) ?? 'unavailable'
}

function stateOfInvoice(invoice: Snapshot, now: Date): CheckoutState | undefined {
  const isOver = invoice.expiresAt <= now
  switch (invoice.status) {
    case 'paid':
      return 'already-paid'
    case 'partial':
      return 'partly-paid'
    case 'canceled':
      return isOver ? 'expired' : 'cancelled' // Invoicebox has no status "expired".
    case 'pending':
    case null:
      return isOver ? 'expired' : undefined // A missing status proves nothing.
    default:
      return 'unavailable' // A later version has understood a status that this one does not.
  }
}

function stateOfMember(at: Situation, invoice: Snapshot, account: Account): CheckoutState {
  if (account.locked || at.overLimit) return 'blocked'
  if (!at.canPay(invoice.amount)) return 'unavailable'
  if (account.available < pointsPrice(invoice.amount, at.rate).minor) return 'not-enough'
  return at.checkout.shownAmount ? 'amount-changed' : 'ready'
}
