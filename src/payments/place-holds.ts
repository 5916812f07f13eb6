import { brokenUniqueRule } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { Companion, Line } from '../ledger'
import type { Payment, PaymentDeps } from './payment'
import { insertPayments } from './store'

/** What a new payment needs beside its own row. */
export interface Placing {
  /** What must stay in the fund, in minor units. */
  readonly leaving?: bigint
  readonly companions?: readonly Companion[]
}

/**
 * Transaction 1: the payment's row with its operation id, and its holds, all or nothing. False when the same consent or decision was used already.
 * @throws Refusal invoice_being_paid, not_enough_points, member_locked, payments_unavailable, fund_floor_reached, and whatever a companion throws
 */
export async function placeHolds(
  { ledger, instance }: PaymentDeps,
  payment: Payment,
  { leaving, companions = [] }: Placing,
): Promise<boolean> {
  try {
    const { replayed } = await ledger.submit({
      key: `consent:${payment.consentId}`,
      reference: payment.id,
      lines: holdLines(payment, leaving),
      companions: [companion(insertPayments, { ...payment, leaseOwner: instance }), ...companions],
    })
    return !replayed
  } catch (error) {
    throw inPaymentTerms(error, payment)
  }
}

function holdLines({ payer, points, amount, fundHoldId }: Payment, leaving?: bigint): Line[] {
  const kept = leaving === undefined ? {} : { leaving }
  const fund: Line = { do: 'hold', holdId: fundHoldId, account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount, ...kept }
  if (payer.kind === 'organisation') return [fund]
  return [{ do: 'hold', holdId: payer.pointsHoldId, account: memberAccount(payer.memberId), to: ACCOUNTS.redeemed, amount: points }, fund]
}

/** The ledger's and the database's "no" in the words of a payment. */
function inPaymentTerms(error: unknown, payment: Payment): unknown {
  if (brokenUniqueRule(error)?.match(/payments_one_per_invoice|payments\.invoice_id/)) return new Refusal('invoice_being_paid')
  if (!(error instanceof Refusal)) return error
  const isFund = error.detail === ACCOUNTS.fund
  if (error.code === 'not_enough_available') return new Refusal(isFund ? fundRefusal(payment) : 'not_enough_points')
  if (error.code === 'account_locked') return new Refusal(isFund ? 'payments_unavailable' : 'member_locked')
  return error
}

/** A buyer is never told about the fund. */
const fundRefusal = ({ payer }: Payment): 'payments_unavailable' | 'fund_floor_reached' =>
  payer.kind === 'member' ? 'payments_unavailable' : 'fund_floor_reached'
