import { plus, SECOND } from '../shared/clock'
import { bound, inTransaction, iso } from '../shared/database'
import type { Payment, PaymentDeps } from './payment'
import { readPayment } from './store'

/** As after a first attempt without an answer. */
const PAUSE_MS = 2 * SECOND

/** The reason of an outcome that says that our own request budget had no slot: nothing was sent. */
export const NO_BUDGET = 'no-budget'

/**
 * Leaves everything held for a payment about which nothing was asked, for want of a slot. The attempt does not count: it proves as little as no attempt, and our own
 * queue must not bring a payment nearer to its review. Nothing happens when the lease has passed on.
 */
export async function putBack({ db, clock }: PaymentDeps, payment: Payment, retryAfterMs = 0): Promise<Payment> {
  await inTransaction(db, async (tx) => {
    await tx('payments')
      .where({ id: payment.id, state: 'confirming', lease_token: bound(payment.leaseToken), attempts: payment.attempts })
      .update({
        attempts: payment.attempts - 1, // A number, so that a commit whose answer was lost is not subtracted twice.
        next_attempt_at: iso(plus(clock.now(), Math.max(PAUSE_MS, retryAfterMs))),
        lease_until: null,
        lease_owner: null,
      })
  })
  return readPayment(db, payment.id)
}
