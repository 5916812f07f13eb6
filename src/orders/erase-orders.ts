import { DAY, plus } from '../shared/clock'
import { inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'

/** What an order says of a member beyond amounts: the link to its payment page, where the payer's name may stand. */
export async function eraseOrders(tx: Tx, member: { readonly id: string }): Promise<Record<string, number>> {
  const orders = await tx('orders')
    .where({ member_id: member.id })
    .whereNotIn('state', ['created', 'expired', 'cancelled'])
    .update({ payment_url: null })
  return { orders }
}

/** A guest's address serves the delivery and the limit of an offer, and nothing after that. */
const BUYERS_KEPT_MS = 30 * DAY

/** Forgets the addresses of guests whose orders are that old. For the background worker. @returns how many */
export const forgetBuyers = (db: Db, now: Date): Promise<number> =>
  inTransaction(db, (tx) =>
    tx('order_buyers')
      .whereIn(
        'order_id',
        tx('orders')
          .where('created_at', '<', iso(plus(now, -BUYERS_KEPT_MS)))
          .select('id'),
      )
      .delete(),
  )
