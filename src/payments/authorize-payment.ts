import { plus } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { newId, newSortedId } from '../shared/ids'
import { pointsPrice } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { Exchange, Permit } from '../invoicebox'
import { refreshCheckout } from './checkouts'
import type { Checkout, Snapshot } from './checkouts'
import { openConsent } from './consent'
import type { Consent } from './consent'
import { FRESH_FOR_MS } from './freshness'
import { LEASE_MS } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { readBeforeHold } from './read-before-hold'
import { limitedHold, periodsAt, refuseOverLimit } from './spending-limits'
import type { LimitedHold } from './spending-limits'
import { findPayment, insertExchanges, insertPayments } from './store'

export interface PaymentRequest {
  readonly checkoutId: string
  readonly memberId: string
  /** The token out of the confirm form. */
  readonly consent: string
}

/** A payment, and whether this call began it. */
export interface Authorized {
  readonly payment: Payment
  readonly isNew: boolean
  /** Of a new payment: the slot for its confirm. Whoever confirms gives it back when it was not needed. */
  readonly permit?: Permit
}

/**
 * Transaction 1: the payment row with its operation id, the hold on the member's points and the hold on the fund, all or nothing.
 * The same consent asked again gives the payment it led to, with `isNew: false`. The slots for reading and confirming are taken before anything is held: who holds
 * points must not stand in a queue.
 * @throws Refusal consent_missing, consent_expired, amount_changed, invoice_not_payable, invoice_being_paid, not_enough_points, member_locked, spending_limit,
 *   payments_unavailable
 */
export async function authorizePayment(deps: PaymentDeps, request: PaymentRequest): Promise<Authorized> {
  const { db, clock, invoicebox, settings } = deps
  const consent = openConsent(settings.secret, request.consent, request, clock.now())
  const { earlier, checkout, isBound, limits } = await readBeforeHold(db, { ...request, consentId: consent.id })
  if (earlier) return { payment: earlier, isNew: false }
  if (invoicebox.circuit().open || !deps.fundGate.isOpen()) throw new Refusal('payments_unavailable')
  if (!checkout) throw new Refusal('not_found')
  if (isBound) throw new Refusal('invoice_being_paid')
  const limited = limits && limitedHold(consent, limits, periodsAt(clock.now(), settings.timeZone))
  // Nearly always it is refused here, so that nobody's batch need be taken back for it.
  if (limited) await refuseOverLimit(db, [limited])
  const permit = await invoicebox.reserve({ as: 'payment', atLeast: freshSnapshot(deps, checkout) ? 1 : 2 })
  if (!permit) throw new Refusal('payments_unavailable')
  const authorized = await holdUnder(deps, { consent, checkout, permit, limited }).catch((error: unknown) => {
    permit.giveBack()
    throw error
  })
  if (!authorized.isNew) permit.giveBack()
  return authorized
}

interface Holding {
  readonly consent: Consent
  readonly checkout: Checkout
  readonly permit: Permit
  readonly limited: LimitedHold | undefined
}

async function holdUnder(deps: PaymentDeps, of: Holding): Promise<Authorized> {
  const { consent, checkout, permit, limited } = of
  const { invoice, exchange } = await readAgain(deps, checkout, permit)
  checkConsent(consent, invoice, deps)
  await deps.faultPoint?.('before-hold')
  const payment = newPayment(deps, consent, invoice)
  if (await placeHolds(deps, payment, exchange, limited)) return { payment, isNew: true, permit }
  return { payment: await paymentOf(deps, consent), isNew: false }
}

function freshSnapshot({ clock }: PaymentDeps, { snapshot, problem, readAt }: Checkout): Snapshot | null {
  const age = readAt ? Math.abs(clock.now().getTime() - readAt.getTime()) : Infinity
  return problem === null && age <= FRESH_FOR_MS ? snapshot : null
}

