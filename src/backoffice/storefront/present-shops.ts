import { SHOPS_ON_A_PAGE, shopStamp } from '../../storefront'
import type { MarketplaceState, Shop } from '../../storefront'
import { listHref } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
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

export function shopRows(shop: Shop, reader: Reader): { label: string; value: string }[] {
  const { t } = reader
  const { state, id, at, note } = shop.marketplace
  return [
    { label: t('shops.shown'), value: shownCell(shop, reader).text },
    { label: t('shops.marketplace'), value: t(`shops.marketplace.${state}`) },
    ...(id === null ? [] : [{ label: t('shops.marketplace_id'), value: id }]),
    ...(at === null ? [] : [{ label: t('shops.marketplace_at'), value: momentCell(at, reader).text }]),
    ...(note === null ? [] : [{ label: t('shops.marketplace_note'), value: note }]),
  ]
}

/** What `views/backoffice/partials/shop-fields.ejs` prints. */
export interface ShopForm {
  readonly id: string
  readonly basedOn: string
  readonly values: Readonly<Record<'titleRu' | 'titleEn' | 'textRu' | 'textEn' | 'address' | 'link' | 'position', string>>
  readonly isShown: boolean
}

/** @param shop what the fields are filled with; a new one begins empty */
export const shopForm = (id: string, shop?: Shop): ShopForm => ({
  id,
  basedOn: shopStamp(shop),
  values: {
    titleRu: shop?.title.ru ?? '',
    titleEn: shop?.title.en ?? '',
    textRu: shop?.text.ru ?? '',
    textEn: shop?.text.en ?? '',
    address: shop?.address ?? '',
    link: shop?.link ?? '',
    position: String(shop?.position ?? 100),
  },
  isShown: shop?.isShown ?? true,
})
