import type { Approvals } from '../../approvals'
import type { OfferDeeds, PublishDeps } from '../../storefront'

/** What the pages about the catalogue and the shops work with. */
export interface StorefrontPagesDeps extends PublishDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly offers: OfferDeeds }
  readonly zone: string
}

export const CATALOGUE = '/admin/catalogue'
export const SHOPS = '/admin/shops'
export const offerPath = (id: string): string => `${CATALOGUE}/${id}`
export const shopPath = (id: string): string => `${SHOPS}/${id}`
