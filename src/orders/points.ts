import { money } from '../shared/money'
import type { Money, Rate } from '../shared/money'

/** The points that so many roubles buy: rounded down, so that nobody buys more than was paid. May be zero. */
export const pointsFor = (amount: Money, { numerator, denominator }: Rate): Money => money((amount.minor * numerator) / denominator, 'PTS')

/** The least amount that buys at least so many points. */
export const amountFor = (points: Money, { numerator, denominator }: Rate): Money =>
  money((points.minor * denominator + numerator - 1n) / numerator, 'RUB')

/** What an order and its refunds so far come to, in minor units. */
export interface Bought {
  readonly amount: bigint
  readonly points: bigint
  /** Roubles that refunds have taken out, their fees included. */
  readonly refunded: bigint
  /** Points that they have taken. */
  readonly taken: bigint
  /** Roubles that they kept. */
  readonly kept: bigint
}

/** Points to be given back for so many roubles more: rounded up, and in sum never more than were bought. */
export function pointsBack(bought: Bought, amount: bigint): bigint {
  const paidBack = bought.refunded - bought.kept + amount
  const all = (bought.points * paidBack + bought.amount - 1n) / bought.amount
  return all > bought.taken ? all - bought.taken : 0n
}

/** The most roubles that can go back for so many points. */
export function amountBack(bought: Bought, available: bigint): bigint {
  const reach = ((available + bought.taken) * bought.amount) / bought.points - (bought.refunded - bought.kept)
  const left = bought.amount - bought.refunded
  return reach < 0n ? 0n : reach < left ? reach : left
}
