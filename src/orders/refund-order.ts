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
import type { Tx } from '../shared/database'
import { lockOrder } from './move-order'
import type { Withdrawal } from './fulfilment'
import { requireMerchant } from './order'
import { memberOf } from './order'
import type { Order, OrderDeps, OrderRefund } from './order'
import { planRefund, requireUnseen, weightOf } from './plan-refund'
import type { RefundPlan } from './plan-refund'
import { findRefund, insertRefunds, readRefund } from './refund-store'
import { readOrder } from './store'
import { LEASE_MS, submitRefund } from './submit-refund'

export interface RefundRequest {
  readonly number: string
  /** Roubles; all that is left unless set. */
  readonly amount?: Money | undefined
  /** Staff say that a code which its buyer has seen was not used. */
  readonly unused?: boolean | undefined
  readonly reason: string
  /** Names the intent: the same one twice is one refund. */
  readonly key: string
  readonly author: Author
  readonly approvedBy?: Author | undefined
  /** All that may have left the order afterwards: what somebody was allowed to do alone. */
  readonly atMost?: Money | undefined
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
  let written: Awaited<ReturnType<typeof writeRefund>>
  try {
    written = await writeRefund(deps, { ...request, reason })
  } catch (error) {
    // The same form in another tab may have been quicker, with what there was to give back.
    const quicker = error instanceof Refusal ? await findRefund(deps.db, { intent_key: request.key }) : undefined
    if (!quicker) throw error
    return sameIntent(deps, quicker, request)
  }
  await submitRefund(deps, written.order, written.refund, { isFirst: true })
  return readRefund(deps.db, written.refund.id)
}

/** Plans it on what is true now, and writes it. Its number lets one of several in at a time, so that each stands on the plan of all before it. */
async function writeRefund(deps: OrderDeps, request: RefundRequest): Promise<{ order: Order; refund: OrderRefund }> {
  const plan = await planRefund(deps, request.number, request.amount)
  requireUnseen(plan, request.unused ?? false)
  if (request.atMost && weightOf(plan).minor > request.atMost.minor)
    throw new Refusal('order_in_wrong_state', 'another refund of it was quicker')
  const refund = newRefund(deps, plan, request)
  await holdGoods(deps, plan, refund, request)
  return { order: plan.order, refund }
}

/** @throws Refusal key_reused for another order or another amount; and for somebody else, since theirs is another refund and, told as done, would be lost */
async function sameIntent({ db }: OrderDeps, known: OrderRefund, { number, amount, author }: RefundRequest): Promise<OrderRefund> {
  const { id } = await readOrder(db, { number })
  if (known.author !== authorName(author) || known.orderId !== id || (amount && amount.minor !== known.amount.minor))
    throw new Refusal('key_reused')
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

/** Holds the points, or withdraws the code, in the transaction that writes the refund. */
async function holdGoods(
  { ledger, fulfilment }: OrderDeps,
  { order, code }: RefundPlan,
  refund: OrderRefund,
  by: RefundRequest,
): Promise<void> {
  const { holdId, points } = refund
  const key = `refund:${refund.id}`
  try {
    await ledger.submit({
      key,
      reference: refund.id,
      lines: holdId === null ? [] : [{ do: 'hold', holdId, account: memberAccount(memberOf(order)), to: ACCOUNTS.sold, amount: points }],
      companions: [
        companion(insertRefunds, refund),
        companion(writeAudit, auditOf(refund, order.number, by, key)),
        ...(order.goods !== 'points' && code === null ? [companion(requireNotHandedOut, order.id)] : []),
        ...(code === null
          ? []
          : [
              companion<Withdrawal>((tx, rows) => fulfilment.withdraw(tx, rows), {
                order,
                evenSeen: by.unused ?? false,
                at: refund.createdAt,
              }),
            ]),
      ],
    })
  } catch (error) {
    throw inRefundTerms(error)
  }
}

/** Goods that could not be handed out may be in another process by now. With the order's row locked: that process finds this refund, or this one finds it was late. */
async function requireNotHandedOut(tx: Tx, orderIds: readonly string[]): Promise<void> {
  for (const id of orderIds)
    if ((await lockOrder(tx, id)) !== 'paid') throw new Refusal('order_in_wrong_state', 'it was handed out meanwhile')
}

const auditOf = (
  refund: OrderRefund,
  number: string,
  { author, approvedBy, unused }: RefundRequest,
  instructionKey: string,
): AuditEntry => ({
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
    ...(unused && { code_unused: true }),
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
