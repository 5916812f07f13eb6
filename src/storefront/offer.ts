import type { VatCode } from '../invoicebox'
import type { Money } from '../shared/money'
import type { Language } from '../shared/texts'

/** What can be bought: points for the buyer's own account, or a voucher out of a stock of codes. */
export const OFFER_TYPES = ['points', 'voucher'] as const
export type OfferType = (typeof OFFER_TYPES)[number]

export type InBothLanguages = Readonly<Record<Language, string>>

/** Offered only beside an order whose metadata has one of the values under the key, as `matchMetaDataValues` of the mini-app SDK seeks it. */
export interface Visibility {
  readonly key: string
  readonly values: readonly string[]
}

/** One line of the catalogue. */
export interface Offer {
  readonly id: string
  readonly type: OfferType
  readonly title: InBothLanguages
  readonly text: InBothLanguages
  /** Of a voucher; points have the programme's one price. */
  readonly price: Money | null
  /** Of points: the amounts, in roubles, that are offered to choose from. */
  readonly chips: readonly Money[]
  readonly vatCode: VatCode
  /** The least and the most roubles of one order of points; the settings' own limits hold besides. */
  readonly least: Money | null
  readonly most: Money | null
  /** How many times one member, or one address of a guest, may buy it; `null`: as often as they like. */
  readonly perPerson: number | null
  /** `null`: offered everywhere. */
  readonly visibility: Visibility | null
  readonly activeFrom: Date | null
  readonly activeUntil: Date | null
  /** Small ones stand first. */
  readonly position: number
  readonly isEnabled: boolean
  /** Staff are told when so few codes are left. */
  readonly lowStock: number
  readonly picture: { readonly id: string; readonly href: string } | null
  readonly createdAt: Date
  readonly changedAt: Date
}

/** As the audit log and requests name it. */
export const subjectOf = (id: string): string => `offer:${id}`

/** An offer that can be bought now. */
export interface OfferForSale extends Offer {
  /** How many vouchers can be sold now; `null` for points, of which there are always enough. */
  readonly inStock: number | null
}
