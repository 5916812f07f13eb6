import { moment, optionalMoment } from '../shared/database'
import type { Db } from '../shared/database'
import type { Operation } from '../invoicebox'
import { payerName } from './payment'
import type { Payment } from './payment'
import { readPayment } from './store'

/** The calls that are made for a payment. */
type PaymentOperation = Extract<Operation, `business.${string}` | 'auth.check'>

/** What happened to a payment, step by step, the oldest first. */
export interface Timeline {
  readonly payment: Payment
  readonly steps: readonly Step[]
}

export type Step =
  /** The member agreed to the amount that the page showed. */
  | { readonly kind: 'consented'; readonly at: Date; readonly actor: string }
  /** Points and money were held; from then on the payment exists. */
  | { readonly kind: 'held'; readonly at: Date; readonly actor: string }
  | { readonly kind: 'moved'; readonly at: Date; readonly actor: string; readonly to: string; readonly note: string | null }
  /** The browser was sent on from the page that told how the payment ended. */
  | { readonly kind: 'redirected'; readonly at: Date; readonly actor: string }
  /** Invoicebox was asked, and what it answered. */
  | ({ readonly kind: 'asked'; readonly at: Date } & Call)

export interface Call {
  readonly operation: PaymentOperation
  readonly path: string
  readonly durationMs: number
  /** null when no answer arrived. */
  readonly status: number | null
  readonly outcome: string
  /** Invoicebox's `X-Request-Id`. */
  readonly requestId: string | null
  readonly transactionId: string | null
  /** Redacted before they were stored. */
  readonly request: string
  readonly response: string
}

/** More calls than any payment needs: 33 attempts of two calls, and whatever staff asked besides. */
const MOST_CALLS = 200

/** @throws Refusal not_found */
export async function readTimeline(db: Db, paymentId: string): Promise<Timeline> {
  const payment = await readPayment(db, paymentId)
  const events = (await db('payment_events').where({ payment_id: paymentId }).orderBy('id')) as EventRow[]
  const calls = (await db('exchanges').where({ payment_id: paymentId }).orderBy('id', 'desc').limit(MOST_CALLS)) as CallRow[]
  const consented: Step = { kind: 'consented', at: payment.consentedAt, actor: payerName(payment) }
  const checkout: { left_at: Date | string | null } | undefined = await db('checkouts').where({ id: payment.checkoutId }).first('left_at')
  const leftAt = optionalMoment(checkout?.left_at ?? null)
  const redirected: Step[] = leftAt ? [{ kind: 'redirected', at: leftAt, actor: payerName(payment) }] : []
  const steps = [consented, ...events.map(toStep), ...calls.reverse().map(toCall), ...redirected]
  return { payment, steps: inOrder(steps) }
}

/** By the clock; at one moment in the order in which it must have been. */
const inOrder = (steps: readonly Step[]): Step[] =>
  steps
    .map((step, index) => ({ step, index }))
    .sort((a, b) => a.step.at.getTime() - b.step.at.getTime() || a.index - b.index)
    .map(({ step }) => step)

interface EventRow {
  at: Date | string
  from_state: string | null
  to_state: string
  actor: string
  note: string | null
}

const toStep = ({ at, from_state, to_state, actor, note }: EventRow): Step =>
  from_state === null ? { kind: 'held', at: moment(at), actor } : { kind: 'moved', at: moment(at), actor, to: to_state, note }

interface CallRow {
  started_at: Date | string
  operation: PaymentOperation
  path: string
  duration_ms: number | bigint
  status: number | bigint | null
  outcome: string
  request_id: string | null
  transaction_id: string | null
  request: string
  response: string
}

const toCall = (row: CallRow): Step => ({
  kind: 'asked',
  at: moment(row.started_at),
  operation: row.operation,
  path: row.path,
  durationMs: Number(row.duration_ms),
  status: row.status === null ? null : Number(row.status),
  outcome: row.outcome,
  requestId: row.request_id,
  transactionId: row.transaction_id,
  request: row.request,
  response: row.response,
})
