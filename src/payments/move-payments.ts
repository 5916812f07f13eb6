import { engineOf, insertRows, iso } from '../shared/database'
import type { Row, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { Payment } from './payment'
import { canMove } from './states'
import type { PaymentState } from './states'

/** One step of one payment, allowed only from the state and under the lease it was decided on. */
export interface Move {
  readonly payment: Pick<Payment, 'id' | 'state' | 'leaseToken'>
  readonly to: PaymentState
  readonly at: Date
  /** Who moved it: `system:gateway`, `system:recovery`, `staff:…`. */
  readonly actor: string
  readonly note?: string
  readonly transactionId?: string
  readonly rejectionCode?: string
  readonly resolvedBy?: string
  /** When a captured payment is to be compared with the invoice. */
  readonly nextCheckAt?: Date
}

/**
 * Moves payments, tells their history and promises their events, all in the caller's transaction.
 * @throws Refusal payment_in_wrong_state when one of them is not where it was decided on, or the lease has passed to somebody else.
 */
export async function movePayments(tx: Tx, moves: readonly Move[]): Promise<void> {
  for (const { payment, to } of moves) if (!canMove(payment.state, to)) throw new Error(`bug: ${payment.state} -> ${to}`)
  const moved = await updateStates(tx, moves)
  if (moved !== moves.length) throw new Refusal('payment_in_wrong_state')
  await insertRows(tx, 'payment_events', moves.map(toEventRow))
  await insertRows(tx, 'outbox', moves.map(toOutboxRow))
}

async function updateStates(tx: Tx, moves: readonly Move[]): Promise<number> {
  const json = JSON.stringify(
    moves.map((move) => ({
      pid: move.payment.id,
      was: move.payment.state,
      token: String(move.payment.leaseToken),
      now: move.to,
      at: iso(move.at),
      txid: move.transactionId ?? null,
      code: move.rejectionCode ?? null,
      note: move.note ?? null,
      by: move.resolvedBy ?? null,
      look: move.nextCheckAt ? iso(move.nextCheckAt) : null,
    })),
  )
  const set = `state = v.now, settled_at = case when v.now = 'review' then null else v.at end, transaction_id = coalesce(v.txid, transaction_id),
    rejection_code = coalesce(v.code, rejection_code), reason = coalesce(v.note, reason), resolved_by = v.by, next_check_at = v.look, lease_until = null, lease_owner = null,
    lease_token = lease_token + 1`
  const match = 'payments.id = v.pid and payments.state = v.was and payments.lease_token = v.token'
  if (engineOf(tx) === 'postgres') {
    const columns = 'pid text, was text, token bigint, now text, at timestamptz, txid text, code text, note text, by text, look timestamptz'
    const { rows } = await tx.raw<{ rows: unknown[] }>(
      `update payments set ${set} from json_to_recordset(?::json) as v(${columns}) where ${match} returning payments.id`,
      [json],
    )
    return rows.length
  }
  const picked = ['pid', 'was', 'now', 'at', 'txid', 'code', 'note', 'by', 'look']
    .map((name) => `value ->> '$.${name}' as ${name}`)
    .join(', ')
  const values = `select ${picked}, cast(value ->> '$.token' as integer) as token from json_each(?)`
  return ((await tx.raw(`update payments set ${set} from (${values}) as v where ${match} returning id`, [json])) as unknown[]).length
}

const toEventRow = (move: Move): Row => ({
  id: newSortedId(),
  payment_id: move.payment.id,
  from_state: move.payment.state,
  to_state: move.to,
  actor: move.actor,
  note: move.note ?? null,
  at: iso(move.at),
})

/** One promised event per payment and state: its id is what a receiver tells repeats by. */
const toOutboxRow = (move: Move): Row => ({
  id: newSortedId(),
  payment_id: move.payment.id,
  topic: `payment.${move.to}`,
  body: JSON.stringify({ paymentId: move.payment.id, state: move.to, at: iso(move.at) }),
  created_at: iso(move.at),
})

/** The first line of a payment's history. */
export const insertBirths = (tx: Tx, births: readonly { paymentId: string; actor: string; at: Date }[]): Promise<void> =>
  insertRows(
    tx,
    'payment_events',
    births.map(({ paymentId, actor, at }) => ({
      id: newSortedId(),
      payment_id: paymentId,
      from_state: null,
      to_state: 'confirming',
      actor,
      note: null,
      at: iso(at),
    })),
  )
