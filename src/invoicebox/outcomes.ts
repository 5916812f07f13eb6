import { isSuccess } from './answers'
import type { Clear, Trouble, Understood } from './answers'
import type { Verdict } from './circuit'
import { speaksOfError } from './errors'
import { isObject } from './exact-json'
import type { JsonObject } from './exact-json'
import type { AuthOutcome, ConfirmOutcome, Operation, ReadOutcome, Unavailable, Unknown, UnknownReason } from './types'
import { tell } from '../shared/told'
import { elements, isOdd, readId, sameId, toInvoice } from './wire'
import type { InvoiceRules } from './wire'

/**
 * The second half of the table of Q-08: what a clear answer means for each call. Everything here is pure.
 * The rule for a confirm: only our own operation id with a transaction id is a yes, only a 4xx with an error in the API's own format
 * is a no, and whatever is left is unknown (Rule R).
 */
export function confirmOutcome(answer: Understood, invoiceId: string, operationId: string): ConfirmOutcome {
  if (answer.kind === 'trouble') return unknownOf(answer)
  if (isSuccess(answer)) return confirmed(answer, invoiceId, operationId)
  const { error, status } = answer
  return error ? { kind: 'rejected', code: error.code, status, message: error.message } : puzzling('not-understood')
}

function confirmed({ body, error, status }: Clear, invoiceId: string, operationId: string): ConfirmOutcome {
  if (speaksOfError(body))
    return puzzling('not-understood', tell('told.confirm_with_error', { status: String(status), code: error?.code ?? '—' }))
  const found = elements(body) ?? []
  const ours = found.filter((item) => sameId(item.partnerOperationId, operationId))
  const foreign = found.some((item) => !isMissing(item.partnerOperationId))
  const candidates = foreign ? ours : found
  if (foreign && ours.length === 0) return puzzling('wrong-operation', tell('told.confirm_other_operation'))
  const [transaction] = candidates
  const transactionId = candidates.length === 1 && transaction ? transactionIdOf(transaction, invoiceId) : null
  if (transactionId === null) return puzzling('no-transaction-id', tell('told.confirm_no_transaction'))
  return { kind: 'accepted', transactionId }
}

/** An answer without our operation id is good enough unless it is the invoice itself that came back. */
function transactionIdOf(transaction: JsonObject, invoiceId: string): string | null {
  const id = readId(transaction.id)
  return isMissing(transaction.partnerOperationId) && id !== null && sameId(id, invoiceId) ? null : id
}

const isMissing = (value: unknown): boolean => value === undefined || value === null

function unknownOf({ reason, sent, retryAfterMs }: Trouble): Unknown {
  const outcome: Unknown = { kind: 'unknown', reason, sent, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  return reason === 'redirected' ? { ...outcome, alarm: tell('told.confirm_redirected') } : outcome
}

const puzzling = (reason: UnknownReason, alarm?: string): Unknown => ({ kind: 'unknown', reason, sent: true, ...(alarm ? { alarm } : {}) })

/** Absent is a 404 with any code, `[]` or `null`; foreign is a 403. */
export function readOutcome(answer: Understood, invoiceId: string, rules: InvoiceRules): ReadOutcome {
  if (answer.kind === 'clear' && answer.error && answer.status === 404) return { kind: 'not-found' }
  if (answer.kind === 'clear' && answer.error && answer.status === 403) return { kind: 'forbidden' }
  const found = foundElements(answer)
  if (!Array.isArray(found)) return found
  if (found.length === 0) return { kind: 'not-found' }
  const [same, ...others] = found.filter((item) => sameId(item.id, invoiceId))
  if (!same) return { kind: 'odd', invoiceId, problem: 'Another invoice was answered than the one asked for.' }
  if (others.length > 0) return { kind: 'odd', invoiceId, problem: 'The invoice was answered more than once.' }
  const invoice = toInvoice(same, invoiceId, rules)
  return isOdd(invoice) ? invoice : { kind: 'found', invoice }
}

/** What a read brought, or why it brought nothing. */
export function foundElements(answer: Understood): JsonObject[] | Unavailable {
  if (answer.kind === 'trouble') return unavailableOf(answer)
  if (!isSuccess(answer)) return refusedRead(answer)
  return (speaksOfError(answer.body) ? null : elements(answer.body)) ?? { kind: 'unavailable', reason: 'not-understood' }
}

function refusedRead({ status, error }: Clear): Unavailable {
  if (status === 401 || (status === 403 && error)) return { kind: 'unavailable', reason: 'unauthorized' }
  return error ? { kind: 'unavailable', reason: 'rejected', code: error.code } : { kind: 'unavailable', reason: 'not-understood' }
}

export function unavailableOf({ reason, retryAfterMs }: Trouble): Unavailable {
  return { kind: 'unavailable', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** A token that is not seen at all is answered 200 with `userId: null`, so the status says nothing (2.3). */
export function authOutcome(answer: Understood): AuthOutcome {
  if (answer.status === 401 || answer.status === 403) return { kind: 'unauthorized' }
  const found = authElements(answer)
  if (!Array.isArray(found)) return found
  const userId = found[0]?.userId
  if (userId === null) return { kind: 'unauthorized' }
  const id = readId(userId)
  return id === null ? { kind: 'unavailable', reason: 'not-understood' } : { kind: 'authorized', userId: id }
}

/** The only answer without an `id` of its own, so a bare object is taken as it is. */
function authElements(answer: Understood): JsonObject[] | Unavailable {
  const isBare =
    answer.kind === 'clear' && isSuccess(answer) && isObject(answer.body) && !('data' in answer.body) && 'userId' in answer.body
  return isBare && isObject(answer.body) ? [answer.body] : foundElements(answer)
}

const ABOUT_ONE_OBJECT: readonly Operation[] = [
  'business.get',
  'order.get',
  'order.update',
  'order.cancel',
  'order.status',
  'refund.lines',
  'guarantee.validate',
  'guarantee.send-code',
  'guarantee.pay',
]

const ALIVE_TROUBLES: readonly UnknownReason[] = ['rate-limited', 'try-later', 'not-understood']

/**
 * What an answer means for the circuit. A 401 is always about our token. A 403 on one invoice or order means that it is foreign;
 * on any other call it means us. A business error shows that upstream works.
 */
export function verdictOf(operation: Operation, answer: Understood, outcome: { readonly kind: string }): Verdict {
  const isForbidden = answer.status === 403 && !ABOUT_ONE_OBJECT.includes(operation)
  if (answer.status === 401 || isForbidden || outcome.kind === 'unauthorized') return 'unauthorized'
  if (answer.kind === 'clear' || ALIVE_TROUBLES.includes(answer.reason)) return 'alive'
  return 'outage'
}
