import { SHOPS_ON_A_PAGE, shopStamp } from '../../storefront'
import type { MarketplaceState, Shop } from '../../storefront'
import { fieldName } from '../../shared/texts/faults'
import type { Translate } from '../../shared/texts'
import { listHref } from '../filters'
import { cellRow, momentRow } from '../reader'
import type { Reader, Row } from '../reader'
import type { Cell, Mark, Table } from '../table'
import { shopPath, SHOPS } from './deps'

const MARKS: Readonly<Record<MarketplaceState, Mark>> = { none: 'off', asked: 'wait', accepted: 'good', rejected: 'bad', unknown: 'wait' }

/** @param shops as many as a page holds, and one more when there are more */
export const presentShops = (shops: readonly Shop[], reader: Reader, { after }: { readonly after?: string | undefined } = {}): Table => ({
  caption: reader.t('shops.heading'),
  empty: reader.t('shops.empty'),
  columns: [
    { label: reader.t('shops.title') },
    { label: reader.t('shops.address') },
    { label: reader.t('shops.shown') },
    { label: reader.t('shops.marketplace') },
  ],
  rows: shops.slice(0, SHOPS_ON_A_PAGE).map((shop) => ({
    href: shopPath(shop.id),
    cells: [{ text: shop.title[reader.language] }, { text: shop.address || '—' }, shownCell(shop, reader), stateCell(shop, reader)],
  })),
  ...(shops.length > SHOPS_ON_A_PAGE && { olderHref: listHref(SHOPS, { after: shops[SHOPS_ON_A_PAGE - 1]?.id }) }),
  ...(after !== undefined && { newestHref: SHOPS }),
})

const shownCell = ({ isShown }: Shop, { t }: Reader): Cell =>
  isShown ? { text: t('shops.is_shown'), mark: 'good' } : { text: t('shops.is_hidden'), mark: 'off' }

const stateCell = ({ marketplace: { state } }: Shop, { t }: Reader): Cell => ({ text: t(`shops.marketplace.${state}`), mark: MARKS[state] })

export function shopRows(shop: Shop, reader: Reader): Row[] {
  const { t } = reader
  const { id, at, note } = shop.marketplace
  return [
    cellRow(t('shops.shown'), shownCell(shop, reader)),
    cellRow(t('shops.marketplace'), stateCell(shop, reader)),
    ...(id === null ? [] : [{ label: t('shops.marketplace_id'), value: id }]),
    ...(at === null ? [] : [momentRow(t('shops.marketplace_at'), at, reader)]),
    ...(note === null ? [] : [{ label: t('shops.marketplace_note'), value: note }]),
  ]
}

const FIELDS = ['titleRu', 'titleEn', 'textRu', 'textEn', 'address', 'link', 'position'] as const
type Values = Readonly<Record<(typeof FIELDS)[number], string>>

/** A form as it was sent. */
export interface TypedShop extends Values {
  readonly shown?: 'yes' | undefined
  readonly reason: string
}

/** What `views/backoffice/partials/shop-form.ejs` prints. */
export interface ShopForm {
  readonly id: string
  readonly basedOn: string
  readonly values: Values
  readonly isShown: boolean
  readonly reason: string
  /** That somebody else has changed the shop meanwhile, and to what. */
  readonly alert: string | null
}

/**
 * @param shop what the fields are filled with; a new one begins empty
 * @param overtaken what was typed on what stands no more: it stays, and sent once more it is based on the shop as it is now
 */
export function shopForm(id: string, shop?: Shop, overtaken?: { readonly typed: TypedShop; readonly t: Translate }): ShopForm {
  const { typed } = overtaken ?? {}
  const stands = valuesOf(shop)
  return {
    id,
    basedOn: shopStamp(shop),
    values: typed ?? stands,
    isShown: typed ? typed.shown === 'yes' : (shop?.isShown ?? true),
    reason: typed?.reason ?? '',
    alert: shop && overtaken ? overtakenText(shop, overtaken) : null,
  }
}

const valuesOf = (shop: Shop | undefined): Values => ({
  titleRu: shop?.title.ru ?? '',
  titleEn: shop?.title.en ?? '',
  textRu: shop?.text.ru ?? '',
  textEn: shop?.text.en ?? '',
  address: shop?.address ?? '',
  link: shop?.link ?? '',
  position: String(shop?.position ?? 100),
})

/** What stands otherwise than was typed. */
function overtakenText(shop: Shop, { typed, t }: { readonly typed: TypedShop; readonly t: Translate }): string {
  const stands = valuesOf(shop)
  const others = FIELDS.filter((name) => stands[name] !== typed[name].replaceAll('\r\n', '\n'))
  const told = others.map((name) => `${fieldName(name, t)}: ${stands[name] || '—'}`)
  if (shop.isShown !== (typed.shown === 'yes')) told.push(`${t('shops.shown')}: ${t(shop.isShown ? 'shops.is_shown' : 'shops.is_hidden')}`)
  return t('shops.overtaken', { now: told.join('; ') })
}
