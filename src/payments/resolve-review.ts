import { authorName, isStaff } from '../shared/actor'
import type { Author } from '../shared/actor'
import { closeAlerts } from '../shared/alerts'
import { requireReason, writeAudit } from '../shared/audit'
import { brokenUniqueRule } from '../shared/database'
import type { Tx } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { companion } from '../ledger'
import { askToPay, readAndKeep } from './ask'
import { requireKnownPayment } from './known-to'
import type { Payment, PaymentDeps } from './payment'
import { paidStatus, record, settlePayment } from './settle-payment'
import type { Move } from './move-payments'
import { isOpen } from './states'
import { seenTransactions } from './store'

/** What a person may decide about a payment in review. */
export type Resolution =
  | { readonly kind: 'ask-again' } //                                     the same operation id once more; what Invoicebox answers counts
  | { readonly kind: 'capture'; readonly transactionId: string } //       Invoicebox's support named our transaction
  | { readonly kind: 'void' } //                                          it was not we who paid

export interface ResolveRequest {
  readonly paymentId: string
  readonly resolution: Resolution
  readonly reason: string
  readonly author: Author
  readonly approvedBy?: Author | undefined
  /** Looks again, once the invoice is read anew and before anything is voided, whether one person is still enough. */
  readonly reweigh?: (() => Promise<void>) | undefined
}

/** What an id of Invoicebox may look like, and no longer than its column. */
export const TRANSACTION_ID = /^[\w.:-]{1,100}$/

/**
 * Ends a review, only where Rule R leaves it to a person: never before Invoicebox was read, a capture only of an invoice that reads paid,
 * a void only of one that reads not paid, or that refuses our operation once more although it reads paid. Asking again about a payment whose end is known answers with it.
 * @throws Refusal forbidden, not_found, payment_in_wrong_state, bad_input (detail: reason or transactionId), resolution_not_allowed (detail: why)
 */
export async function resolveReview(deps: PaymentDeps, request: ResolveRequest): Promise<Payment> {
  requirePermission(request.author, request.resolution.kind === 'ask-again' ? 'payments.check' : 'payments.resolve')
  const reason = requireReason(request.reason)
  const payment = await requireKnownPayment(deps, request.paymentId, request.author)
  const { resolution } = request
  // Asking decides nothing: of a payment whose end is known it brings that end, also to whoever repeats a command that was interrupted.
  if (resolution.kind === 'ask-again' && !isOpen(payment.state)) return payment
  if (payment.state !== 'review') throw new Refusal('payment_in_wrong_state', payment.state)
  if (resolution.kind === 'capture' && !TRANSACTION_ID.test(resolution.transactionId)) throw new Refusal('bad_input', 'transactionId')
  if (resolution.kind === 'ask-again') return askAgain(deps, payment, { ...request, reason })
  const status = paidStatus(await readAndKeep(deps, payment, { as: 'payment' }))
  if (status === 'unknown') throw new Refusal('resolution_not_allowed', 'the invoice cannot be read now')
  if (resolution.kind === 'capture') {
    if (status !== 'paid') throw new Refusal('resolution_not_allowed', 'the invoice does not read paid')
    return end(deps, payment, { ...request, reason }, { to: 'captured', transactionId: resolution.transactionId })
  }
  if ((await seenTransactions(deps.db, payment.id)).length > 0)
    throw new Refusal('resolution_not_allowed', 'Invoicebox has accepted our operation; ask again')
  await request.reweigh?.()
  if (status === 'paid') {
    const after = await askAgain(deps, payment, { ...request, reason, ...onlySeen(request) })
    if (after.state !== 'review') return after
  }
  return end(deps, payment, { ...request, reason }, { to: 'voided' })
}

/** Whoever wanted a release, or agreed to one, has not asked for a capture: they stand in the audit log, and neither form nor request is noted as carried out by it. */
const onlySeen = ({ author, approvedBy }: ResolveRequest): Pick<ResolveRequest, 'author' | 'approvedBy'> => ({
  author: themselves(author),
  approvedBy: approvedBy && themselves(approvedBy),
})

const themselves = (by: Author): Author => {
  if (by.kind === 'system') return { kind: by.kind, name: by.name }
  return isStaff(by) ? { kind: by.kind, id: by.id, login: by.login, role: by.role } : by
}

/** Sends the same operation id once more: an acceptance captures; a refusal leaves the review to the person; silence refuses the resolution. */
async function askAgain(deps: PaymentDeps, payment: Payment, request: ResolveRequest): Promise<Payment> {
  const outcome = await askToPay(deps, payment, { as: 'payment' })
  // A refused token says nothing about this payment.
  const isSilent =
    !outcome || outcome.kind === 'unknown' || (outcome.kind === 'rejected' && (outcome.status === 401 || outcome.status === 403))
  if (isSilent) throw new Refusal('resolution_not_allowed', 'Invoicebox gave no definite answer')
  if (outcome.kind === 'rejected' && (await seenTransactions(deps.db, payment.id)).length === 0) return payment
  // Invoicebox has answered by now: what it says is written down whoever asked.
  const companions = [companion(writeTraces, { ...traces(deps, payment, request, 'captured'), evenWithoutRole: true })]
  return settlePayment(deps, payment, outcome, { actor: authorName(request.author), companions })
}

async function end(
  deps: PaymentDeps,
  payment: Payment,
  request: ResolveRequest,
  how: { to: 'captured' | 'voided'; transactionId?: string },
): Promise<Payment> {
  const by = authorName(request.author)
  const at = deps.clock.now()
  const move: Move = {
    payment,
    at,
    actor: by,
    note: request.reason,
    resolvedBy: by,
    ...how,
    ...(how.to === 'captured' ? { nextCheckAt: at } : {}),
  }
  const companions = [companion(writeTraces, traces(deps, payment, request, how.to))]
  const ended = await record(deps, payment, move, companions).catch((error: unknown) => {
    if (brokenUniqueRule(error)?.match(/payments_one_per_transaction|payments\.transaction_id/))
      throw new Refusal('resolution_not_allowed', 'another payment has this transaction')
    throw error
  })
  // Somebody else was quicker and decided otherwise.
  if (ended.state !== how.to || (how.transactionId !== undefined && ended.transactionId !== how.transactionId))
    throw new Refusal('payment_in_wrong_state', ended.state)
  return ended
}

interface Traces {
  readonly payment: Payment
  readonly request: ResolveRequest
  readonly state: string
  readonly at: Date
  readonly evenWithoutRole?: boolean
}

const traces = ({ clock }: PaymentDeps, payment: Payment, request: ResolveRequest, state: string): Traces => ({
  payment,
  request,
  state,
  at: clock.now(),
})

/** The audit row, and the end of the alert that called the person. */
async function writeTraces(tx: Tx, all: readonly Traces[]): Promise<void> {
  for (const { payment, request, state, at, evenWithoutRole = false } of all) {
    await writeAudit(tx, [
      {
        author: request.author,
        at,
        action: 'payment_resolved',
        subject: `payment:${payment.id}`,
        reason: request.reason,
        before: { state: payment.state },
        after: { state },
        evenWithoutRole,
        ...(request.approvedBy ? { approvedBy: request.approvedBy } : {}),
      },
    ])
    await closeAlerts(tx, [{ kind: 'payment_in_review', subject: payment.id, by: authorName(request.author), at }])
  }
}
