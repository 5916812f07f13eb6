import type { Fulfilled, Fulfilment } from '../orders'
import { openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { Seal } from '../shared/seal'
import { readOffer } from './offer-store'
import { countFree, findCode, moveCode, noteShown, takeFree } from './stock-store'
import { findTopUpCode, insertTopUpCode, noteCodeShown } from './top-up-codes'

/** How vouchers and top-up codes are handed out. A code is set aside with its order, sold with the payment, and free again when the order ends unpaid. */
export const createFulfilment = (seal: Seal): Fulfilment => ({
  reserve: (tx, order, at) => reserve(tx, order, at),
  deliver: (tx, order, at) => deliver(tx, seal, order, at),
  release: async (tx, orderId, at) => {
    await moveCode(tx, { orderId, from: 'reserved', to: 'free', at })
  },
  show: (db, order, at) => show(db, seal, order, at),
})

async function reserve(tx: Tx, { id: orderId, goods, offerId }: Fulfilled, at: Date): Promise<void> {
  if (goods !== 'voucher' || offerId === null) return
  if (!(await takeFree(tx, offerId, { orderId, state: 'reserved', at }))) throw new Refusal('sold_out')
  await warnWhenLow(tx, offerId, at)
}

/** Money that came late finds its code free again, or sold to somebody else: then the next one is as good. */
async function deliver(tx: Tx, seal: Seal, { id: orderId, goods, offerId, points }: Fulfilled, at: Date): Promise<boolean> {
  if (goods === 'code') {
    if (!(await findTopUpCode(tx, { order_id: orderId }))) await insertTopUpCode(tx, seal, { orderId, points, at })
    return true
  }
  if (goods !== 'voucher' || offerId === null) return false
  if (await moveCode(tx, { orderId, from: 'reserved', to: 'sold', at })) return true
  if (await findCode(tx, orderId)) return true
  const isThere = (await takeFree(tx, offerId, { orderId, state: 'sold', at })) !== undefined
  if (isThere) await warnWhenLow(tx, offerId, at)
  return isThere
}

async function warnWhenLow(tx: Tx, offerId: string, at: Date): Promise<void> {
  const { lowStock, title } = await readOffer(tx, offerId)
  const left = (await countFree(tx, [offerId])).get(offerId) ?? 0
  if (left > lowStock) return
  const detail = `The offer "${title.en}" has ${String(left)} codes left. Import more on its page.`
  await openAlerts(tx, [{ kind: 'voucher_stock_low', subject: offerId, detail, at }])
}

async function show(db: Db, seal: Seal, { id, goods }: Fulfilled, at: Date): Promise<string | null> {
  const code = goods === 'code' ? await findTopUpCode(db, { order_id: id }) : await soldCode(db, id)
  if (!code) return null
  if (code.shownAt === null) await inTransaction(db, (tx) => (goods === 'code' ? noteCodeShown : noteShown)(tx, code.id, at))
  return seal.unseal(code.id, code.sealed) ?? null
}

async function soldCode(db: Db, orderId: string): ReturnType<typeof findCode> {
  const code = await findCode(db, orderId)
  return code?.state === 'sold' ? code : undefined
}
