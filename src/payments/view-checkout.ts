import { MINUTE } from '../shared/clock'
import { inOneStatement, inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { gatherReads } from '../shared/gather-reads'
import { pointsPrice } from '../shared/money'
import { ACCOUNTS, memberAccount, readAccounts } from '../ledger'
import type { Account } from '../ledger'
import { readHoldingLimits, readMember } from '../members'
import type { HoldingLimits } from '../members'
import { checkoutState } from './checkout-state'
import type { CheckoutState, Situation } from './checkout-state'
import { claimCheckout, readCheckout, refreshCheckout } from './checkouts'
import type { Checkout } from './checkouts'
import { FAILED_FOR_MS } from './freshness'
import type { PaymentDeps } from './payment'
import { findOverLimit, periodsAt, readSpent } from './spending-limits'
import type { OverLimit } from './spending-limits'
import { isBinding } from './states'

/** A page may show an invoice this old: what it costs is read again before anything is held. */
const SHOWN_FOR_MS = 30 * MINUTE

export interface CheckoutView extends Situation {
  readonly state: CheckoutState
  /** Why the member is locked, where that is what the page is about. */
  readonly lockedReason: string | null
  /** The operator's time zone, in which limits are told. */
  readonly zone: string
}

/**
 * Everything a checkout's page says, as of now. Reads the invoice only when the snapshot is older than half an hour or the last read failed.
 * One database round trip with a fresh snapshot, shared with whoever else looks at that moment; two when a member sees it for the first time.
 * @throws Refusal not_found
 */
export async function viewCheckout(deps: PaymentDeps, id: string, memberId: string | null): Promise<CheckoutView> {
  const { db, clock, invoicebox, fundGate, settings } = deps
  const wanted = memberId === null ? undefined : [memberAccount(memberId), ACCOUNTS.fund]
  const [{ checkout: stored, payment }, accountsThen, limits] = await Promise.all([
    readCheckout(db, id, memberId),
    readWanted(db, wanted),
    memberId === null ? undefined : readHoldingLimits(db, memberId),
  ])
  const checkout = payment && isBinding(payment.state) ? stored : await refreshIfStale(deps, stored)
  if (memberId !== null && checkout.memberId === null) await inOneStatement(db, (each) => claimCheckout(each, id, memberId))
  const accounts = checkout === stored ? accountsThen : await readWanted(db, wanted)
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
    overLimit: limits && memberId !== null ? await overLimitOf(deps, { checkout, memberId, limits }) : undefined,
    now: clock.now(),
  }
  const state = checkoutState(situation)
  const lockedReason = state === 'blocked' && memberId !== null ? (await readMember(db, memberId)).lockedReason : null
  return { ...situation, state, lockedReason, zone: settings.timeZone }
}

/** For members with limits alone; what nobody can pay breaks none. */
async function overLimitOf(
  { db, clock, settings }: PaymentDeps,
  { checkout, memberId, limits }: { readonly checkout: Checkout; readonly memberId: string; readonly limits: HoldingLimits },
): Promise<OverLimit | undefined> {
  if (!checkout.snapshot) return undefined
  const periods = periodsAt(clock.now(), settings.timeZone)
  return findOverLimit(limits, await readSpent(db, memberId, periods), pointsPrice(checkout.snapshot.amount, settings.rate).minor, periods)
}

const readWanted = (db: Db, ids: readonly string[] | undefined): Promise<readonly Account[]> =>
  ids ? readAccountsTogether(db, ids) : Promise.resolve([])

const readAccountsTogether = gatherReads<readonly string[], readonly Account[]>(async (db, _engine, wanted) => {
  const accounts = new Map((await readAccounts(db, [...new Set(wanted.flat())])).map((account) => [account.id, account]))
  return wanted.map((ids) => ids.flatMap((id) => accounts.get(id) ?? []))
})

async function refreshIfStale({ db, clock, invoicebox }: PaymentDeps, checkout: Checkout): Promise<Checkout> {
  const goodForMs = checkout.problem === 'unavailable' ? FAILED_FOR_MS : SHOWN_FOR_MS
  if (checkout.readAt && Math.abs(clock.now().getTime() - checkout.readAt.getTime()) < goodForMs) return checkout
  const { outcome, exchange } = await invoicebox.readInvoice(checkout.invoiceId, { as: 'page', maxAgeMs: FAILED_FOR_MS, evenFailed: true })
  return inTransaction(db, (tx) => refreshCheckout(tx, checkout, outcome, exchange.startedAt))
}
