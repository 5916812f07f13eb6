import { vatInside } from '../invoicebox/merchant'
import { memberAccount, readAccount } from '../ledger'
import type { Db } from '../shared/database'
import { money, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { memberOf } from './order'
import type { CodeUse } from './fulfilment'
import type { Order, OrderDeps, OrderRefund } from './order'
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
  /** What became of the code that was sold, which the refund withdraws; null where none was handed out. One that was `seen` goes only when staff say that it was not used. */
  readonly code: Extract<CodeUse, 'fresh' | 'seen'> | null
}

/**
 * What a refund of so much would be. Without an amount it is all that is left; where points are spent, what they cost is kept as a fee. An order of a code goes back as a
 * whole, and only while the code is good.
 * @throws Refusal not_found, refund_not_possible (detail: why), not_enough_points (detail: what can go back)
 */
export async function planRefund(deps: Pick<OrderDeps, 'db' | 'fulfilment'>, number: string, asked?: Money): Promise<RefundPlan> {
  const { db } = deps
  const order = await readOrder(db, { number })
  if (!isPaid(order.state) || order.paidId === null) throw new Refusal('refund_not_possible', `the order is ${order.state}`)
  const refunds = await refundsOf(db, order.id)
  const bought = boughtBy(order, refunds)
  const left = bought.amount - bought.refunded
  if (left <= 0n) throw new Refusal('refund_not_possible', 'nothing is left of it')
  const code = await codeToWithdraw(deps, order)
  if (code !== null && asked !== undefined && asked.minor !== left) throw new Refusal('refund_not_possible', 'a code goes back as a whole')
  // Whoever was credited with nothing gives nothing back.
  const available = order.state === 'paid' || order.goods !== 'points' ? null : await availableOf(db, order)
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
    code,
  }
}

const availableOf = async (db: Db, order: Order): Promise<bigint> => (await readAccount(db, memberAccount(memberOf(order)))).available

/** @throws Refusal refund_not_possible for a code that was redeemed or withdrawn */
async function codeToWithdraw({ db, fulfilment }: Pick<OrderDeps, 'db' | 'fulfilment'>, order: Order): Promise<RefundPlan['code']> {
  if (order.goods === 'points' || order.state !== 'credited') return null
  const use = (await fulfilment.look(db, order))?.use
  if (use === 'fresh' || use === 'seen') return use
  throw new Refusal('refund_not_possible', use === 'redeemed' ? 'its code was redeemed' : 'its code was withdrawn')
}

/** All that would have left the order with this refund, so that slices weigh as much as the whole. */
export const weightOf = ({ order, left, amount }: RefundPlan): Money => money(order.amount.minor - left.minor + amount.minor, 'RUB')

/** @throws Refusal refund_not_possible for a code that its buyer has seen, unless staff say that it was not used */
export function requireUnseen({ code }: RefundPlan, unused: boolean): void {
  if (code === 'seen' && !unused) throw new Refusal('refund_not_possible', 'its code was shown or sent')
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
