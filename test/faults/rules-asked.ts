import type { Evidence } from './evidence'
import type { Call } from './invoicebox'
import { TIGHT_BUDGET } from './plan'

/** The confirms that reached Invoicebox, the oldest first. */
interface Sent {
  readonly invoiceId: string
  readonly operationId: string
  /** Its place among all calls. */
  readonly at: number
}

const inOrder = ({ calls }: Evidence): readonly Call[] => [...calls].reverse()

const sentBy = (calls: readonly Call[]): Sent[] =>
  calls.flatMap(({ path, requestBody }, at) => {
    const invoiceId = /\/invoice\/([^/]+)\/confirm$/.exec(path)?.[1]
    const operationId = /"partnerOperationId":"([^"]+)"/.exec(requestBody ?? '')?.[1]
    return invoiceId && operationId ? [{ invoiceId, operationId, at }] : []
  })

export function foreignOperationIds(evidence: Evidence): string[] {
  const stored = new Map(evidence.payments.map((payment) => [payment.operationId, payment.invoiceId]))
  const foreign = sentBy(inOrder(evidence)).filter(({ invoiceId, operationId }) => stored.get(operationId) !== invoiceId)
  return foreign.map(
    ({ invoiceId, operationId }) => `${operationId} was sent for invoice ${invoiceId}, but it is the operation of no payment of it.`,
  )
}

/** The reads of an invoice are at least as many as the sends before each send of one operation: one comes with the buyer, and one before each repeat. */
export function repeatedUnread(evidence: Evidence): string[] {
  const calls = inOrder(evidence)
  const sent = sentBy(calls)
  const isUnread = ({ invoiceId, operationId, at }: Sent): boolean => {
    const sends = sent.filter((other) => other.operationId === operationId && other.at < at).length
    const reads = calls
      .slice(0, at)
      .filter(({ method, path, query }) => method === 'GET' && (path.includes(invoiceId) || query.includes(invoiceId)))
    return reads.length < sends + 1
  }
  return sent.filter(isUnread).map(({ invoiceId }) => `Invoice ${invoiceId} was asked to be paid once more without a read before.`)
}

export function overTheBudget({ plan, calls }: Evidence): string[] {
  if (plan.budget === 'off') return []
  const at = calls.map((call) => Date.parse(call.at)).sort((a, b) => a - b)
  const late = at.filter((time, index) => time - (at[index - TIGHT_BUDGET.requests] ?? -Infinity) < TIGHT_BUDGET.seconds * 1_000)
  return late.map((time) => `At ${new Date(time).toISOString()} more than ${plan.budget} requests had come within a window.`)
}
