import { MINUTE } from '../shared/clock'
import { inOneStatement, inTransaction } from '../shared/database'
import { ACCOUNTS, memberAccount, readAccounts } from '../ledger'
import { readMember } from '../members'
import { checkoutState } from './checkout-state'
import type { CheckoutState, Situation } from './checkout-state'
import { claimCheckout, readCheckout, refreshCheckout } from './checkouts'
import type { Checkout } from './checkouts'
import { FAILED_FOR_MS } from './freshness'
import type { PaymentDeps } from './payment'
import { isBinding } from './states'

/** A page may show an invoice this old: what it costs is read again before anything is held. */
const SHOWN_FOR_MS = 30 * MINUTE

export interface CheckoutView extends Situation {
  readonly state: CheckoutState
  /** Why the member is locked, where that is what the page is about. */
  readonly lockedReason: string | null
}

/**
 * Everything a checkout's page says, as of now. Reads the invoice only when the snapshot is older than half an hour or the last read failed.
 * Two database round trips with a fresh snapshot, three when a member sees it for the first time.
 * @throws Refusal not_found
 */
export async function viewCheckout(deps: PaymentDeps, id: string, memberId: string | null): Promise<CheckoutView> {
  const { db, clock, invoicebox, fundGate, settings } = deps
  const { checkout: stored, payment } = await readCheckout(db, id, memberId)
  const checkout = payment && isBinding(payment.state) ? stored : await refreshIfStale(deps, stored)
  if (memberId !== null && checkout.memberId === null) await inOneStatement(db, (each) => claimCheckout(each, id, memberId))
  const accounts = memberId === null ? [] : await readAccounts(db, [memberAccount(memberId), ACCOUNTS.fund])
  const fund = accounts.find((account) => account.id === ACCOUNTS.fund)
  const situation: Situation = {
    checkout,
    payment,
    account: accounts.find((account) => account.id !== ACCOUNTS.fund) ?? null,
    memberId,
    canPay: (amount) =>
      !invoicebox.circuit().open &&
      !invoicebox.isExhausted() &&
      fundGate.isOpen() &&
      fund !== undefined &&
      fund.available - amount.minor >= (fund.minAvailable ?? 0n),
    rate: settings.rate,
    now: clock.now(),
  }
  const state = checkoutState(situation)
  const lockedReason = state === 'blocked' && memberId !== null ? (await readMember(db, memberId)).lockedReason : null
  return { ...situation, state, lockedReason }
}

async function refreshIfStale({ db, clock, invoicebox }: PaymentDeps, checkout: Checkout): Promise<Checkout> {
  const goodForMs = checkout.problem === 'unavailable' ? FAILED_FOR_MS : SHOWN_FOR_MS
  if (checkout.readAt && Math.abs(clock.now().getTime() - checkout.readAt.getTime()) < goodForMs) return checkout
  const { outcome, exchange } = await invoicebox.readInvoice(checkout.invoiceId, { as: 'page', maxAgeMs: FAILED_FOR_MS, evenFailed: true })
  return inTransaction(db, (tx) => refreshCheckout(tx, checkout, outcome, exchange.startedAt))
}
