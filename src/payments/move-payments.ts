import { iso } from '../shared/database'
import type { Engine } from '../shared/database'
import { insertions, rowsAsArray, writerOf } from '../shared/statements'
import type { Row, Statement } from '../shared/statements'
import { newSortedId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { Payment } from './payment'
import { canMove } from './states'
import { EVENT_COLUMNS } from './store'
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
export const movePayments = writerOf((engine: Engine, moves: readonly Move[]) => {
  for (const { payment, to } of moves) if (!canMove(payment.state, to)) throw new Error(`bug: ${payment.state} -> ${to}`)
  const events = moves.map(toEventRow)
  const promised = moves.map(toOutboxRow)
  return engine === 'postgres' ? [inOneCall(moves, { events, promised })] : oneByOne(moves, { events, promised })
})

interface Told {
  readonly events: readonly Row[]
  readonly promised: readonly Row[]
}

const fenced = (): Refusal => new Refusal('payment_in_wrong_state')

/** One call of the database's own function (migrations/024_rows_and_indexes), which refuses when one of them does not stand where it was decided on. */
const inOneCall = (moves: readonly Move[], { events, promised }: Told): Statement => ({
  sql: 'select payments_move_rows(?, ?, ?)',
  values: [rowsAsArray(MOVED_NAMES, moves.map(toMovedRow)), rowsAsArray(EVENT_COLUMNS, events), rowsAsArray(OUTBOX_COLUMNS, promised)],
  refusalFor: (error) => ((error as { code?: unknown }).code === 'GW001' ? fenced() : undefined),
})

const oneByOne = (moves: readonly Move[], { events, promised }: Told): Statement[] => [
  stateUpdate(moves),
  ...insertions('sqlite', [
    ['payment_events', events],
    ['outbox', promised],
  ]),
]

/** The payment as a move that was carried out has left it: what the update below writes, known without reading it back. */
export const afterMove = (payment: Payment, move: Move): Payment => ({
  ...payment,
  state: move.to,
  settledAt: move.to === 'review' ? null : move.at,
  transactionId: move.transactionId ?? payment.transactionId,
  rejectionCode: move.rejectionCode ?? payment.rejectionCode,
  reason: move.note ?? payment.reason,
  resolvedBy: move.resolvedBy ?? null,
  leaseUntil: null,
  leaseToken: payment.leaseToken + 1n,
})

function stateUpdate(moves: readonly Move[]): Statement {
  const set = `state = v.now, settled_at = case when v.now = 'review' then null else v.at end, transaction_id = coalesce(v.txid, transaction_id),
    rejection_code = coalesce(v.code, rejection_code), reason = coalesce(v.note, reason), resolved_by = v.by, next_check_at = v.look, lease_until = null, lease_owner = null,
    lease_token = lease_token + 1`
  const match = 'payments.id = v.pid and payments.state = v.was and payments.lease_token = v.token'
  const picked = MOVED.map(({ name, type }) => `cast(value ->> '$.${name}' as ${type}) as ${name}`)
  return {
    sql: `update payments set ${set} from (select ${picked.join(', ')} from json_each(?)) as v where ${match} returning id`,
    values: [JSON.stringify(moves.map(toMovedRow))],
    check: (moved) => {
      if (moved.length !== moves.length) throw fenced()
    },
  }
}

/** What an update needs of a move, in the order of the function's row type. */
const MOVED: readonly { name: string; type: 'text' | 'integer'; of: (move: Move) => string | null }[] = [
  { name: 'pid', type: 'text', of: ({ payment }) => payment.id },
  { name: 'was', type: 'text', of: ({ payment }) => payment.state },
  { name: 'token', type: 'integer', of: ({ payment }) => String(payment.leaseToken) },
  { name: 'now', type: 'text', of: ({ to }) => to },
  { name: 'at', type: 'text', of: ({ at }) => iso(at) },
  { name: 'txid', type: 'text', of: ({ transactionId }) => transactionId ?? null },
  { name: 'code', type: 'text', of: ({ rejectionCode }) => rejectionCode ?? null },
  { name: 'note', type: 'text', of: ({ note }) => note ?? null },
  { name: 'by', type: 'text', of: ({ resolvedBy }) => resolvedBy ?? null },
  { name: 'look', type: 'text', of: ({ nextCheckAt }) => (nextCheckAt ? iso(nextCheckAt) : null) },
]

const MOVED_NAMES = MOVED.map(({ name }) => name)

const toMovedRow = (move: Move): Record<string, string | null> => Object.fromEntries(MOVED.map(({ name, of }) => [name, of(move)]))

const OUTBOX_COLUMNS = ['id', 'payment_id', 'topic', 'body', 'created_at'] as const

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
