import { bound, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Engine, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { gatherReads, isOneOf, listOf, readRows } from '../shared/gather-reads'
import { insertions, rowsAsArray, writerOf } from '../shared/statements'
import type { Row } from '../shared/statements'
import { money } from '../shared/money'
import type { Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Exchange } from '../invoicebox'
import { payerName } from './payment'
import type { Payer, Payment } from './payment'
import type { PaymentState } from './states'

export interface PaymentRow {
  id: string
  checkout_id: string
  consent_id: string
  consented_at: Date | string
  invoice_id: string
  invoice_number: string
  member_id: string | null
  organisation_id: string | null
  operation_id: string
  state: PaymentState
  points: bigint | null
  amount: bigint
  currency: Unit
  points_hold_id: string | null
  fund_hold_id: string
  attempts: number | bigint
  lease_owner: string | null
  lease_token: bigint
  lease_until: Date | string | null
  next_attempt_at: Date | string
  transaction_id: string | null
  rejection_code: string | null
  reason: string | null
  resolved_by: string | null
  created_at: Date | string
  settled_at: Date | string | null
  checked_at: Date | string | null
  check_attempts: number | bigint
}

export const PAYMENT_COLUMNS = [
  'id',
  'checkout_id',
  'consent_id',
  'consented_at',
  'invoice_id',
  'invoice_number',
  'member_id',
  'organisation_id',
  'operation_id',
  'state',
  'points',
  'amount',
  'currency',
  'points_hold_id',
  'fund_hold_id',
  'attempts',
  'lease_owner',
  'lease_token',
  'lease_until',
  'next_attempt_at',
  'transaction_id',
  'rejection_code',
  'reason',
  'resolved_by',
  'created_at',
  'settled_at',
  'checked_at',
  'check_attempts',
] as const satisfies (keyof PaymentRow)[]

type PayerRow = Pick<PaymentRow, 'id' | 'member_id' | 'points_hold_id' | 'organisation_id'>

/** The database sees to it that one of the two is there, and a member's hold with the member. */
export function payerIn({ id, member_id, points_hold_id, organisation_id }: PayerRow): Payer {
  if (organisation_id !== null) return { kind: 'organisation', organisationId: organisation_id }
  if (member_id === null || points_hold_id === null) throw new Error(`bug: payment ${id} has no payer`)
  return { kind: 'member', memberId: member_id, pointsHoldId: points_hold_id }
}

export const toPayment = (row: PaymentRow): Payment => ({
  id: row.id,
  checkoutId: row.checkout_id,
  consentId: row.consent_id,
  consentedAt: moment(row.consented_at),
  invoiceId: row.invoice_id,
  invoiceNumber: row.invoice_number,
  payer: payerIn(row),
  operationId: row.operation_id,
  state: row.state,
  points: money(row.points ?? 0n, 'PTS'),
  amount: money(row.amount, row.currency),
  fundHoldId: row.fund_hold_id,
  attempts: Number(row.attempts),
  leaseToken: row.lease_token,
  leaseUntil: optionalMoment(row.lease_until),
  nextAttemptAt: moment(row.next_attempt_at),
  transactionId: row.transaction_id,
  rejectionCode: row.rejection_code,
  reason: row.reason,
  resolvedBy: row.resolved_by,
  createdAt: moment(row.created_at),
  settledAt: optionalMoment(row.settled_at),
  checkedAt: optionalMoment(row.checked_at),
  checkAttempts: Number(row.check_attempts),
})

/** New payments as they enter the books: confirming, about to be sent for the first time, leased to the process that attempts them; and the first line of their history. */
export const insertPayments = writerOf((engine: Engine, payments: readonly (Payment & { leaseOwner: string })[]) => {
  const [rows, births] = [payments.map(toNewRow), payments.map(toBirthRow)]
  if (engine === 'postgres')
    // See migrations/024_rows_and_indexes.
    return [{ sql: 'select payments_begin_rows(?, ?)', values: [rowsAsArray(NEW_COLUMNS, rows), rowsAsArray(EVENT_COLUMNS, births)] }]
  return insertions('sqlite', [
    ['payments', rows],
    ['payment_events', births],
  ])
})

/** In the order of their row types. */
export const EVENT_COLUMNS = ['id', 'payment_id', 'from_state', 'to_state', 'actor', 'note', 'at'] as const
const NEW_COLUMNS = [
  ...['id', 'checkout_id', 'consent_id', 'consented_at', 'invoice_id', 'invoice_number', 'member_id', 'points', 'points_hold_id'],
  ...['organisation_id', 'operation_id', 'state', 'amount', 'currency', 'fund_hold_id', 'attempts', 'lease_owner', 'lease_token'],
  ...['lease_until', 'next_attempt_at', 'created_at'],
] as const
const EXCHANGE_COLUMNS = [
  ...['id', 'payment_id', 'operation', 'method', 'path', 'started_at', 'duration_ms', 'status', 'request_id', 'request', 'response'],
  ...['outcome', 'transaction_id'],
] as const

const toBirthRow = (payment: Payment): Row => ({
  id: newSortedId(),
  payment_id: payment.id,
  from_state: null,
  to_state: payment.state,
  actor: payerName(payment),
  note: null,
  at: iso(payment.createdAt),
})

const payerColumns = ({ payer, points }: Payment): Row =>
  payer.kind === 'member'
    ? { member_id: payer.memberId, points: points.minor, points_hold_id: payer.pointsHoldId, organisation_id: null }
    : { member_id: null, points: null, points_hold_id: null, organisation_id: payer.organisationId }

const toNewRow = (payment: Payment & { leaseOwner: string }): Row => ({
  id: payment.id,
  checkout_id: payment.checkoutId,
  consent_id: payment.consentId,
  consented_at: iso(payment.consentedAt),
  invoice_id: payment.invoiceId,
  invoice_number: payment.invoiceNumber,
  ...payerColumns(payment),
  operation_id: payment.operationId,
  state: payment.state,
  amount: payment.amount.minor,
  currency: payment.amount.unit,
  fund_hold_id: payment.fundHoldId,
  attempts: payment.attempts,
  lease_owner: payment.leaseOwner,
  lease_token: payment.leaseToken,
  lease_until: payment.leaseUntil ? iso(payment.leaseUntil) : null,
  next_attempt_at: iso(payment.nextAttemptAt),
  created_at: iso(payment.createdAt),
})

/** A call made for a payment, redacted by the client that made it. */
interface KeptCall {
  readonly paymentId: string
  readonly exchange: Exchange
  readonly transactionId: string | null
}

export const insertExchanges = writerOf((engine: Engine, calls: readonly KeptCall[]) => {
  const rows = calls.map(toExchangeRow)
  if (engine === 'postgres') return [{ sql: 'select exchanges_keep(?)', values: [rowsAsArray(EXCHANGE_COLUMNS, rows)] }]
  return insertions('sqlite', [['exchanges', rows]])
})

const toExchangeRow = ({ paymentId, exchange, transactionId }: KeptCall): Row => ({
  id: newSortedId(),
  payment_id: paymentId,
  operation: exchange.operation,
  method: exchange.method,
  path: exchange.path.slice(0, 500),
  started_at: iso(exchange.startedAt),
  duration_ms: Math.round(exchange.durationMs),
  status: exchange.status,
  request_id: exchange.requestId?.slice(0, 200) ?? null,
  request: exchange.request,
  response: exchange.response,
  outcome: exchange.outcome.slice(0, 300),
  transaction_id: transactionId,
})

export async function findPayment(
  db: Db,
  where: Partial<Pick<PaymentRow, 'id' | 'consent_id' | 'operation_id'>>,
): Promise<Payment | undefined> {
  const row = (await db('payments').where(where).first()) as PaymentRow | undefined
  return row && toPayment(row)
}

/** @throws Refusal not_found */
export async function readPayment(db: Db, id: string): Promise<Payment> {
  const payment = await findPayment(db, { id })
  if (!payment) throw new Refusal('not_found', id)
  return payment
}

/** Newest first. */
export async function listPayments(
  db: Db,
  page: { limit: number; before?: string | undefined; state?: PaymentState | undefined; memberId?: string | undefined },
): Promise<Payment[]> {
  const query = db('payments').orderBy('id', 'desc').limit(page.limit)
  if (page.before) void query.where('id', '<', page.before)
  if (page.state) void query.where('state', page.state)
  if (page.memberId) void query.where('member_id', page.memberId)
  return ((await query) as PaymentRow[]).map(toPayment)
}

/** Transaction ids that Invoicebox has given us for this payment so far. */
export const seenTransactions = gatherReads(async (db, engine, ids: readonly string[]) => {
  const sql = `select distinct payment_id, transaction_id from exchanges where transaction_id is not null and payment_id ${isOneOf(engine)}`
  const rows = await readRows<{ payment_id: string; transaction_id: string }>(db, { sql, values: [listOf(engine, ids)] })
  return ids.map((id) => rows.filter(({ payment_id }) => payment_id === id).map(({ transaction_id }) => transaction_id))
})

/** Puts an unanswered payment back into the queue. Nothing happens when the lease has passed on. */
export async function postpone(tx: Tx, payment: Pick<Payment, 'id' | 'leaseToken'>, nextAttemptAt: Date): Promise<void> {
  await tx('payments')
    .where({ id: payment.id, state: 'confirming', lease_token: bound(payment.leaseToken) })
    .update({ next_attempt_at: iso(nextAttemptAt), lease_until: null, lease_owner: null })
}

/** Prolongs a lease that is still ours. False when it has passed on. */
export async function renewLease(tx: Tx, payment: Pick<Payment, 'id' | 'leaseToken'>, until: Date): Promise<boolean> {
  const changed = await tx('payments')
    .where({ id: payment.id, state: 'confirming', lease_token: bound(payment.leaseToken) })
    .update({ lease_until: iso(until) })
  return changed === 1
}

/** The lease's number grows, so that an answer which arrives after all is fenced off. */
export async function freeLeasesOf(tx: Tx, owner: string, now: Date): Promise<void> {
  await tx('payments')
    .where({ state: 'confirming', lease_owner: owner })
    .update({ lease_owner: null, lease_until: null, next_attempt_at: iso(now), lease_token: tx.raw('lease_token + 1') })
}

/** Whether an explicit refusal of this payment's operation was stored at that time or before. */
export async function wasRefusedBefore(db: Db, paymentId: string, moment: Date): Promise<boolean> {
  const row: unknown = await db('exchanges')
    .where({ payment_id: paymentId, operation: 'business.confirm' })
    .whereLike('outcome', 'rejected%')
    .where('started_at', '<=', iso(moment))
    .first('id')
  return row !== undefined
}
