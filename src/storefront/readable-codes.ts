import type { Db } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { Seal } from '../shared/seal'
import type { StorefrontDeps } from './deps'

interface Sealed {
  readonly id: string
  readonly sealed: string
}

/** What is kept for buyers: the stock of vouchers, and codes for points that nobody has redeemed. */
export type KeptCodes = 'vouchers' | 'codes for points'

const newest = (db: Db, table: 'voucher_codes' | 'top_up_codes', state: string): Promise<Sealed | undefined> =>
  db(table).where({ state }).orderBy('id', 'desc').first<Sealed | undefined>('id', 'sealed')

export const opens = (seal: Seal, { id, sealed }: Sealed): boolean => seal.unseal(id, sealed) !== undefined

/**
 * Which codes the secret that is set does not open, by the newest of each; undefined where both do, or there are none. What is sold or redeemed does not count: staff can take a
 * stock back and refund a code that nobody can redeem, so that a gateway whose old secret is lost starts again.
 */
export async function unreadableCodes({ db, storefront }: Pick<StorefrontDeps, 'db' | 'storefront'>): Promise<KeptCodes | undefined> {
  const [voucher, code] = [await newest(db, 'voucher_codes', 'free'), await newest(db, 'top_up_codes', 'open')]
  if (voucher && !opens(storefront.codes, voucher)) return 'vouchers'
  return code && !opens(storefront.codes, code) ? 'codes for points' : undefined
}

/** Under another secret a known code is not known again, so it would be sold twice. @throws Refusal codes_unreadable */
export async function requireReadableStock({ db, storefront }: Pick<StorefrontDeps, 'db' | 'storefront'>): Promise<void> {
  const code = await newest(db, 'voucher_codes', 'free')
  if (code && !opens(storefront.codes, code)) throw new Refusal('codes_unreadable')
}
