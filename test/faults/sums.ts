import { hundredths, operationFor } from './evidence'
import type { Evidence } from './evidence'

interface Change {
  readonly balance: bigint
  readonly held: bigint
}

interface Books {
  /** What the schedule did to each account. */
  readonly changes: ReadonlyMap<string, Change>
  readonly fund: bigint
  /** What Invoicebox did to its fund, and what the books may know better or worse for a reason that is told. */
  readonly expectedFund: bigint
  readonly held: bigint
  readonly expectedHeld: bigint
}

const NOTHING: Change = { balance: 0n, held: 0n }

/** The sums of both sides, in hundredths. */
export function booksOf(evidence: Evidence): Books {
  const changes = new Map(
    [...evidence.after].map(([id, { balance, held }]) => {
      const before = evidence.before.get(id) ?? NOTHING
      return [id, { balance: balance - before.balance, held: held - before.held }]
    }),
  )
  const fund = changes.get('fund') ?? NOTHING
  const open = evidence.payments.filter(({ state }) => state === 'confirming' || state === 'review')
  return {
    changes,
    fund: fund.balance,
    expectedFund: theirFund(evidence) + knownDifference(evidence),
    held: fund.held,
    expectedHeld: open.reduce((sum, { amount }) => sum + amount, 0n),
  }
}

/** What confirms took and cancellations gave back; what the harness itself put in or took out does not count. */
const theirFund = ({ fundEntries }: Evidence): bigint =>
  fundEntries.filter(({ kind }) => kind === 'confirm' || kind === 'reversal').reduce((sum, { amount }) => sum + hundredths(amount), 0n)

/**
 * Where the two may differ: an operation of a payment in review (or voided too late, with an alert) is not booked yet, and a capture that the merchant has cancelled since is still booked.
 */
function knownDifference(evidence: Evidence): bigint {
  return evidence.payments.reduce((sum, payment) => {
    const operation = operationFor(evidence, payment)
    if (!operation) return sum
    if (payment.state === 'captured') return operation.isReversed ? sum - payment.amount - payment.suspense : sum
    if (payment.state === 'reversed') return sum
    return operation.isReversed ? sum : sum + hundredths(operation.amount)
  }, 0n)
}
