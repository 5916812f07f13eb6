/** The public face of the marketplace API: shops that accept the programme. */
export { createMarketplaceClient } from './client'
export type { MarketplaceClient, MarketplaceShop, MarketplaceShopDraft, MarketplaceShopUpdate, ShopWritten } from './types'
