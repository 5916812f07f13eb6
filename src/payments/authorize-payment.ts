import { inTransaction } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { pointsPrice } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { companion } from '../ledger'
import type { Companion } from '../ledger'
import type { Exchange, Permit } from '../invoicebox'
import { refreshCheckout } from './checkouts'
import type { Checkout, Snapshot } from './checkouts'
import { openConsent } from './consent'
import type { Consent } from './consent'
import { FRESH_FOR_MS } from './freshness'
import { newPayment } from './new-payment'
import type { Wanted } from './new-payment'
import type { Payment, PaymentDeps } from './payment'
import { placeHolds } from './place-holds'
import { readBeforeHold } from './read-before-hold'
import { limitedHold, periodsAt, refuseOverLimit } from './spending-limits'
import type { LimitedHold } from './spending-limits'
import { findPayment, insertExchanges } from './store'

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
  const payment = newPayment(wantedBy(consent, invoice), deps.clock.now())
  if (await placeHolds(deps, payment, { companions: companionsOf(payment, exchange, limited) })) return { payment, isNew: true, permit }
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

const wantedBy = (consent: Consent, invoice: Snapshot): Wanted => ({
  checkoutId: consent.checkoutId,
  consentId: consent.id,
  consentedAt: consent.issuedAt,
  invoiceId: consent.invoiceId,
  invoiceNumber: invoice.number,
  payer: { kind: 'member', memberId: consent.memberId, pointsHoldId: newSortedId() },
  points: consent.points,
  amount: consent.amount,
})

/** What is written together with the hold: the limits are looked at once more, and the reading is kept. */
const companionsOf = (payment: Payment, read: Exchange | undefined, limited: LimitedHold | undefined): Companion[] => [
  ...(limited ? [companion(refuseOverLimit, { ...limited, paymentId: payment.id })] : []),
  ...(read ? [companion(insertExchanges, { paymentId: payment.id, exchange: read, transactionId: null })] : []),
]

async function paymentOf({ db }: PaymentDeps, consent: Consent): Promise<Payment> {
  const payment = await findPayment(db, { consent_id: consent.id })
  if (!payment) throw new Refusal('consent_missing')
  return payment
}
