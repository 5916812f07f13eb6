import type { InBothLanguages } from './offer'

/** How far a shop got in Invoicebox's marketplace. `asked` lasts as long as a call; `unknown`: it may be there or not, and a second one must not be made blindly. */
export const MARKETPLACE_STATES = ['none', 'asked', 'accepted', 'rejected', 'unknown'] as const
export type MarketplaceState = (typeof MARKETPLACE_STATES)[number]

/** As many are shown at once, to staff and to everybody. */
export const SHOPS_ON_A_PAGE = 100

/** A shop that accepts the programme. */
export interface Shop {
  readonly id: string
  readonly title: InBothLanguages
  readonly text: InBothLanguages
  readonly address: string
  /** Where the shop is on the web; empty when it is not. */
  readonly link: string
  readonly position: number
  readonly isShown: boolean
  readonly marketplace: {
    readonly state: MarketplaceState
    /** The shop's number there. */
    readonly id: string | null
    readonly note: string | null
    readonly at: Date | null
  }
  readonly createdAt: Date
  readonly changedAt: Date
}
