import { vatInside } from '../invoicebox/merchant'
import { memberAccount, readAccount } from '../ledger'
import type { Db } from '../shared/database'
import { money, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { memberOf } from './order'
import type { Order, OrderRefund } from './order'
import { amountBack, pointsBack } from './points'
import type { Bought } from './points'
import { refundsOf } from './refund-store'
import { isLive, isPaid } from './states'
import { readOrder } from './store'

/** What a refund would be, as of now. */
export interface RefundPlan {
  readonly order: Order
  /** How many refunds the order has had, whatever became of them. */
  readonly count: number
  /** Roubles that are not refunded yet. */
  readonly left: Money
  /** Roubles that can go back now: the points for them are still there. */
  readonly canGoBack: Money
  /** Points that were bought and are not there any more. */
  readonly spent: Money
  /** What would leave the order, the fee included. */
  readonly amount: Money
  /** What would stay with us, by a draft refund and a correction order. */
  readonly fee: Money
  /** The VAT inside the amount, at the rate of the sale. */
  readonly vat: Money
  /** What the member would give back. */
  readonly points: Money
}

/**
 * What a refund of so much would be. Without an amount it is all that is left; where points are spent, what they cost is kept as a fee.
 * @throws Refusal not_found, refund_not_possible (detail: why), not_enough_points (detail: what can go back)
 */
export async function planRefund(db: Db, number: string, asked?: Money): Promise<RefundPlan> {
  const order = await readOrder(db, { number })
  if (!isPaid(order.state) || order.paidId === null) throw new Refusal('refund_not_possible', `the order is ${order.state}`)
  const refunds = await refundsOf(db, order.id)
  const bought = boughtBy(order, refunds)
  const left = bought.amount - bought.refunded
  if (left <= 0n) throw new Refusal('refund_not_possible', 'nothing is left of it')
  // What was handed out cannot be taken back, whether it was used or not.
  if (order.goods !== 'points' && order.state === 'credited') throw new Refusal('refund_not_possible', 'its code was handed out')
  // Nobody was credited, so nobody gives anything back.
  const available = order.state === 'paid' ? null : (await readAccount(db, memberAccount(memberOf(order)))).available
  const canGoBack = available === null ? left : amountBack(bought, available)
  const { amount, fee } = shareOut({ left, canGoBack, asked })
  const rub = (minor: bigint): Money => money(minor, order.amount.unit)
  return {
    order,
    count: refunds.length,
    left: rub(left),
    canGoBack: rub(canGoBack),
    spent: money(spentOf(bought, available), 'PTS'),
    amount: rub(amount),
    fee: rub(fee),
    vat: rub(vatOf(order, refunds, amount)),
    points: money(available === null ? 0n : pointsBack(bought, amount - fee), 'PTS'),
  }
}

export function boughtBy(order: Order, refunds: readonly OrderRefund[]): Bought {
  const live = refunds.filter(({ state }) => isLive(state))
  const sum = (of: (refund: OrderRefund) => Money): bigint => live.reduce((all, refund) => all + of(refund).minor, 0n)
  return {
    amount: order.amount.minor,
    points: order.points.minor,
    refunded: sum(({ amount }) => amount),
    taken: sum(({ points }) => points),
    kept: sum(({ fee }) => fee),
  }
}

/**
 * What a part has of the VAT that was sold: the VAT of all parts so far less what they had, so that the parts together have exactly what the whole had, however they are cut
 * (three thirds rounded alone would have a kopeck more).
 */
function vatOf({ vatCode, amount: { unit } }: Order, refunds: readonly OrderRefund[], amount: bigint): bigint {
  const live = refunds.filter(({ state }) => isLive(state))
  const [gone, had] = live.reduce(([sum, vat], refund) => [sum + refund.amount.minor, vat + refund.vat.minor], [0n, 0n])
  const vat = vatInside(money(gone + amount, unit), vatCode).minor - had
  return vat < 0n ? 0n : vat > amount ? amount : vat
}

interface Shares {
  readonly left: bigint
  readonly canGoBack: bigint
  readonly asked: Money | undefined
}

function shareOut({ left, canGoBack, asked }: Shares): { amount: bigint; fee: bigint } {
  if (asked !== undefined && (asked.unit !== 'RUB' || asked.minor <= 0n)) throw new Refusal('bad_input', 'amount')
  if (asked !== undefined && asked.minor > left) throw new Refusal('refund_not_possible', `${toDecimal(left)} RUB is left of it`)
  if (canGoBack === 0n || (asked !== undefined && asked.minor > canGoBack))
    throw new Refusal('not_enough_points', `${toDecimal(canGoBack)} RUB can go back now`)
  return asked === undefined ? { amount: left, fee: left - canGoBack } : { amount: asked.minor, fee: 0n }
}

/** Points are not marked: those that are missing from the account are the spent ones. */
function spentOf({ points, taken }: Bought, available: bigint | null): bigint {
  const due = points - taken
  return available === null || available >= due ? 0n : due - available
}
