import type { Author } from '../shared/actor'
import { openAlerts } from '../shared/alerts'
import { writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { readAndKeep } from './ask'
import { requireKnownPayment } from './known-to'
import type { Payment, PaymentDeps } from './payment'
import { recoverNow } from './recover-payments'
import { resolveReview } from './resolve-review'
import { readPayment } from './store'
import { tell } from '../shared/told'

/** What a look has brought: where the payment stands now, or what its invoice reads. */
export const FINDINGS = [
  'captured',
  'voided',
  'review',
  'confirming',
  'invoice-paid',
  'invoice-canceled',
  'invoice-not-paid',
  'unreadable',
] as const
export type Finding = (typeof FINDINGS)[number]

export interface CheckRequest {
  readonly paymentId: string
  readonly author: Author
}

/**
 * "Look now": asks Invoicebox as its state needs it, and believes the answer as ever. An open payment is asked about with its own operation id, under Rule R; of a settled one
 * the invoice is read. Nothing is ever sent under a new operation id.
 * @throws Refusal forbidden, not_found, resolution_not_allowed (detail: why) when a review gets no definite answer
 */
export async function checkPayment(deps: PaymentDeps, { paymentId, author }: CheckRequest): Promise<Finding> {
  requirePermission(author, 'payments.check')
  const payment = await requireKnownPayment(deps, paymentId, author)
  await noteCheck(deps, payment, author)
  if (payment.state === 'review')
    return stateOf(await resolveReview(deps, { paymentId, author, reason: 'checked', resolution: { kind: 'ask-again' } }))
  if (payment.state !== 'confirming') return readNow(deps, payment)
  await recoverNow(deps, paymentId)
  return stateOf(await readPayment(deps.db, paymentId))
}

const stateOf = ({ state }: Payment): Finding => (state === 'reversed' ? 'voided' : state)

async function readNow(deps: PaymentDeps, payment: Payment): Promise<Finding> {
  const read = await readAndKeep(deps, payment, { as: 'page' })
  const status = read.kind === 'found' ? read.invoice.status : null
  if (status === null) return 'unreadable'
  if (status === 'canceled' && payment.state === 'captured') await tellCancelled(deps, payment)
  return status === 'paid' ? 'invoice-paid' : status === 'canceled' ? 'invoice-canceled' : 'invoice-not-paid'
}

const tellCancelled = ({ db, clock }: PaymentDeps, { id }: Payment): Promise<void> => {
  const detail = tell('told.cancelled_after_paid')
  return inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'paid_then_cancelled', subject: id, detail, at: clock.now() }]))
}

/** Whoever asks Invoicebox uses up a part of what it allows us. */
const noteCheck = ({ db, clock }: PaymentDeps, { id, state }: Payment, author: Author): Promise<void> =>
  inTransaction(db, (tx) =>
    writeAudit(tx, [{ author, at: clock.now(), action: 'payment_checked', subject: `payment:${id}`, before: { state } }]),
  )
