import type { VatCode } from '../invoicebox'
import { bound, engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Offer, OfferForSale, OfferType } from './offer'
import { countFree } from './stock-store'

interface OfferRow {
  id: string
  type: OfferType
  title_ru: string
  title_en: string
  text_ru: string
  text_en: string
  price: bigint | null
  /** Kopecks between blanks. */
  chips: string
  vat_code: VatCode
  least: bigint | null
  most: bigint | null
  per_person: number | bigint | null
  meta_key: string | null
  meta_values: string | null
  active_from: Date | string | null
  active_until: Date | string | null
  position: number | bigint
  is_enabled: boolean | number | bigint
  low_stock: number | bigint
  created_at: Date | string
  changed_at: Date | string
  picture_id: string | null
}

const rub = (minor: bigint): Money => money(minor, 'RUB')
const optionalRub = (minor: bigint | null): Money | null => (minor === null ? null : rub(minor))

const toOffer = (row: OfferRow): Offer => ({
  id: row.id,
  type: row.type,
  title: { ru: row.title_ru, en: row.title_en },
  text: { ru: row.text_ru, en: row.text_en },
  price: optionalRub(row.price),
  chips: row.chips === '' ? [] : row.chips.split(' ').map((minor) => rub(BigInt(minor))),
  vatCode: row.vat_code,
  least: optionalRub(row.least),
  most: optionalRub(row.most),
  perPerson: row.per_person === null ? null : Number(row.per_person),
  visibility: row.meta_key === null ? null : { key: row.meta_key, values: JSON.parse(row.meta_values ?? '[]') as string[] },
  activeFrom: optionalMoment(row.active_from),
  activeUntil: optionalMoment(row.active_until),
  position: Number(row.position),
  isEnabled: Boolean(Number(row.is_enabled)),
  lowStock: Number(row.low_stock),
  picture: row.picture_id === null ? null : { id: row.picture_id, href: `/catalogue/pictures/${row.picture_id}` },
  createdAt: moment(row.created_at),
  changedAt: moment(row.changed_at),
})

const rows = (db: Db) =>
  db('offers').leftJoin('offer_pictures', 'offer_pictures.offer_id', 'offers.id').select('offers.*', 'offer_pictures.id as picture_id')

/** Every offer in the order of the catalogue, on sale or not. There are as many as staff have written: a few dozen. */
export async function readOffers(db: Db): Promise<Offer[]> {
  return ((await rows(db).orderBy('position').orderBy('offers.id')) as OfferRow[]).map(toOffer)
}

export async function findOffer(db: Db, id: string): Promise<Offer | undefined> {
  const [row] = (await rows(db).where('offers.id', id)) as OfferRow[]
  return row && toOffer(row)
}

/** @throws Refusal not_found (detail: offer) */
export async function readOffer(db: Db, id: string): Promise<Offer> {
  const offer = await findOffer(db, id)
  if (!offer) throw new Refusal('not_found', 'offer')
  return offer
}

export const isOnSale = ({ isEnabled, activeFrom, activeUntil }: Offer, now: Date): boolean =>
  isEnabled && (activeFrom === null || activeFrom <= now) && (activeUntil === null || now < activeUntil)

/**
 * What can be bought now, in the order of the catalogue. A voucher that has run out is among them with `inStock` 0. Where an offer has a `visibility`, whoever shows it
 * asks whether the order at hand fits.
 */
export async function listOffers(db: Db, { now }: { readonly now: Date }): Promise<OfferForSale[]> {
  const offers = (await readOffers(db)).filter((offer) => isOnSale(offer, now))
  const free = await countFree(
    db,
    offers.filter(({ type }) => type === 'voucher').map(({ id }) => id),
  )
  return offers.map((offer) => ({ ...offer, inStock: offer.type === 'voucher' ? (free.get(offer.id) ?? 0) : null }))
}

/** What staff write of an offer. */
export type OfferBody = Omit<Offer, 'id' | 'picture' | 'createdAt' | 'changedAt'>

/** Holds an offer as it is until the transaction ends. */
export async function lockOffer(tx: Tx, id: string): Promise<Offer | undefined> {
  if (engineOf(tx) === 'postgres') await tx('offers').where({ id }).forNoKeyUpdate().first('id')
  return findOffer(tx, id)
}

export async function insertOffer(tx: Tx, id: string, body: OfferBody, at: Date): Promise<void> {
  await tx('offers').insert({ id, ...columnsOf(tx, body), created_at: iso(at), changed_at: iso(at) })
}

export async function updateOffer(tx: Tx, id: string, body: OfferBody, at: Date): Promise<void> {
  await tx('offers')
    .where({ id })
    .update({ ...columnsOf(tx, body), changed_at: iso(at) })
}

const minorOf = (amount: Money | null) => (amount === null ? null : bound(amount.minor))

const columnsOf = (tx: Tx, { title, text, chips, visibility, ...body }: OfferBody) => ({
  type: body.type,
  title_ru: title.ru,
  title_en: title.en,
  text_ru: text.ru,
  text_en: text.en,
  price: minorOf(body.price),
  chips: chips.map(({ minor }) => String(minor)).join(' '),
  vat_code: body.vatCode,
  least: minorOf(body.least),
  most: minorOf(body.most),
  per_person: body.perPerson,
  meta_key: visibility?.key ?? null,
  meta_values: visibility ? JSON.stringify(visibility.values) : null,
  active_from: body.activeFrom && iso(body.activeFrom),
  active_until: body.activeUntil && iso(body.activeUntil),
  position: body.position,
  is_enabled: engineOf(tx) === 'postgres' ? body.isEnabled : Number(body.isEnabled),
  low_stock: body.lowStock,
})
