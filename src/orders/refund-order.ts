import { ACCOUNTS, companion, memberAccount } from '../ledger'
import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import type { AuditEntry } from '../shared/audit'
import { plus } from '../shared/clock'
import { brokenUniqueRule } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { refundNumber } from './number'
import { requireMerchant } from './order'
import { memberOf } from './order'
import type { OrderDeps, OrderRefund } from './order'
import { planRefund } from './plan-refund'
import type { RefundPlan } from './plan-refund'
import { findRefund, insertRefunds, readRefund } from './refund-store'
import { readOrder } from './store'
import { LEASE_MS, submitRefund } from './submit-refund'

export interface RefundRequest {
  readonly number: string
  /** Roubles; all that is left unless set. */
  readonly amount?: Money | undefined
  readonly reason: string
  /** Names the intent: the same one twice is one refund. */
  readonly key: string
  readonly author: Author
  readonly approvedBy?: Author | undefined
}

/**
 * Gives money of an order back: the points are held, Invoicebox is asked, and only when it agrees are they taken. Without an answer they stay held, and the refund is found
 * again under its own number.
 * @throws Refusal forbidden, not_found, bad_input, refund_not_possible, not_enough_points, member_locked, order_in_wrong_state, key_reused, top_ups_unavailable
 */
export async function refundOrder(deps: OrderDeps, request: RefundRequest): Promise<OrderRefund> {
  requirePermission(request.author, 'orders.refund')
  // Before anything is held: without a merchant nobody could be asked what becomes of it.
  requireMerchant(deps)
  const reason = requireReason(request.reason)
  const known = await findRefund(deps.db, { intent_key: request.key })
  if (known) return sameIntent(deps, known, request)
  const plan = await planRefund(deps.db, request.number, request.amount)
  const refund = newRefund(deps, plan, { ...request, reason })
  await holdPoints(deps, plan, refund, request)
  await submitRefund(deps, plan.order, refund, { isFirst: true })
  return readRefund(deps.db, refund.id)
}

/** @throws Refusal key_reused for another order or another amount */
async function sameIntent({ db }: OrderDeps, known: OrderRefund, { number, amount }: RefundRequest): Promise<OrderRefund> {
  const { id } = await readOrder(db, { number })
  if (known.orderId !== id || (amount && amount.minor !== known.amount.minor)) throw new Refusal('key_reused')
  return known
}

function newRefund({ clock }: OrderDeps, plan: RefundPlan, { author, reason, key }: RefundRequest): OrderRefund {
  const now = clock.now()
  return {
    id: newSortedId(),
    number: refundNumber(plan.order.number, plan.count + 1),
    orderId: plan.order.id,
    intentKey: key,
    state: 'requested',
    amount: plan.amount,
    fee: plan.fee,
    vat: plan.vat,
    points: plan.points,
    holdId: plan.points.minor > 0n ? newSortedId() : null,
    invoiceboxId: null,
    author: authorName(author),
    reason,
    rejection: null,
    createdAt: now,
    settledAt: null,
    nextCheckAt: plus(now, LEASE_MS),
    checks: 0,
  }
}

async function holdPoints({ ledger }: OrderDeps, { order }: RefundPlan, refund: OrderRefund, by: RefundRequest): Promise<void> {
  const { holdId, points } = refund
  const key = `refund:${refund.id}`
  try {
    await ledger.submit({
      key,
      reference: refund.id,
      lines: holdId === null ? [] : [{ do: 'hold', holdId, account: memberAccount(memberOf(order)), to: ACCOUNTS.sold, amount: points }],
      companions: [companion(insertRefunds, refund), companion(writeAudit, auditOf(refund, order.number, by, key))],
    })
  } catch (error) {
    throw inRefundTerms(error)
  }
}

const auditOf = (refund: OrderRefund, number: string, { author, approvedBy }: RefundRequest, instructionKey: string): AuditEntry => ({
  author,
  at: refund.createdAt,
  action: 'order_refunded',
  subject: `order:${refund.orderId}`,
  reason: refund.reason,
  after: {
    order: number,
    refund: refund.number,
    amount: `${toDecimal(refund.amount.minor)} RUB`,
    fee: `${toDecimal(refund.fee.minor)} RUB`,
    points: `${toDecimal(refund.points.minor)} PTS`,
  },
  instructionKey,
  ...(approvedBy && { approvedBy }),
})

/** The ledger's and the database's "no" in the words of a refund. */
function inRefundTerms(error: unknown): unknown {
  const rule = brokenUniqueRule(error)
  if (rule !== undefined && /order_refunds/.test(rule)) return new Refusal('order_in_wrong_state', 'another refund of it was quicker')
  if (!(error instanceof Refusal)) return error
  if (error.code === 'not_enough_available') return new Refusal('not_enough_points')
  if (error.code === 'account_locked') return new Refusal('member_locked')
  return error
}
