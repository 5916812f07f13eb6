import type { Json } from '../http/json'

/** A point of the marketplace. Its id is a whole number. `fields` are what was sent, given back as it came. */
export interface Shop {
  readonly id: number
  readonly token: string
  readonly alias: string
  fields: Readonly<Record<string, Json>>
}

/** An offer of a merchant, known by the merchant's own `externalId`. */
export interface SpecialOffer {
  readonly id: number
  fields: Readonly<Record<string, Json>>
}
