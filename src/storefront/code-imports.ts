import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'

/** The codes that came into the stock of an offer together and are not sold yet. */
export interface CodeImport {
  /** Names the import: its codes have this very moment. */
  readonly importedAt: Date
  readonly importedBy: string
  readonly free: number
  readonly reserved: number
}

const MOST_IMPORTS = 100

/** Imports of which codes are free or set aside for orders, the newest first. */
export async function codeImports(db: Db, offerId: string): Promise<CodeImport[]> {
  const rows: { imported_at: Date | string; imported_by: string; free: unknown; reserved: unknown }[] = await db('voucher_codes')
    .where({ offer_id: offerId })
    .whereIn('state', ['free', 'reserved'])
    .groupBy('imported_at', 'imported_by')
    .orderBy('imported_at', 'desc')
    .limit(MOST_IMPORTS)
    .select(
      'imported_at',
      'imported_by',
      db.raw(`sum(case when state = 'free' then 1 else 0 end) as free`),
      db.raw(`sum(case when state = 'reserved' then 1 else 0 end) as reserved`),
    )
  return rows.map((row) => ({
    importedAt: moment(row.imported_at),
    importedBy: row.imported_by,
    free: Number(row.free),
    reserved: Number(row.reserved),
  }))
}

/** All codes of an offer, or those of one import. */
export interface CodeChoice {
  readonly offerId: string
  readonly importedAt: Date | null
}

const chosen = (db: Db, { offerId, importedAt }: CodeChoice, state: 'free' | 'reserved') => {
  const query = db('voucher_codes').where({ offer_id: offerId, state })
  return importedAt === null ? query : query.where({ imported_at: iso(importedAt) })
}

export async function countChosen(db: Db, choice: CodeChoice): Promise<number> {
  const [row] = await chosen(db, choice, 'free').select<{ count: unknown }[]>(db.raw('count(*) as count'))
  return Number(row?.count ?? 0)
}

/** Takes the free ones out of the stock for good. One that somebody orders at this moment is either theirs or gone. @returns how many */
export const withdrawChosen = (tx: Tx, choice: CodeChoice, at: Date): Promise<number> =>
  chosen(tx, choice, 'free').update({ state: 'withdrawn', changed_at: iso(at) })

/** As many orders as one page names. */
const MOST_ORDERS = 50

/** The numbers of the orders for which codes of the choice are set aside: whoever pays those still gets them. */
export async function ordersHolding(db: Db, choice: CodeChoice): Promise<string[]> {
  const ids = chosen(db, choice, 'reserved').select('order_id')
  return (await db('orders').whereIn('id', ids).orderBy('id').limit(MOST_ORDERS).pluck('number')) as string[]
}
