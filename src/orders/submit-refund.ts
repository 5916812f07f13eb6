import type { OrderWritten, Refund as MerchantRefund } from '../invoicebox/merchant'
import { openAlerts } from '../shared/alerts'
import { DAY, HOUR, MINUTE, plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { correctionDraft, refundDraft } from './draft'
import { acceptRefund, ACTOR, refundDiffers, rejectRefund } from './end-refund'
import { requireMerchant } from './order'
import type { Order, OrderDeps, OrderRefund } from './order'
import { moveRefunds, noteRefundCheck, readRefund } from './refund-store'
import type { RefundMove } from './refund-store'
import { tell } from '../shared/told'

const AGAIN_MS = 10 * SECOND
/** As many as Invoicebox lists on one page. */
const PAGE = 50
/** A refund that Invoicebox neither takes nor refuses for so long is shown to a person; it is asked about all the same. */
export const UNANSWERED_MS = DAY

/** How long to wait before a question without an answer is asked again, after so many times. */
export const pauseAfter = (checks: number): number => Math.min(2 ** Math.min(checks, 10) * AGAIN_MS, HOUR)

/** Invoicebox says that there is a refund of this number: that may be the one whose answer we never got. */
const MAY_BE_OURS = /duplicate/

export interface Sending {
  /** Whether nobody can have sent it before: only then is a refusal a definite one once Invoicebox has shown that there is no such refund. */
  readonly isFirst: boolean
}

/**
 * Asks for a refund whose points are held, and records the answer. Silence leaves it `requested`; the number keeps a repeat from paying twice. A repeat that is refused
 * proves nothing about the first one, whose answer never came, so the points stay held until the refund is found, or is certainly not there.
 */
export async function submitRefund(deps: OrderDeps, order: Order, refund: OrderRefund, { isFirst }: Sending): Promise<void> {
  const asking = { as: isFirst ? 'payment' : 'recovery' } as const
  const { outcome } = await requireMerchant(deps).createRefund(refundDraft(order, refund, deps.topUps), asking)
  if (outcome.kind === 'accepted') return recordRefund(deps, order, refund, outcome.refund)
  if (outcome.kind !== 'rejected' || MAY_BE_OURS.test(outcome.code)) return askLater(deps, refund)
  if (isFirst) return settleRefused(deps, order, refund, outcome.code)
  if (await isCertainlyAbsent(deps, order, refund)) return rejectRefund(deps, order, refund, { code: outcome.code })
  return askLater(deps, refund)
}

/** Even a first one that is refused may have been made before the refusal: nothing is given back before Invoicebox was read (Rule R). */
async function settleRefused(deps: OrderDeps, order: Order, refund: OrderRefund, code: string): Promise<void> {
  const made = await lookForRefund(deps, refund, 'payment')
  if (made === 'unread') return askLater(deps, refund)
  return made ? recordRefund(deps, order, refund, made) : rejectRefund(deps, order, refund, { code })
}

/** The refund under our number at Invoicebox; `unread` also where there is one that cannot be understood, since it may be ours. */
export async function lookForRefund(
  deps: OrderDeps,
  { number }: Pick<OrderRefund, 'number'>,
  as: 'payment' | 'recovery',
): Promise<MerchantRefund | 'unread' | undefined> {
  const { outcome } = await requireMerchant(deps).findRefunds({ merchantOrderId: number, page: 1, pageSize: 10 }, { as })
  if (outcome.kind !== 'page' || outcome.odd.length > 0) return 'unread'
  return outcome.items.find(({ merchantOrderId }) => merchantOrderId === number)
}

/** After a day no list is late any more: when all of the order's refunds can be read and ours is not among them, it was never made. */
async function isCertainlyAbsent(deps: OrderDeps, order: Order, refund: OrderRefund): Promise<boolean> {
  if (deps.clock.now().getTime() - refund.createdAt.getTime() <= UNANSWERED_MS) return false
  const query = { parentId: order.paidId ?? '', page: 1, pageSize: PAGE }
  const { outcome } = await requireMerchant(deps).findRefunds(query, { as: 'recovery' })
  if (outcome.kind !== 'page' || outcome.hasMore || outcome.odd.length > 0) return false
  return outcome.items.every(({ merchantOrderId }) => merchantOrderId !== refund.number)
}

/**
 * The refund exists at Invoicebox. One with a fee waits there as a draft until the correction order says what is kept. Numbers can be guessed and databases restored, so
 * what is there under our number is ours only when it is of our order and of our sum.
 */
export async function recordRefund(deps: OrderDeps, order: Order, refund: OrderRefund, made: MerchantRefund): Promise<void> {
  if (!isAsAsked(order, refund, made)) return doubt(deps, refund, tell('told.refund_another', { number: refund.number }))
  const invoiceboxId = made.id.toLowerCase()
  if (refund.fee.minor === 0n) return acceptRefund(deps, order, refund, { invoicebox_id: invoiceboxId })
  const at = deps.clock.now()
  const known = { invoicebox_id: invoiceboxId }
  const move: RefundMove = { refund, to: 'drafted', at, actor: ACTOR, known, nextCheckAt: plus(at, LEASE_MS) }
  await inTransaction(deps.db, (tx) => moveRefunds(tx, [move]))
  await submitCorrection(deps, order, await readRefund(deps.db, refund.id))
}

/** While an answer is awaited nobody else asks: for a slot and for a list, then for a slot and for the write. */
export const LEASE_MS = 90 * SECOND

const isAsAsked = (order: Order, { amount, fee }: OrderRefund, made: MerchantRefund): boolean =>
  made.parentId.toLowerCase() === order.paidId &&
  made.amount.unit === amount.unit &&
  (made.amount.minor === amount.minor || made.amount.minor === amount.minor - fee.minor)

/** Keeps the fee. Its answer is looked for under its own number like any order's. */
export async function submitCorrection(
  deps: OrderDeps,
  order: Order,
  refund: OrderRefund,
  as: 'payment' | 'recovery' = 'payment',
): Promise<void> {
  const draft = correctionDraft(order, refund, { settings: deps.topUps, now: deps.clock.now() })
  const { outcome } = await requireMerchant(deps).createCorrection(draft, { as })
  if (outcome.kind === 'accepted') return recordCorrection(deps, order, refund, outcome.order)
  if (outcome.kind === 'rejected' && !MAY_BE_OURS.test(outcome.code)) return settleRefusedCorrection(deps, order, refund, outcome.code)
  return askLater(deps, refund)
}

type Correction = Extract<OrderWritten, { kind: 'accepted' }>['order']

/** The correction order exists at Invoicebox: the fee is kept, and the rest is on its way. */
export async function recordCorrection(deps: OrderDeps, order: Order, refund: OrderRefund, made: Correction): Promise<void> {
  if (made.amount.unit === refund.fee.unit && made.amount.minor === refund.fee.minor) return acceptRefund(deps, order, refund)
  return doubt(deps, refund, tell('told.refund_other_fee', { number: refund.number }))
}

/** An earlier correction may have worked without our knowing. Only while the refund is still a draft, or is cancelled, is it certain that no money goes out. */
async function settleRefusedCorrection(deps: OrderDeps, order: Order, refund: OrderRefund, code: string): Promise<void> {
  const query = { ids: [refund.invoiceboxId ?? ''], page: 1, pageSize: PAGE }
  const { outcome } = await requireMerchant(deps).findRefunds(query, { as: 'recovery' })
  const made = outcome.kind === 'page' ? outcome.items[0] : undefined
  if (!made) return askLater(deps, refund)
  if (made.status === 'draft' || made.status === 'canceled')
    return rejectRefund(deps, order, refund, { code, isDraftLeft: made.status === 'draft' })
  const isFeeKept = made.amount.minor === refund.amount.minor - refund.fee.minor
  if (isFeeKept) return askLater(deps, refund)
  return doubt(deps, refund, tell('told.refund_no_draft', { number: refund.number }))
}

const askLater = ({ db, clock }: OrderDeps, refund: OrderRefund): Promise<void> =>
  inTransaction(db, (tx) => noteRefundCheck(tx, refund, plus(clock.now(), pauseAfter(refund.checks))))

/** Nothing is settled before a person has looked; the points stay held. */
const doubt = ({ db, clock }: OrderDeps, refund: OrderRefund, detail: string): Promise<void> =>
  inTransaction(db, async (tx) => {
    const at = clock.now()
    await noteRefundCheck(tx, refund, plus(at, Math.max(pauseAfter(refund.checks), MINUTE)))
    await openAlerts(tx, [refundDiffers(refund, detail, at)])
  })
