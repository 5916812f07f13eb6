import { CodeUnreadable } from '../orders'
import type { Fulfilled, Fulfilment } from '../orders'
import { openAlerts } from '../shared/alerts'
import type { NewAlert } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { Seal } from '../shared/seal'
import { readOffer } from './offer-store'
import { findOrderCode, noteSeen, restoreCode, withdrawCode } from './order-code'
import { opens } from './readable-codes'
import { countFreeUpTo, findCode, moveCode, releaseCode, takeFree } from './stock-store'
import { findTopUpCode, insertTopUpCode } from './top-up-codes'
import { tell } from '../shared/told'

/** Has the buyer of an order told by letter. */
export interface TellBuyer {
  /** In the transaction that hands the goods out. */
  first(tx: Tx, order: Pick<Fulfilled, 'id' | 'language'>, at: Date): Promise<void>
  /** In the transaction that makes a code good again whose letter may have been dropped while it was not. */
  again(tx: Tx, order: Pick<Fulfilled, 'id'>, at: Date): Promise<void>
}

/** How vouchers and top-up codes are handed out. A code is set aside with its order, sold with the payment, and free again when the order ends unpaid. */
export const createFulfilment = (seal: Seal, tellBuyer: TellBuyer): Fulfilment => ({
  reserve: (tx, order, at) => reserve(tx, seal, order, at),
  async deliver(tx, order, at) {
    const isThere = await deliver(tx, seal, order, at)
    if (isThere) await tellBuyer.first(tx, order, at)
    return isThere
  },
  release: (tx, orderId, at) => releaseCode(tx, orderId, at),
  show: (db, order, at) => revealCode(db, seal, order, { how: 'shown_at', at }),
  look: async (db, order) => (await findOrderCode(db, order)) ?? null,
  async withdraw(tx, withdrawals) {
    for (const { order, ...how } of withdrawals)
      if (!(await withdrawCode(tx, order, how))) throw new Refusal('refund_not_possible', 'its code was seen or used by then')
  },
  async restore(tx, withdrawals) {
    for (const { order, at } of withdrawals) {
      await restoreCode(tx, order, at)
      if ((await findOrderCode(tx, order))?.mailedAt === null) await tellBuyer.again(tx, order, at)
    }
  },
})

/** What cannot be read is sold to nobody. */
async function reserve(tx: Tx, seal: Seal, { id: orderId, goods, offerId }: Fulfilled, at: Date): Promise<void> {
  if (goods !== 'voucher' || offerId === null) return
  if (!(await takeFree(tx, offerId, { orderId, state: 'reserved', at, isGood: (code) => opens(seal, code) }))) throw new Refusal('sold_out')
  await warnWhenLow(tx, offerId, at)
}

/** Money that came late finds its code free again, or sold to somebody else: then the next one is as good. */
async function deliver(tx: Tx, seal: Seal, { id: orderId, goods, offerId, points }: Fulfilled, at: Date): Promise<boolean> {
  if (goods === 'code') {
    if (!(await findTopUpCode(tx, { order_id: orderId }))) await insertTopUpCode(tx, seal, { orderId, points, at })
    return true
  }
  if (goods !== 'voucher' || offerId === null) return false
  const held = await findCode(tx, orderId)
  if (held && held.state !== 'reserved') return true
  // One that does not open stays this order's own: a process with the right secret hands it out.
  if (held) return opens(seal, held) && (await moveCode(tx, { orderId, from: 'reserved', to: 'sold', at })) !== undefined
  const isThere = (await takeFree(tx, offerId, { orderId, state: 'sold', at, isGood: (code) => opens(seal, code) })) !== undefined
  if (isThere) await warnWhenLow(tx, offerId, at)
  return isThere
}

async function warnWhenLow(tx: Tx, offerId: string, at: Date): Promise<void> {
  const { lowStock, title } = await readOffer(tx, offerId)
  const left = await countFreeUpTo(tx, offerId, lowStock + 1)
  if (left > lowStock) return
  const detail = tell('told.codes_left', { title: title.en, left: String(left) })
  await openAlerts(tx, [{ kind: 'voucher_stock_low', subject: offerId, detail, at }])
}

/**
 * What a code says, to its buyer; null for one that is good no more. First it is noted that it was seen, and only of one that is still good: a refund which withdraws codes that nobody has seen is either before
 * that or after it.
 * @throws CodeUnreadable, and staff are told by an alert
 */
export async function revealCode(
  db: Db,
  seal: Seal,
  order: Pick<Fulfilled, 'id' | 'goods'>,
  { how, at }: { readonly how: 'shown_at' | 'mailed_at'; readonly at: Date },
): Promise<string | null> {
  const code = await findOrderCode(db, order)
  if (!code || code.use === 'withdrawn') return null
  const text = seal.unseal(code.id, code.sealed)
  if (text === undefined) return tellUnreadable(db, order, at)
  const seenAt = how === 'shown_at' ? code.shownAt : code.mailedAt
  if (seenAt === null && !(await inTransaction(db, (tx) => noteSeen(tx, order, how, at)))) return null
  return text
}

async function tellUnreadable(db: Db, { id }: Pick<Fulfilled, 'id'>, at: Date): Promise<never> {
  const alert: NewAlert = { kind: 'order_undeliverable', subject: id, detail: tell('told.code_unreadable'), at }
  await inTransaction(db, (tx) => openAlerts(tx, [alert]))
  throw new CodeUnreadable()
}
