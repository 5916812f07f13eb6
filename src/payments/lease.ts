import { plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Payment, PaymentDeps } from './payment'
import { freeLeasesOf, renewLease } from './store'

/** A process that dies is noticed after this long; a frozen one loses its payment after this long and is fenced off by the lease's number. */
export const LEASE_MS = 15 * SECOND
/** The number of a payment's first lease; each holder after that gets a higher one. */
export const FIRST_LEASE = 1n
const RENEW_EVERY_MS = 5 * SECOND

/** Runs `work` on a leased payment and keeps the lease alive meanwhile. That the lease may pass on all the same is found out where the result is recorded. */
export async function underLease<T>(deps: Pick<PaymentDeps, 'db' | 'clock' | 'log'>, payment: Payment, work: () => Promise<T>): Promise<T> {
  const renewal = setInterval(() => {
    inTransaction(deps.db, (tx) => renewLease(tx, payment, plus(deps.clock.now(), LEASE_MS))).catch((error: unknown) => {
      deps.log.warn({ err: error, paymentId: payment.id }, 'a lease could not be renewed')
    })
  }, RENEW_EVERY_MS).unref()
  try {
    return await work()
  } finally {
    clearInterval(renewal)
  }
}

/** Hands the payments of this process over at its end, so that the next one need not wait for their leases to run out. */
export const releaseLeases = ({ db, clock, instance }: Pick<PaymentDeps, 'db' | 'clock' | 'instance'>): Promise<void> =>
  inTransaction(db, (tx) => freeLeasesOf(tx, instance, clock.now()))
