import { plus } from '../shared/clock'
import { newId, newSortedId } from '../shared/ids'
import { FIRST_LEASE, LEASE_MS } from './lease'
import type { Payment } from './payment'

/** What is known of a payment before it exists. */
export type Wanted = Pick<
  Payment,
  'checkoutId' | 'consentId' | 'consentedAt' | 'invoiceId' | 'invoiceNumber' | 'payer' | 'points' | 'amount'
>

/** A payment that is about to be held and sent for the first time, with an operation id of its own. */
export const newPayment = (wanted: Wanted, now: Date): Payment => ({
  ...wanted,
  id: newSortedId(),
  operationId: newId(),
  state: 'confirming',
  fundHoldId: newSortedId(),
  attempts: 1,
  leaseToken: FIRST_LEASE,
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
})
