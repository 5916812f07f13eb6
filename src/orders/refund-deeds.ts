import { z } from 'zod'
import { amountText } from '../approvals'
import type { Deed, Preview, Weight } from '../approvals'
import { memberAccount, readAccount } from '../ledger'
import type { AuditFacts } from '../shared/audit'
import type { Db } from '../shared/database'
import { parsePositiveMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { looksLikeNumber } from './number'
import { memberOf } from './order'
import type { OrderDeps, OrderRefund } from './order'
import { planRefund, requireUnseen, weightOf } from './plan-refund'
import type { RefundPlan } from './plan-refund'
import { findRefund } from './refund-store'
import { refundOrder } from './refund-order'
import { findOrder } from './store'

const REFUND = z.strictObject({
  number: z.string().refine(looksLikeNumber, 'not an order number'),
  amount: amountText('RUB').nullable(),
  /** Staff say that a code which its buyer has seen was not used. */
  unused: z.boolean().default(false),
})

export type RefundPayload = z.output<typeof REFUND>

export interface OrderDeeds {
  readonly refund: Deed<RefundPayload, OrderRefund>
}

const amountOf = ({ amount }: RefundPayload): Money | undefined => (amount === null ? undefined : parsePositiveMoney(amount, 'RUB'))

/**
 * A refund weighs all that leaves its order with it, so that slices weigh as much as the whole. What cannot be planned may be possible a moment later, so it weighs what
 * was asked for. An intent that was carried out weighs nothing: it is only told again.
 */
async function weighRefund(deps: OrderDeps, payload: RefundPayload, key: string | undefined): Promise<Weight> {
  const { db } = deps
  if (key !== undefined && (await findRefund(db, { intent_key: key }))) return 'never'
  try {
    return weightOf(await planRefund(deps, payload.number, amountOf(payload)))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return amountOf(payload) ?? (await findOrder(db, { number: payload.number }))?.amount ?? 'never'
  }
}

/** What the member has before and after; nothing where no points were bought for an account. */
async function availableIn(db: Db, { order, points }: RefundPlan): Promise<{ before: AuditFacts; after: AuditFacts }> {
  if (order.goods !== 'points') return { before: {}, after: {} }
  const { available } = await readAccount(db, memberAccount(memberOf(order)))
  const pts = (minor: bigint): AuditFacts => ({ available: `${toDecimal(minor)} PTS` })
  return { before: pts(available), after: pts(available - points.minor) }
}

async function previewRefund(deps: OrderDeps, payload: RefundPayload): Promise<Preview> {
  const plan = await planRefund(deps, payload.number, amountOf(payload))
  requireUnseen(plan, payload.unused)
  const available = await availableIn(deps.db, plan)
  const rub = (minor: bigint) => `${toDecimal(minor)} RUB`
  const before = { refundable: rub(plan.left.minor), ...available.before, payout: null, fee: null }
  const after = {
    refundable: rub(plan.left.minor - plan.amount.minor),
    ...available.after,
    payout: rub(plan.amount.minor - plan.fee.minor),
    fee: rub(plan.fee.minor),
  }
  return {
    subject: `order:${plan.order.id}`,
    before: { ...before, ...(plan.code !== null && { code_good: true }) },
    after: { ...after, ...(plan.code !== null && { code_good: false }), ...(plan.code === 'seen' && { code_unused: true }) },
  }
}

/** What staff may do to an order. It weighs what leaves it. */
export const orderDeeds = (deps: OrderDeps): OrderDeeds => ({
  refund: {
    kind: 'order_refunded',
    permission: 'orders.refund',
    // An order is no bound: one person alone could empty the till order by order.
    addsUp: true,
    adds: async (payload) => amountOf(payload) ?? (await planRefund(deps, payload.number)).amount,
    payload: REFUND,
    weigh: (payload, key) => weighRefund(deps, payload, key),
    preview: (payload) => previewRefund(deps, payload),
    wasDone: async (key) => (await findRefund(deps.db, { intent_key: key })) !== undefined,
    perform: (payload, { weighed, ...by }) => {
      const atMost = typeof weighed === 'object' ? weighed : undefined
      return refundOrder(deps, { ...payload, ...by, amount: amountOf(payload), atMost })
    },
  },
})
