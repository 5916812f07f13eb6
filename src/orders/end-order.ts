import { openAlerts } from '../shared/alerts'
import { HOUR, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { paidAndCancelled } from './credit-order'
import { lockOrder, moveOrder } from './move-order'
import type { Order, OrderDeps } from './order'

/** An order that ended unpaid is looked at once more this much later: money may come late. */
const LOOK_AGAIN_MS = HOUR

export interface End {
  readonly to: 'expired' | 'cancelled'
  readonly actor: string
  readonly at: Date
}

/** Invoicebox says that an order ended unpaid. One that was paid stays so, and somebody looks which is true. */
export async function endOrder(
  { db, fulfilment }: Pick<OrderDeps, 'db' | 'fulfilment'>,
  order: Pick<Order, 'id'>,
  { to, actor, at }: End,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const state = await lockOrder(tx, order.id)
    const ended = { order: { id: order.id, state }, at, actor, nextCheckAt: plus(at, LOOK_AGAIN_MS) }
    if (state === 'created') await moveOrder(tx, { ...ended, to })
    // Its link is not known here, so nobody will ever be sent there.
    if (state === 'creating') await moveOrder(tx, { ...ended, to: 'failed', known: { reason: to } })
    if (state === 'created' || state === 'creating') await fulfilment.release(tx, order.id, at)
    if ((state === 'paid' || state === 'credited') && to === 'cancelled') await openAlerts(tx, [paidAndCancelled(order.id, at)])
  })
}
