import type { Db } from '../shared/database'
import { gatherReads } from '../shared/gather-reads'
import type { OrderGoods } from './fulfilment'
import { numbersIn } from './number'

/** What an invoice is for that we sell ourselves: points, for an account or as a code, or a voucher. */
export type OwnGoods = 'points' | 'voucher'

/**
 * What we sell on an invoice: points pay for none of it. Points would pay for points; and what a voucher was paid with comes back to the fund when it is refunded, while the
 * member's points stay gone. Many who ask at the same moment share a statement.
 * @param invoiceId Invoicebox's id of an invoice, in whatever case
 */
export const ownGoodsOn = gatherReads<string, OwnGoods | undefined>(async (db, _engine, invoiceIds) => {
  const own = await ownGoodsAmong(db, invoiceIds)
  return invoiceIds.map((id) => own.get(id.toLowerCase()))
})

/**
 * Invoicebox itself has said that such an order was never made or is closed, so its invoice does not ask money for it any more and may be paid with points. Should money come
 * for it all the same, it was not the points of that invoice: those pay what the invoice asked for when the member agreed.
 */
const OVER = ['failed', 'expired', 'cancelled']

/** What we sell on each of these invoices. @returns by their ids in lower case */
export async function ownGoodsAmong(db: Db, invoiceIds: readonly string[]): Promise<Map<string, OwnGoods>> {
  const ids = new Set(invoiceIds.map((id) => id.toLowerCase()))
  if (ids.size === 0) return new Map()
  const rows = await db('orders')
    .where((named) => void named.whereIn('container_id', [...ids]).orWhereIn('invoicebox_id', [...ids]))
    .whereNotIn('state', OVER)
    .select<{ container_id: string | null; invoicebox_id: string | null; goods: OrderGoods }[]>('container_id', 'invoicebox_id', 'goods')
  const own = new Map<string, OwnGoods>()
  for (const { container_id, invoicebox_id, goods } of rows)
    for (const id of [container_id, invoicebox_id])
      if (id !== null && ids.has(id) && own.get(id) !== 'points') own.set(id, goods === 'voucher' ? 'voucher' : 'points')
  return own
}

/** What an invoice says of itself. */
interface NamingInvoice {
  readonly id: string
  readonly number: string
  readonly description: string
}

/**
 * What we sell on each of these invoices, by the numbers of orders that they name: before Invoicebox has answered, nobody here knows which invoice an order is on, and our
 * own description is all that tells. A text of somebody else bars its invoice only while it names an order that exists and is not over.
 * @returns by the ids as the invoices spell them
 */
export async function ownGoodsNamedBy(db: Db, invoices: readonly NamingInvoice[]): Promise<Map<string, OwnGoods>> {
  const named = new Map(invoices.map(({ id, number, description }) => [id, numbersIn(`${number} ${description}`)]))
  const numbers = [...new Set([...named.values()].flat())]
  if (numbers.length === 0) return new Map()
  const rows = await db('orders')
    .whereIn('number', numbers)
    .whereNotIn('state', OVER)
    .select<{ number: string; goods: OrderGoods }[]>('number', 'goods')
  const goods = new Map(rows.map((row) => [row.number, row.goods === 'voucher' ? 'voucher' : 'points'] as const))
  const found = [...named].map(([id, of]) => [id, of.flatMap((number) => goods.get(number) ?? []).sort()[0]] as const)
  return new Map(found.flatMap(([id, what]) => (what ? [[id, what]] : [])))
}
