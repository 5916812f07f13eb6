import { engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { insertRows } from '../shared/statements'

/** A code goes from `free` to `reserved` when an order is made, to `sold` when it is paid, back to `free` when it is not; `withdrawn` it is never sold again. */
export const CODE_STATES = ['free', 'reserved', 'sold', 'withdrawn'] as const
export type CodeState = (typeof CODE_STATES)[number]

/** One code of the stock. What it says is sealed. */
export interface VoucherCode {
  readonly id: string
  readonly offerId: string
  readonly sealed: string
  readonly state: CodeState
  readonly orderId: string | null
  readonly importedAt: Date
  readonly shownAt: Date | null
}

interface CodeRow {
  id: string
  offer_id: string
  sealed: string
  state: CodeState
  order_id: string | null
  imported_at: Date | string
  shown_at: Date | string | null
}

const toCode = (row: CodeRow): VoucherCode => ({
  id: row.id,
  offerId: row.offer_id,
  sealed: row.sealed,
  state: row.state,
  orderId: row.order_id,
  importedAt: moment(row.imported_at),
  shownAt: optionalMoment(row.shown_at),
})

/** How many codes of each offer are free; offers without any are not among them. */
export async function countFree(db: Db, offerIds: readonly string[]): Promise<Map<string, number>> {
  const counts = await countCodes(db, offerIds)
  return new Map([...counts].map(([id, { free }]) => [id, free]))
}

export type StockCounts = Readonly<Record<CodeState, number>>

/** How many codes of each offer stand in which state. */
export async function countCodes(db: Db, offerIds: readonly string[]): Promise<Map<string, StockCounts>> {
  if (offerIds.length === 0) return new Map()
  const rows: { offer_id: string; state: CodeState; count: unknown }[] = await db('voucher_codes')
    .whereIn('offer_id', offerIds)
    .groupBy('offer_id', 'state')
    .select('offer_id', 'state', db.raw('count(*) as count'))
  const counts = new Map<string, StockCounts>()
  for (const { offer_id: id, state, count } of rows) counts.set(id, { ...(counts.get(id) ?? EMPTY), [state]: Number(count) })
  return counts
}

export const EMPTY: StockCounts = { free: 0, reserved: 0, sold: 0, withdrawn: 0 }

/** How many can be sold yet: those set aside are free again when their orders end unpaid. */
export const inStock = ({ free, reserved }: StockCounts): number => free + reserved

export interface NewCode {
  readonly id: string
  readonly offerId: string
  readonly sealed: string
  readonly digest: string
  readonly at: Date
  readonly by: string
}

export const insertCodes = (tx: Tx, codes: readonly NewCode[]): Promise<void> =>
  insertRows(
    tx,
    'voucher_codes',
    codes.map(({ id, offerId, sealed, digest, at, by }) => ({
      id,
      offer_id: offerId,
      sealed,
      digest,
      state: 'free',
      imported_at: iso(at),
      imported_by: by,
      changed_at: iso(at),
    })),
  )

/** Which of these digests are in the stock already, of whichever offer. */
export async function knownDigests(db: Db, digests: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (let at = 0; at < digests.length; at += 500)
    for (const digest of (await db('voucher_codes')
      .whereIn('digest', digests.slice(at, at + 500))
      .pluck('digest')) as string[])
      found.add(digest)
  return found
}

interface Taken {
  readonly orderId: string
  readonly state: 'reserved' | 'sold'
  readonly at: Date
  /** Whether it can be read: one that cannot stays where it is. */
  readonly isGood: (code: Pick<VoucherCode, 'id' | 'sealed'>) => boolean
}

/** Sets the oldest free code aside for an order; undefined when there is none, or it is no good. Two orders at once get two codes. */
export async function takeFree(tx: Tx, offerId: string, to: Taken): Promise<VoucherCode | undefined> {
  const oldest = tx('voucher_codes').where({ offer_id: offerId, state: 'free' }).orderBy('id').limit(1)
  const [free]: { id: string; sealed: string }[] = await (engineOf(tx) === 'postgres' ? oldest.forUpdate().skipLocked() : oldest).select(
    'id',
    'sealed',
  )
  if (!free || !to.isGood(free)) return undefined
  const [row] = (await tx('voucher_codes')
    .where({ id: free.id, state: 'free' })
    .update({ state: to.state, order_id: to.orderId, changed_at: iso(to.at) })
    .returning('*')) as CodeRow[]
  return row && toCode(row)
}

export interface CodeMove {
  readonly orderId: string
  readonly from: 'reserved'
  readonly to: 'sold'
  readonly at: Date
}

/** Moves the code of an order; undefined when it has none in that state. */
export async function moveCode(tx: Tx, { orderId, from, to, at }: CodeMove): Promise<VoucherCode | undefined> {
  const [row] = (await tx('voucher_codes')
    .where({ order_id: orderId, state: from })
    .update({ state: to, changed_at: iso(at) })
    .returning('*')) as CodeRow[]
  return row && toCode(row)
}

/** Lets go what was set aside for an order. A code whose import was taken out of the stock meanwhile goes after it: it must not be sold to anybody else. */
export async function releaseCode(tx: Tx, orderId: string, at: Date): Promise<void> {
  const held = (await tx('voucher_codes').where({ order_id: orderId, state: 'reserved' }).first()) as CodeRow | undefined
  if (!held) return
  // Whoever takes the stock back locks the offer: this code is either free before that, and goes too, or finds it done.
  if (engineOf(tx) === 'postgres') await tx('offers').where({ id: held.offer_id }).forShare().first('id')
  const withdrawn: unknown = await tx('voucher_codes')
    .where({ offer_id: held.offer_id, state: 'withdrawn', imported_at: held.imported_at })
    .whereNull('order_id')
    .first('id')
  await tx('voucher_codes')
    .where({ id: held.id, state: 'reserved' })
    .update({ state: withdrawn === undefined ? 'free' : 'withdrawn', order_id: null, changed_at: iso(at) })
}

/** How many codes of an offer are free, counted no further than that: a sale need not look at a whole stock. Their order is that of the index. */
export const countFreeUpTo = async (db: Db, offerId: string, most: number): Promise<number> =>
  ((await db('voucher_codes').where({ offer_id: offerId, state: 'free' }).orderBy('id').limit(most).select('id')) as unknown[]).length

export async function findCode(db: Db, orderId: string): Promise<VoucherCode | undefined> {
  const row = (await db('voucher_codes').where({ order_id: orderId }).first()) as CodeRow | undefined
  return row && toCode(row)
}
