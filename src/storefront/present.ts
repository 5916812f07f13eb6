import type { Language } from '../shared/texts'
import type { Shop } from './shop'

/** What `views/storefront/shops.ejs` prints. */
export interface ShopsPage {
  readonly searched: string
  readonly shops: readonly { readonly title: string; readonly text: string; readonly address: string; readonly link: string | null }[]
}

export const presentShops = (shops: readonly Shop[], searched: string, language: Language): ShopsPage => ({
  searched,
  shops: shops.map(({ title, text, address, link }) => ({
    title: title[language],
    text: text[language],
    address,
    link: link === '' ? null : link,
  })),
})
