import type { Db } from '../shared/database'
import { iso, moment } from '../shared/database'
import { toDecimal } from '../shared/money'
import { memberOf } from './payment'
import type { Payment } from './payment'
import type { PaymentState } from './states'
import { listPayments, readPayment } from './store'

/** A payment as the command line and the API show it: amounts as decimal text, moments in ISO form. */
export interface ShownPayment {
  readonly id: string
  readonly invoiceId: string
  readonly invoiceNumber: string
  readonly operationId: string
  readonly transactionId: string | null
  /** null when an organisation pays. */
  readonly memberId: string | null
  readonly organisationId: string | null
  readonly state: PaymentState
  readonly points: string
  readonly amount: string
  readonly currency: string
  readonly attempts: number
  readonly reason: string | null
  readonly createdAt: string
  readonly settledAt: string | null
  readonly nextAttemptAt: string | null
}

const shown = (payment: Payment): ShownPayment => ({
  id: payment.id,
  invoiceId: payment.invoiceId,
  invoiceNumber: payment.invoiceNumber,
  operationId: payment.operationId,
  transactionId: payment.transactionId,
  memberId: memberOf(payment),
  organisationId: payment.payer.kind === 'organisation' ? payment.payer.organisationId : null,
  state: payment.state,
  points: toDecimal(payment.points.minor),
  amount: toDecimal(payment.amount.minor),
  currency: payment.amount.unit,
  attempts: payment.attempts,
  reason: payment.reason ?? payment.rejectionCode,
  createdAt: iso(payment.createdAt),
  settledAt: payment.settledAt && iso(payment.settledAt),
  nextAttemptAt: payment.state === 'confirming' ? iso(payment.nextAttemptAt) : null,
})

/** Newest first. */
export const showPayments = async (db: Db, page: Parameters<typeof listPayments>[1]): Promise<ShownPayment[]> =>
  (await listPayments(db, page)).map(shown)

export interface ShownDetails extends ShownPayment {
  readonly events: readonly { at: string; from: string | null; to: string; actor: string; note: string | null }[]
  readonly exchanges: readonly {
    at: string
    operation: string
    path: string
    status: number | null
    outcome: string
    requestId: string | null
    durationMs: number
    request: string
    response: string
  }[]
}

/** One payment with its history and every call that was made for it. @throws Refusal not_found */
export async function showPayment(db: Db, id: string): Promise<ShownDetails> {
  const payment = await readPayment(db, id)
  const events = (await db('payment_events').where({ payment_id: id }).orderBy('id')) as EventRow[]
  const exchanges = (await db('exchanges').where({ payment_id: id }).orderBy('id')) as ExchangeRow[]
  return {
    ...shown(payment),
    events: events.map((row) => ({ at: iso(moment(row.at)), from: row.from_state, to: row.to_state, actor: row.actor, note: row.note })),
    exchanges: exchanges.map((row) => ({
      at: iso(moment(row.started_at)),
      operation: row.operation,
      path: row.path,
      status: row.status === null ? null : Number(row.status),
      outcome: row.outcome,
      requestId: row.request_id,
      durationMs: Number(row.duration_ms),
      request: row.request,
      response: row.response,
    })),
  }
}

interface EventRow {
  at: Date | string
  from_state: string | null
  to_state: string
  actor: string
  note: string | null
}

interface ExchangeRow {
  started_at: Date | string
  operation: string
  path: string
  status: number | bigint | null
  outcome: string
  request_id: string | null
  duration_ms: number | bigint
  request: string
  response: string
}

/** The invoice numbers and receipt pages of payments, for the statement lines that refer to them. */
export async function findReceipts(db: Db, ids: readonly string[]): Promise<Map<string, { number: string; href: string }>> {
  const rows = await db('payments')
    .whereIn('id', [...ids])
    .select<{ id: string; invoice_number: string; checkout_id: string }[]>('id', 'invoice_number', 'checkout_id')
  return new Map(rows.map((row) => [row.id, { number: row.invoice_number, href: `/pay/${row.checkout_id}` }]))
}
