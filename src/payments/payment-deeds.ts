import { z } from 'zod'
import { requireNoHeavier } from '../approvals'
import type { Deed, Performer, Preview, Weight } from '../approvals'
import { authorName } from '../shared/actor'
import type { AuditFacts } from '../shared/audit'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import { toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { memberAccount, readAccount } from '../ledger'
import { requireKnownPayment } from './known-to'
import { memberOf, worthOf } from './payment'
import type { Payment, PaymentDeps } from './payment'
import { resolveReview, TRANSACTION_ID } from './resolve-review'
import type { Resolution } from './resolve-review'
import { readsCancelled, reversePayment } from './reverse-payment'
import type { PaymentState } from './states'
import { readPayment } from './store'

const ID = z.string().refine(looksLikeId, 'not an id')
const PAYMENT = z.strictObject({ paymentId: ID })
const CAPTURE = z.strictObject({ paymentId: ID, transactionId: z.string().regex(TRANSACTION_ID) })

export type PaymentPayload = z.output<typeof PAYMENT>
export type CapturePayload = z.output<typeof CAPTURE>

export interface PaymentDeeds {
  readonly void: Deed<PaymentPayload, Payment>
  readonly capture: Deed<CapturePayload, Payment>
  readonly reverse: Deed<PaymentPayload, Payment>
}

/** What staff may do to a payment. */
export const paymentDeeds = (deps: PaymentDeps): PaymentDeeds => ({
  void: {
    kind: 'payment_resolved_void',
    permission: 'payments.resolve',
    addsUp: true,
    payload: PAYMENT,
    requireKnown: ({ paymentId }, by) => requireKnownPayment(deps, paymentId, by),
    weigh: ({ paymentId }) => weighVoid(deps, paymentId),
    preview: ({ paymentId }) => preview(deps, paymentId, { from: 'review', to: 'voided', after: giveBack }),
    perform: ({ paymentId }, by) => resolve(deps, paymentId, { kind: 'void' }, by),
  },
  capture: {
    kind: 'payment_resolved_capture',
    permission: 'payments.resolve',
    addsUp: true,
    payload: CAPTURE,
    requireKnown: ({ paymentId }, by) => requireKnownPayment(deps, paymentId, by),
    weigh: async ({ paymentId }) => worthOf(await readPayment(deps.db, paymentId)),
    preview: ({ paymentId }) => preview(deps, paymentId, { from: 'review', to: 'captured', after: spend }),
    perform: ({ paymentId, transactionId }, by) => resolve(deps, paymentId, { kind: 'capture', transactionId }, by),
  },
  reverse: {
    kind: 'payment_reversed',
    permission: 'payments.reverse',
    payload: PAYMENT,
    requireKnown: ({ paymentId }, by) => requireKnownPayment(deps, paymentId, by),
    weigh: ({ paymentId }) => weighReversal(deps, paymentId),
    preview: ({ paymentId }) => previewReversal(deps, paymentId),
    perform: ({ paymentId }, { author, reason, approvedBy, weighed }) =>
      reversePayment(deps, { paymentId, author, reason, approvedBy, isAlone: weighed !== undefined }),
  },
})

/** What a reversal would change. @throws Refusal not_found, payment_in_wrong_state */
export const previewReversal = (deps: Pick<PaymentDeps, 'db'>, paymentId: string): Promise<Preview> =>
  preview(deps, paymentId, { from: 'captured', to: 'reversed', after: receive })

/** Of what Invoicebox does not call cancelled one person does not decide alone. Where it was reversed before nothing is left to decide, whether Invoicebox can be read or not. */
export async function weighReversal(deps: PaymentDeps, paymentId: string): Promise<Weight> {
  const payment = await readPayment(deps.db, paymentId)
  if (payment.state === 'reversed') return 'never'
  return (await readsCancelled(deps, payment)) ? worthOf(payment) : 'always'
}

/** A deed that ran before under the same author is done; any other end of the review is told. */
async function resolve(deps: PaymentDeps, paymentId: string, resolution: Resolution, by: Performer): Promise<Payment> {
  const { author, reason, approvedBy, weighed } = by
  const payment = await readPayment(deps.db, paymentId)
  const isDone = payment.state === (resolution.kind === 'void' ? 'voided' : 'captured') && payment.resolvedBy === authorName(author)
  const reweigh = async (): Promise<void> => requireNoHeavier(await weighVoid(deps, paymentId), weighed)
  if (isDone) return payment
  const ended = await resolveReview(deps, {
    paymentId,
    resolution,
    reason,
    author,
    approvedBy,
    ...(resolution.kind === 'void' && { reweigh }),
  })
  // Invoicebox has admitted the operation after all, which goes before what a person says: the release was not done.
  if (resolution.kind === 'void' && ended.state !== 'voided') throw new Refusal('payment_in_wrong_state', ended.state)
  return ended
}

/** An invoice that reads paid may be our own payment: then one pair of eyes is too few, whatever the amount. What is read after the review says nothing about its end. */
async function weighVoid({ db }: PaymentDeps, paymentId: string): Promise<Weight> {
  const payment = await readPayment(db, paymentId)
  return payment.state === 'review' && (await lastReadSaysPaid(db, paymentId)) ? 'always' : worthOf(payment)
}

interface Points {
  readonly available: bigint
  readonly held: bigint
}

interface Step {
  readonly from: PaymentState
  readonly to: PaymentState
  readonly after: (now: Points, points: bigint) => Points
}

const giveBack: Step['after'] = ({ available, held }, points) => ({ available: available + points, held: held - points })
const spend: Step['after'] = ({ available, held }, points) => ({ available, held: held - points })
const receive: Step['after'] = ({ available, held }, points) => ({ available: available + points, held })

async function preview({ db }: Pick<PaymentDeps, 'db'>, paymentId: string, { from, to, after }: Step): Promise<Preview> {
  const payment = await readPayment(db, paymentId)
  if (payment.state !== from) throw new Refusal('payment_in_wrong_state', payment.state)
  const memberId = memberOf(payment)
  const now = memberId === null ? undefined : await readAccount(db, memberAccount(memberId))
  return {
    subject: `payment:${payment.id}`,
    before: factsOf(from, now, payment),
    after: factsOf(to, now && after(now, payment.points.minor), payment),
  }
}

/** @param points the member's; an organisation has none */
const factsOf = (state: PaymentState, points: Points | undefined, { amount }: Payment): AuditFacts => ({
  state,
  amount: `${toDecimal(amount.minor)} ${amount.unit}`,
  ...(points && { available: `${toDecimal(points.available)} PTS`, held: `${toDecimal(points.held)} PTS` }),
})

/** What the invoice read when it was last read for this payment. */
async function lastReadSaysPaid(db: Db, paymentId: string): Promise<boolean> {
  const row: { outcome: string } | undefined = await db('exchanges')
    .where({ payment_id: paymentId, operation: 'business.get' })
    .orderBy('id', 'desc')
    .first('outcome')
  return row !== undefined && /^found (paid|partial)/.test(row.outcome)
}
