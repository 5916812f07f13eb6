import { readMember } from '../members'
import { NotMoney, parsePositiveMoney } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { createOrder, orderOfIntent } from './create-order'
import type { NewOrder } from './create-order'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { pointsFor } from './points'

export type TopUpRequest = Pick<NewOrder, 'amount' | 'key' | 'checkoutId' | 'language'> & { readonly memberId: string }

/**
 * A member buys points for their own account.
 * @throws Refusal top_ups_unavailable, top_up_out_of_range (detail: the limits), member_locked, member_erased, too_many_requests, key_reused
 */
export async function topUp(deps: OrderDeps, { memberId, amount, key, checkoutId, language }: TopUpRequest): Promise<Order> {
  requireMerchant(deps)
  const wanted = { memberId, goods: 'points', amount, key } as const
  const known = await orderOfIntent(deps, wanted)
  return known ?? createOrder(deps, { ...wanted, points: pointsWorth(deps, amount), checkoutId, language })
}

/** The points that so many roubles buy. @throws Refusal top_up_out_of_range (detail: the limits) */
export function pointsWorth({ topUps: { least, most, rate } }: Pick<OrderDeps, 'topUps'>, amount: Money): Money {
  const points = pointsFor(amount, rate)
  if (amount.unit !== 'RUB' || amount.minor < least.minor || amount.minor > most.minor || points.minor <= 0n)
    throw new Refusal('top_up_out_of_range', `${String(least.minor)} to ${String(most.minor)} kopecks`)
  return points
}

/** Roubles as people type them: `1 240`, `1240,50`. @throws Refusal top_up_out_of_range */
export function typedRoubles(text: string): Money {
  try {
    return parsePositiveMoney(text.replace(/[\s\u00a0\u202f₽]/g, '').replace(',', '.'), 'RUB')
  } catch (error) {
    if (error instanceof NotMoney) throw new Refusal('top_up_out_of_range')
    throw error
  }
}

/** Whether a member is offered points at all. */
export async function mayBuy({ db, merchant }: Pick<OrderDeps, 'db' | 'merchant'>, memberId: string): Promise<boolean> {
  if (!merchant) return false
  const { lockedAt, erasedAt } = await readMember(db, memberId)
  return !lockedAt && !erasedAt
}
