import { iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'
import type { Row } from '../shared/statements'
import type { OrderRefund } from './order'
import { canMoveRefund } from './states'
import type { RefundState } from './states'
import { takeDue } from './take-due'
import type { Due } from './take-due'

interface RefundRow {
  id: string
  number: string
  order_id: string
  intent_key: string
  state: RefundState
  amount: bigint
  fee: bigint
  vat: bigint
  points: bigint
  hold_id: string | null
  invoicebox_id: string | null
  author: string
  reason: string
  rejection: string | null
  created_at: Date | string
  settled_at: Date | string | null
  next_check_at: Date | string | null
  checks: number | bigint
}

const toRefund = (row: RefundRow): OrderRefund => ({
  id: row.id,
  number: row.number,
  orderId: row.order_id,
  intentKey: row.intent_key,
  state: row.state,
  amount: money(row.amount, 'RUB'),
  fee: money(row.fee, 'RUB'),
  vat: money(row.vat, 'RUB'),
  points: money(row.points, 'PTS'),
  holdId: row.hold_id,
  invoiceboxId: row.invoicebox_id,
  author: row.author,
  reason: row.reason,
  rejection: row.rejection,
  createdAt: moment(row.created_at),
  settledAt: optionalMoment(row.settled_at),
  nextCheckAt: optionalMoment(row.next_check_at),
  checks: Number(row.checks),
})

/** New refunds and the first line of their history; a ledger companion. Two of one number break the unique rule on `number`. */
export async function insertRefunds(tx: Tx, refunds: readonly OrderRefund[]): Promise<void> {
  await insertRows(tx, 'order_refunds', refunds.map(toRow))
  await insertRows(
    tx,
    'order_refund_events',
    refunds.map((refund) => eventRow({ refund, from: null, to: refund.state, actor: refund.author, at: refund.createdAt })),
  )
}

const toRow = (refund: OrderRefund): Row => ({
  id: refund.id,
  number: refund.number,
  order_id: refund.orderId,
  intent_key: refund.intentKey,
  state: refund.state,
  amount: refund.amount.minor,
  fee: refund.fee.minor,
  vat: refund.vat.minor,
  points: refund.points.minor,
  hold_id: refund.holdId,
  author: refund.author,
  reason: refund.reason,
  created_at: iso(refund.createdAt),
  next_check_at: refund.nextCheckAt ? iso(refund.nextCheckAt) : null,
})

/** One step of one refund, from the state it was decided on. */
export interface RefundMove {
  readonly refund: Pick<OrderRefund, 'id' | 'state'>
  readonly to: RefundState
  readonly at: Date
  readonly actor: string
  readonly note?: string
  readonly known?: { readonly invoicebox_id?: string; readonly rejection?: string }
  /** When Invoicebox is to be asked next; null: not any more. */
  readonly nextCheckAt: Date | null
}

/** Moves refunds and tells their history; a ledger companion. @throws Refusal order_in_wrong_state when one is not where it was decided on */
export async function moveRefunds(tx: Tx, moves: readonly RefundMove[]): Promise<void> {
  for (const { refund, to, at, actor, note, known = {}, nextCheckAt } of moves) {
    if (!canMoveRefund(refund.state, to)) throw new Error(`bug: refund ${refund.state} -> ${to}`)
    const settled = to === 'drafted' || to === 'accepted' ? null : iso(at)
    const moved = await tx('order_refunds')
      .where({ id: refund.id, state: refund.state })
      .update({ state: to, settled_at: settled, next_check_at: nextCheckAt && iso(nextCheckAt), checks: 0, ...known })
    if (moved !== 1) throw new Refusal('order_in_wrong_state')
    await insertRows(tx, 'order_refund_events', [eventRow({ refund, from: refund.state, to, actor, at, note })])
  }
}

interface Event {
  readonly refund: Pick<OrderRefund, 'id'>
  readonly from: RefundState | null
  readonly to: RefundState
  readonly actor: string
  readonly at: Date
  readonly note?: string | undefined
}

const eventRow = ({ refund, from, to, actor, at, note }: Event): Row => ({
  id: newSortedId(),
  refund_id: refund.id,
  from_state: from,
  to_state: to,
  actor,
  note: note?.slice(0, 500) ?? null,
  at: iso(at),
})

export async function findRefund(
  db: Db,
  where: Partial<Pick<RefundRow, 'id' | 'number' | 'intent_key'>>,
): Promise<OrderRefund | undefined> {
  const row = (await db('order_refunds').where(where).first()) as RefundRow | undefined
  return row && toRefund(row)
}

/** @throws Refusal not_found (detail: refund) */
export async function readRefund(db: Db, id: string): Promise<OrderRefund> {
  const refund = await findRefund(db, { id })
  if (!refund) throw new Refusal('not_found', 'refund')
  return refund
}

/** Every refund of an order, the oldest first. */
export async function refundsOf(db: Db, orderId: string): Promise<OrderRefund[]> {
  return ((await db('order_refunds').where({ order_id: orderId }).orderBy('id')) as RefundRow[]).map(toRefund)
}

/** Refunds about which Invoicebox is to be asked. Nobody else gets them before `until`, unless the process that took them dies. */
export const takeDueRefunds = async (tx: Tx, of: Due<RefundState>): Promise<OrderRefund[]> =>
  (await takeDue<RefundRow>(tx, 'order_refunds', of)).map(toRefund)

/** Notes that Invoicebox was asked about a refund, and when it is to be asked again. */
export async function noteRefundCheck(tx: Tx, refund: Pick<OrderRefund, 'id'>, next: Date | null): Promise<void> {
  await tx('order_refunds')
    .where({ id: refund.id })
    .update({ next_check_at: next && iso(next), checks: tx.raw('checks + 1') })
}
