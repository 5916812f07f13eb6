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

/**
 * A guest's address serves the delivery and the limit of an offer, and nothing after that. Its digest goes with it, and with the digest the limit: it still tells whether
 * somebody whose address is known has bought, and a guest who wants more than the limit takes another address anyway. A member's limit never lapses.
 */
const BUYERS_KEPT_MS = 30 * DAY
/** A write transaction holds up every other one of an embedded database. */
const MOST_AT_ONCE = 500

/** Forgets the addresses of guests whose orders are that old. For the background worker. @returns how many */
export async function forgetBuyers(db: Db, now: Date): Promise<number> {
  let all = 0
  for (;;) {
    const forgotten = await inTransaction(db, (tx) => forgetOldest(tx, plus(now, -BUYERS_KEPT_MS)))
    all += forgotten
    if (forgotten < MOST_AT_ONCE) return all
  }
}

/** The ids of orders grow with time, so the oldest addresses stand first: no more rows are looked at than may be removed. */
function forgetOldest(tx: Tx, before: Date): Promise<number> {
  const oldest = tx('order_buyers').orderBy('order_id').limit(MOST_AT_ONCE).select('order_id').as('b')
  const old = tx(oldest).join('orders as o', 'o.id', 'b.order_id').where('o.created_at', '<', iso(before)).select('b.order_id')
  return tx('order_buyers').whereIn('order_id', old).delete()
}
