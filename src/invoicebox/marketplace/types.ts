import type { Asked, Asking, CircuitState, Unknown } from '../types'

/** A shop as the marketplace is told of it at first (3.8); only documented fields are sent. */
export interface MarketplaceShopDraft {
  /** 1 to 50 characters. */
  readonly title: string
  /** At most 2,000 characters. */
  readonly description: string
  readonly merchantId: string
  /** The loyalty programmes that the shop accepts. */
  readonly accountProgramIds: readonly string[]
}

/** What is changed of a shop that is there; the rest stays as it is. A title cannot be changed: the documents do not name it here. Neither can whose shop it is, by us. */
export interface MarketplaceShopUpdate {
  /** At most 2,000 characters. */
  readonly description?: string | undefined
  /** All of them: those that are not named are not accepted any more. */
  readonly accountProgramIds?: readonly string[] | undefined
  /** Where the shop lives on the web, at most 64 characters. */
  readonly shopUrl?: string | undefined
  /** At most 200 characters. */
  readonly registrationAddress?: string | undefined
}

/** What the marketplace says of a shop. Its token is dropped at the door: nothing of ours needs it. */
export interface MarketplaceShop {
  /** A whole number there; text here. */
  readonly id: string
  readonly shopUrl: string | null
  /** null where the answer does not tell. */
  readonly accountProgramIds: readonly string[] | null
}

export type ShopWritten =
  | { readonly kind: 'accepted'; readonly shop: MarketplaceShop }
  /** `status` is null when it was refused here, before anything was sent. */
  | { readonly kind: 'rejected'; readonly code: string; readonly status: number | null; readonly message: string }
  | Unknown

/** Nothing here can be repeated safely: a shop that was made twice is there twice, and the API offers no way to look for one. */
export interface MarketplaceClient {
  /** Ours, for drafts. */
  readonly merchantId: string
  createShop(draft: MarketplaceShopDraft, asking?: Asking): Promise<Asked<ShopWritten>>
  updateShop(shopId: string, update: MarketplaceShopUpdate, asking?: Asking): Promise<Asked<ShopWritten>>
  circuit(): CircuitState
  close(): Promise<void>
}
