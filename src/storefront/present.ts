import type { Language } from '../shared/texts'
import { SHOPS_ON_A_PAGE } from './shop'
import type { Shop } from './shop'

/** What `views/storefront/shops.ejs` prints. */
export interface ShopsPage {
  readonly searched: string
  readonly shops: readonly { readonly title: string; readonly text: string; readonly address: string; readonly link: string | null }[]
  /** Where the next ones are; null when these are the last. */
  readonly moreHref: string | null
}

const moreHref = (q: string, after: string): string =>
  `/where-to-spend?${new URLSearchParams({ ...(q !== '' && { q }), after }).toString()}`

/** @param shops as many as a page holds, and one more when there are more */
export const presentShops = (shops: readonly Shop[], searched: string, language: Language): ShopsPage => ({
  searched,
  moreHref: shops.length > SHOPS_ON_A_PAGE ? moreHref(searched, shops[SHOPS_ON_A_PAGE - 1]?.id ?? '') : null,
  shops: shops.slice(0, SHOPS_ON_A_PAGE).map(({ title, text, address, link }) => ({
    title: title[language],
    text: text[language],
    address,
    link: link === '' ? null : link,
  })),
})
