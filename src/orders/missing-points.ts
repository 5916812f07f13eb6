import type { Money } from '../shared/money'
import type { OrderDeps } from './order'
import { paymentOrigins } from './payment-origins'
import { amountFor } from './points'

/** How a payment page offers the points that are missing. */
export interface MissingPoints {
  /** Roubles that buy at least so many points; undefined where they cannot be bought. */
  priceOf(missing: Money): Money | undefined
  /** Where the form may lead. */
  origins(): Promise<readonly string[]>
}

export const missingPoints = (deps: Pick<OrderDeps, 'db' | 'merchant' | 'topUps'>): MissingPoints => ({
  priceOf(missing) {
    const { least, most, rate } = deps.topUps
    const exact = amountFor(missing, rate)
    if (!deps.merchant || exact.minor > most.minor) return undefined
    return exact.minor < least.minor ? least : exact
  },
  origins: () => paymentOrigins(deps),
})
