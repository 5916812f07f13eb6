import { DAY, plus } from '../shared/clock'
import { inTransaction, iso } from '../shared/database'
import type { Db } from '../shared/database'

/** Longer than a consent is good for, and than anybody leaves a page open. */
const KEPT_FOR = 7 * DAY
/** A transaction that deletes more would keep others waiting. */
const MOST_AT_ONCE = 1_000

/**
 * Deletes old checkouts on which nothing was paid: arrivals cost nobody anything, so there may be any number of them. Those of a payment are its history and stay.
 * For the background worker. Returns how many; there may be more.
 */
export const forgetOldCheckouts = (db: Db, now: Date): Promise<number> =>
  inTransaction(db, (tx) => {
    const old = tx('checkouts as c')
      .where('c.created_at', '<', iso(plus(now, -KEPT_FOR)))
      .whereNotExists((paid) => void paid.select(tx.raw('1')).from('payments as p').whereRaw('p.checkout_id = c.id'))
      .orderBy('c.created_at')
      .limit(MOST_AT_ONCE)
    return tx('checkouts').whereIn('id', old.select('c.id')).delete()
  })
