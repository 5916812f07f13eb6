import type { Organisation } from './organisation'

/** Which of our organisations an invoice belongs to, by what it says of its payer. */
export type OwnerOf = (payer: { readonly vatNumber?: string | undefined } | undefined) => Organisation | undefined

/** Whose an invoice is follows from the payer's tax number alone, as it reads now: what was known of it before says nothing. */
export function ownersOf(organisations: readonly Organisation[]): OwnerOf {
  const byVatNumber = new Map(organisations.map((one) => [one.vatNumber, one]))
  return (payer) => (payer?.vatNumber === undefined ? undefined : byVatNumber.get(payer.vatNumber))
}