/** The invoice as of now: from the snapshot when that is fresh, else read from Invoicebox and stored. */
async function readAgain(deps: PaymentDeps, checkout: Checkout, permit: Permit): Promise<{ invoice: Snapshot; exchange?: Exchange }> {
  const { db, invoicebox } = deps
  const fresh = freshSnapshot(deps, checkout)
  if (fresh) return { invoice: fresh }
  const { outcome, exchange } = await invoicebox.readInvoice(checkout.invoiceId, { as: 'payment', permit, maxAgeMs: FRESH_FOR_MS })
  const { snapshot, problem } = await inTransaction(db, (tx) => refreshCheckout(tx, checkout, outcome, exchange.startedAt))
  if (outcome.kind === 'unavailable') throw new Refusal('payments_unavailable')
  if (!snapshot || problem) throw new Refusal('invoice_not_payable')
  return { invoice: snapshot, exchange }
}

/** The consent must be for what the invoice says now; a missing status is left to the confirm to decide. */
function checkConsent(consent: Consent, invoice: Snapshot, { clock, settings }: PaymentDeps): void {
  if (invoice.status !== 'pending' && invoice.status !== null) throw new Refusal('invoice_not_payable')
  if (invoice.expiresAt <= clock.now()) throw new Refusal('invoice_not_payable')
  if (!settings.currencies.includes(invoice.amount.unit)) throw new Refusal('invoice_unsupported')
  const sameAmount = consent.amount.minor === invoice.amount.minor && consent.amount.unit === invoice.amount.unit
  if (!sameAmount || consent.points.minor !== pointsPrice(invoice.amount, settings.rate).minor) throw new Refusal('amount_changed')
}

function newPayment({ clock }: PaymentDeps, consent: Consent, invoice: Snapshot): Payment {
  const now = clock.now()
  return {
    id: newSortedId(),
    checkoutId: consent.checkoutId,
    consentId: consent.id,
    consentedAt: consent.issuedAt,
    invoiceId: consent.invoiceId,
    invoiceNumber: invoice.number,
    memberId: consent.memberId,
    operationId: newId(),
    state: 'confirming',
    points: consent.points,
    amount: consent.amount,
    pointsHoldId: newSortedId(),
    fundHoldId: newSortedId(),
    attempts: 1,
    leaseToken: 1n,
    leaseUntil: plus(now, LEASE_MS),
    nextAttemptAt: plus(now, LEASE_MS),
    transactionId: null,
    rejectionCode: null,
    reason: null,
    resolvedBy: null,
    createdAt: now,
    settledAt: null,
    checkedAt: null,
    checkAttempts: 0,
  }
}

/** False when the same consent was used already, by a form sent twice. */
async function placeHolds(
  { ledger, instance }: PaymentDeps,
  payment: Payment,
  read: Exchange | undefined,
  limited: LimitedHold | undefined,
): Promise<boolean> {
  try {
    const { replayed } = await ledger.submit({
      key: `consent:${payment.consentId}`,
      reference: payment.id,
      lines: [
        {
          do: 'hold',
          holdId: payment.pointsHoldId,
          account: memberAccount(payment.memberId),
          to: ACCOUNTS.redeemed,
          amount: payment.points,
        },
        { do: 'hold', holdId: payment.fundHoldId, account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: payment.amount },
      ],
      companions: [
        companion(insertPayments, { ...payment, leaseOwner: instance }),
        ...(limited ? [companion(refuseOverLimit, { ...limited, paymentId: payment.id })] : []),
        ...(read ? [companion(insertExchanges, { paymentId: payment.id, exchange: read, transactionId: null })] : []),
      ],
    })
    return !replayed
  } catch (error) {
    throw inPaymentTerms(error)
  }
}

/** The ledger's and the database's "no" in the words of a payment. */
function inPaymentTerms(error: unknown): unknown {
  if (brokenUniqueRule(error)?.match(/payments_one_per_invoice|payments\.invoice_id/)) return new Refusal('invoice_being_paid')
  if (!(error instanceof Refusal)) return error
  const isFund = error.detail === ACCOUNTS.fund
  if (error.code === 'not_enough_available') return new Refusal(isFund ? 'payments_unavailable' : 'not_enough_points')
  if (error.code === 'account_locked') return new Refusal(isFund ? 'payments_unavailable' : 'member_locked')
  return error
}

async function paymentOf({ db }: PaymentDeps, consent: Consent): Promise<Payment> {
  const payment = await findPayment(db, { consent_id: consent.id })
  if (!payment) throw new Refusal('consent_missing')
  return payment
}
