import { engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { MarketplaceState, Shop } from './shop'

interface ShopRow {
  id: string
  title_ru: string
  title_en: string
  text_ru: string
  text_en: string
  address: string
  link: string
  position: number | bigint
  is_shown: boolean | number | bigint
  marketplace_id: number | bigint | null
  marketplace_state: MarketplaceState
  marketplace_note: string | null
  marketplace_at: Date | string | null
  created_at: Date | string
  changed_at: Date | string
}

const toShop = (row: ShopRow): Shop => ({
  id: row.id,
  title: { ru: row.title_ru, en: row.title_en },
  text: { ru: row.text_ru, en: row.text_en },
  address: row.address,
  link: row.link,
  position: Number(row.position),
  isShown: Boolean(Number(row.is_shown)),
  marketplace: {
    state: row.marketplace_state,
    id: row.marketplace_id === null ? null : String(row.marketplace_id),
    note: row.marketplace_note,
    at: optionalMoment(row.marketplace_at),
  },
  createdAt: moment(row.created_at),
  changedAt: moment(row.changed_at),
})

const LIKE_SIGNS = /[\\%_]/g

export interface ShopFilter {
  /** Words that must all occur in title, text or address, in either language. */
  readonly words?: string | undefined
  readonly onlyShown?: boolean
  /** Those behind this one; from the beginning when there is none of this id. */
  readonly after?: string | undefined
  /** All of them, unless it says how many. */
  readonly limit?: number
}

/** The shops in the order of the page. */
export async function listShops(db: Db, { words = '', onlyShown = false, after, limit }: ShopFilter = {}): Promise<Shop[]> {
  const query = db('shops').orderBy('position').orderBy('id')
  if (limit !== undefined) void query.limit(limit)
  const last = after === undefined ? undefined : await findShop(db, after)
  if (last) void query.whereRaw('(position, id) > (?, ?)', [last.position, last.id])
  if (onlyShown) void query.where('is_shown', flag(db, true))
  for (const word of searched(words)
    .split(' ')
    .filter((each) => each !== '')
    .slice(0, 10))
    void query.whereRaw(`found_by like ? escape '\\'`, [`%${word.replace(LIKE_SIGNS, '\\$&')}%`])
  return ((await query) as ShopRow[]).map(toShop)
}

/** Databases disagree about small letters outside English, so they are compared as we write them. */
const searched = (text: string): string => text.toLowerCase().replaceAll('ё', 'е').replace(/\s+/g, ' ').trim()

/** @throws Refusal not_found (detail: shop) */
export async function readShop(db: Db, id: string): Promise<Shop> {
  const shop = await findShop(db, id)
  if (!shop) throw new Refusal('not_found', 'shop')
  return shop
}

export async function findShop(db: Db, id: string): Promise<Shop | undefined> {
  const row = (await db('shops').where({ id }).first()) as ShopRow | undefined
  return row && toShop(row)
}

/** Whether a number of the marketplace is another shop's. */
export const isOfAnother = async (db: Db, id: string, marketplaceId: string): Promise<boolean> =>
  (await db('shops')
    .where({ marketplace_id: Number(marketplaceId) })
    .whereNot({ id })
    .first('id')) !== undefined

/** What staff write of a shop. */
export type ShopBody = Pick<Shop, 'title' | 'text' | 'address' | 'link' | 'position' | 'isShown'>

export async function insertShop(tx: Tx, id: string, body: ShopBody, at: Date): Promise<void> {
  const dates = { created_at: iso(at), changed_at: iso(at) }
  await tx('shops').insert({ id, ...columnsOf(tx, body), marketplace_state: 'none', ...dates })
}

export async function updateShop(tx: Tx, id: string, body: ShopBody, at: Date): Promise<void> {
  await tx('shops')
    .where({ id })
    .update({ ...columnsOf(tx, body), changed_at: iso(at) })
}

export interface MarketplaceNews {
  readonly state: MarketplaceState
  readonly at: Date
  readonly id?: string | undefined
  readonly note?: string | undefined
}

export async function noteMarketplace(tx: Tx, id: string, { state, at, id: number, note }: MarketplaceNews): Promise<void> {
  const known = number === undefined ? {} : { marketplace_id: Number(number) }
  await tx('shops')
    .where({ id })
    .update({ marketplace_state: state, marketplace_at: iso(at), marketplace_note: note?.slice(0, 300) ?? null, ...known })
}

/** Holds a shop as it is until the transaction ends. @throws Refusal not_found (detail: shop) */
export async function lockShop(tx: Tx, id: string): Promise<Shop> {
  await hold(tx, id)
  return readShop(tx, id)
}

/** The same where there may be none. */
export async function lockIfThere(tx: Tx, id: string): Promise<Shop | undefined> {
  await hold(tx, id)
  return findShop(tx, id)
}

async function hold(tx: Tx, id: string): Promise<void> {
  if (engineOf(tx) === 'postgres') await tx('shops').where({ id }).forNoKeyUpdate().first('id')
}

const flag = (db: Db, value: boolean): boolean | number => (engineOf(db) === 'postgres' ? value : Number(value))

const columnsOf = (tx: Tx, { title, text, address, link, position, isShown }: ShopBody) => ({
  title_ru: title.ru,
  title_en: title.en,
  text_ru: text.ru,
  text_en: text.en,
  address,
  link,
  found_by: searched(`${title.ru} ${title.en} ${text.ru} ${text.en} ${address}`).slice(0, 2_000),
  position,
  is_shown: flag(tx, isShown),
})
