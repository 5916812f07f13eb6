import { z } from 'zod'
import { amountText } from '../approvals'
import type { Deed, Weight } from '../approvals'
import { memberAccount, readAccount } from '../ledger'
import type { Db } from '../shared/database'
import { money, parsePositiveMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { looksLikeNumber } from './number'
import type { OrderDeps, OrderRefund } from './order'
import { planRefund } from './plan-refund'
import { findRefund } from './refund-store'
import { refundOrder } from './refund-order'
import { findOrder } from './store'

const REFUND = z.strictObject({ number: z.string().refine(looksLikeNumber, 'not an order number'), amount: amountText('RUB').nullable() })

export type RefundPayload = z.output<typeof REFUND>

export interface OrderDeeds {
  readonly refund: Deed<RefundPayload, OrderRefund>
}

const amountOf = ({ amount }: RefundPayload): Money | undefined => (amount === null ? undefined : parsePositiveMoney(amount, 'RUB'))

/**
 * A refund weighs all that leaves its order with it, so that slices weigh as much as the whole. What cannot be planned may be possible a moment later, so it weighs what
 * was asked for. An intent that was carried out weighs nothing: it is only told again.
 */
async function weighRefund({ db }: OrderDeps, payload: RefundPayload, key: string | undefined): Promise<Weight> {
  if (key !== undefined && (await findRefund(db, { intent_key: key }))) return 'never'
  try {
    const { order, left, amount } = await planRefund(db, payload.number, amountOf(payload))
    return money(order.amount.minor - left.minor + amount.minor, 'RUB')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return amountOf(payload) ?? (await findOrder(db, { number: payload.number }))?.amount ?? 'never'
  }
}

/** A guest has no points. */
const availableTo = async (db: Db, memberId: string | null): Promise<bigint> =>
  memberId === null ? 0n : (await readAccount(db, memberAccount(memberId))).available

/** What staff may do to an order. It weighs what leaves it. */
export const orderDeeds = (deps: OrderDeps): OrderDeeds => ({
  refund: {
    kind: 'order_refunded',
    permission: 'orders.refund',
    payload: REFUND,
    weigh: (payload, key) => weighRefund(deps, payload, key),
    preview: async (payload) => {
      const plan = await planRefund(deps.db, payload.number, amountOf(payload))
      const available = await availableTo(deps.db, plan.order.memberId)
      const left = `${toDecimal(plan.left.minor - plan.amount.minor)} RUB`
      return {
        subject: `order:${plan.order.id}`,
        before: { refundable: `${toDecimal(plan.left.minor)} RUB`, available: `${toDecimal(available)} PTS`, payout: null, fee: null },
        after: {
          refundable: left,
          available: `${toDecimal(available - plan.points.minor)} PTS`,
          payout: `${toDecimal(plan.amount.minor - plan.fee.minor)} RUB`,
          fee: `${toDecimal(plan.fee.minor)} RUB`,
        },
      }
    },
    wasDone: async (key) => (await findRefund(deps.db, { intent_key: key })) !== undefined,
    perform: (payload, { author, reason, key, approvedBy }) =>
      refundOrder(deps, { number: payload.number, amount: amountOf(payload), author, reason, key, approvedBy }),
  },
})
