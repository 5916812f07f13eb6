import { engineOf, iso } from '../shared/database'
import type { Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'
import type { Row } from '../shared/statements'
import type { Order } from './order'
import { canMove } from './states'
import type { OrderState } from './states'

/** One step of one order, from the state it was decided on. */
export interface OrderMove {
  readonly order: Pick<Order, 'id' | 'state'>
  readonly to: OrderState
  readonly at: Date
  /** Who moved it: `system:orders`, `invoicebox:notification`, `member:…`. */
  readonly actor: string
  readonly note?: string
  /** What becomes known with it. */
  readonly known?: {
    readonly invoicebox_id?: string
    readonly container_id?: string | null
    readonly payment_url?: string
    readonly paid_id?: string
    readonly reason?: string
  }
  /** When Invoicebox is to be asked next; null: not any more. */
  readonly nextCheckAt?: Date | null
}

/** Moves an order and tells its history, in the caller's transaction. @throws Refusal order_in_wrong_state when it is not where it was decided on */
export async function moveOrder(tx: Tx, move: OrderMove): Promise<void> {
  const { order, to, at, known = {}, nextCheckAt } = move
  if (!canMove(order.state, to)) throw new Error(`bug: ${order.state} -> ${to}`)
  const moved = await tx('orders')
    .where({ id: order.id, state: order.state })
    .update({
      state: to,
      settled_at: to === 'created' ? null : iso(at),
      ...known,
      ...(nextCheckAt === undefined ? {} : { next_check_at: nextCheckAt && iso(nextCheckAt) }),
    })
  if (moved !== 1) throw new Refusal('order_in_wrong_state')
  await insertRows(tx, 'order_events', [eventRow(move)])
}

/** The state of an order as it stands and stays until this transaction ends. */
export async function lockOrder(tx: Tx, id: string): Promise<OrderState> {
  const query = tx('orders').where({ id })
  const row: { state: OrderState } | undefined = await (engineOf(tx) === 'postgres' ? query.forNoKeyUpdate() : query).first('state')
  if (!row) throw new Refusal('not_found', 'order')
  return row.state
}

const eventRow = ({ order, to, at, actor, note }: OrderMove): Row => ({
  id: newSortedId(),
  order_id: order.id,
  from_state: order.state,
  to_state: to,
  actor,
  note: note?.slice(0, 500) ?? null,
  at: iso(at),
})

export const birthEvent = (order: Order): Row => ({
  id: newSortedId(),
  order_id: order.id,
  from_state: null,
  to_state: order.state,
  actor: order.memberId === null ? 'guest' : `member:${order.memberId}`,
  note: null,
  at: iso(order.createdAt),
})
