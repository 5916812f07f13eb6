import { hasAlert, hundredths, inState, operationFor } from './evidence'
import type { BookedPayment, Evidence } from './evidence'
import { CHANGED_AMOUNT } from './plan'
import { booksOf } from './sums'

export function capturedWithoutOperation(evidence: Evidence): string[] {
  return inState(evidence, 'captured').flatMap((payment) => {
    const operations = evidence.invoices.get(payment.invoiceId)?.operations ?? []
    const ours = operations.filter(({ partnerOperationId }) => partnerOperationId === payment.operationId)
    return ours.length === 1 && operations.length === 1
      ? []
      : [`Payment ${payment.id} is captured, but its invoice has ${operations.length} operations, ${ours.length} of them ours.`]
  })
}

/** A merchant's cancellation takes an operation back; and a process that slept through the moment between its last look and its send can only be told about. */
export function paidUnknowingly(evidence: Evidence): string[] {
  const isKnown = (payment: BookedPayment | undefined): boolean => {
    if (!payment) return false
    if (payment.state === 'captured') return true
    if (payment.state === 'review') return hasAlert(evidence, 'payment_in_review', payment.id)
    return payment.state === 'voided' && hasAlert(evidence, 'paid_after_void', payment.id)
  }
  return [...evidence.invoices.values()].flatMap((invoice) =>
    invoice.operations
      .filter(({ isReversed }) => !isReversed)
      .map((operation) => ({
        operation,
        payment: evidence.payments.find(({ operationId }) => operationId === operation.partnerOperationId),
      }))
      .filter(({ payment }) => !isKnown(payment))
      .map(
        ({ operation, payment }) =>
          `Invoicebox paid invoice ${invoice.id} under ${operation.partnerOperationId}; here that is ${payment ? `${payment.state} (${payment.id})` : 'unknown'}.`,
      ),
  )
}

/** Where Invoicebox itself names one operation twice, either name will do; the alarm about it is the product's own test. */
export function capturedUnderAnotherName(evidence: Evidence): string[] {
  if (evidence.plan.faults.some(({ name }) => name === 'a second transaction id')) return []
  return inState(evidence, 'captured')
    .filter((payment) => payment.transactionId !== operationFor(evidence, payment)?.id)
    .map(
      (payment) =>
        `Payment ${payment.id} is captured under ${payment.transactionId ?? 'no transaction'}, not under ${operationFor(evidence, payment)?.id ?? 'none'}.`,
    )
}

/** What was read within five seconds may be old; what the merchant changed before that may not. */
const FRESH_MS = 5_000

export function paidAtAnOldPrice({ plan, payments, consents }: Evidence): string[] {
  return plan.faults.flatMap(({ deed, wave }) => {
    if (deed.by !== 'merchant' || deed.does !== 'amount' || deed.when !== 'before') return []
    if ((plan.waves[wave]?.dwellMs ?? 0) <= FRESH_MS) return []
    const invoices = consents.filter(({ scene }) => scene === deed.scene).map(({ invoiceId }) => invoiceId)
    return payments
      .filter(({ invoiceId, amount }) => invoices.includes(invoiceId) && amount !== CHANGED_AMOUNT)
      .map(({ id, amount }) => `Payment ${id} over ${amount} kopecks was begun when the invoice had long another amount.`)
  })
}

/** 0.333333 points for a rouble, as `arena.ts` sets it: counted here once more, and with other words than the product's. */
const priceOf = (amount: bigint): bigint => {
  const millionths = amount * 333_333n
  return millionths / 1_000_000n + (millionths % 1_000_000n === 0n ? 0n : 1n)
}

export function wrongPrices({ payments }: Evidence): string[] {
  return payments
    .filter(({ amount, points }) => points !== priceOf(amount))
    .map(
      ({ id, amount, points }) =>
        `Payment ${id} over ${amount} kopecks costs ${points} instead of ${priceOf(amount)} hundredths of a point.`,
    )
}

export function notConsented({ payments, consents }: Evidence): string[] {
  return payments
    .filter(
      (payment) =>
        !consents.some(
          ({ login, invoiceId, checkoutId, points, amount }) =>
            login === payment.login &&
            invoiceId === payment.invoiceId &&
            checkoutId === payment.checkoutId &&
            points === payment.points &&
            amount === payment.amount,
        ),
    )
    .map(
      ({ id, login, points, amount }) => `${login} pressed no button beside which ${points} and ${amount} stood, as payment ${id} takes.`,
    )
}

export function consentsUsedTwice({ payments }: Evidence): string[] {
  return payments
    .filter(({ id, consentId }) => payments.some((other) => other.consentId === consentId && other.id < id))
    .map(({ id }) => `Payment ${id} uses a consent that was used before.`)
}

export function invoicesPaidTwice(evidence: Evidence): string[] {
  const binding = inState(evidence, 'confirming', 'review', 'captured')
  return binding
    .filter(({ id, invoiceId }) => binding.some((other) => other.invoiceId === invoiceId && other.id < id))
    .map(({ id, invoiceId }) => `Payment ${id} is the second that binds invoice ${invoiceId}.`)
}

export function wrongSuspense(evidence: Evidence): string[] {
  return inState(evidence, 'captured').flatMap((payment) => {
    const operation = operationFor(evidence, payment)
    if (!operation) return []
    const difference = hundredths(operation.amount) - payment.amount
    // Cancelled before it was compared: everything comes back, so no difference is left.
    if (payment.suspense === difference || (operation.isReversed && payment.suspense === 0n))
      return difference === 0n || operation.isReversed || hasAlert(evidence, 'amount_differs', payment.id)
        ? []
        : [`Nobody is told that payment ${payment.id} differs from its invoice.`]
    return [`Payment ${payment.id} took ${payment.amount}, Invoicebox ${operation.amount}, and ${payment.suspense} lies in suspense.`]
  })
}

export function wrongPoints(evidence: Evidence): string[] {
  const { changes } = booksOf(evidence)
  const members = new Map(evidence.payments.map(({ memberId, login }) => [`member:${memberId}`, login]))
  return [...changes].flatMap(([account, change]) => {
    if (!account.startsWith('member:')) return []
    const own = evidence.payments.filter(({ memberId }) => account === `member:${memberId}`)
    const sum = (...states: string[]): bigint =>
      own.filter(({ state }) => states.includes(state)).reduce((total, { points }) => total + points, 0n)
    const right = change.balance === -sum('captured') && change.held === sum('confirming', 'review')
    return right
      ? []
      : [
          `${members.get(account) ?? account}: ${change.balance} and ${change.held} held; captures make ${-sum('captured')}, open payments ${sum('confirming', 'review')}.`,
        ]
  })
}

export function wrongFund(evidence: Evidence): string[] {
  const { fund, expectedFund, held, expectedHeld } = booksOf(evidence)
  return [
    ...(fund === expectedFund
      ? []
      : [`The fund moved by ${fund} kopecks; after what Invoicebox took, and what is told, it should have been ${expectedFund}.`]),
    ...(held === expectedHeld ? [] : [`${held} kopecks more are held in the fund; open payments make ${expectedHeld}.`]),
  ]
}
