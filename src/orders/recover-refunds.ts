import type { Refund as MerchantRefund } from '../invoicebox/merchant'
import { ACCOUNTS, companion, memberAccount, transfer } from '../ledger'
import type { Line } from '../ledger'
import { openAlerts } from '../shared/alerts'
import { DAY, HOUR, MINUTE, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { ACTOR, giveCodeBack } from './end-refund'
import { correctionNumber } from './number'
import { oneByOne } from './one-by-one'
import { memberOf, requireMerchant } from './order'
import type { Order, OrderDeps, OrderRefund } from './order'
import { moveRefunds, noteRefundCheck, takeDueRefunds } from './refund-store'
import type { RefundMove } from './refund-store'
import { readOrder } from './store'
import {
  LEASE_MS,
  lookForRefund,
  pauseAfter,
  recordCorrection,
  recordRefund,
  submitCorrection,
  submitRefund,
  UNANSWERED_MS,
} from './submit-refund'
import { tell } from '../shared/told'

const TAKEN_FOR_MS = MINUTE
const MOST_AT_ONCE = 10
/** Each may take a minute, one after the other: until then nobody else takes the last of them. */
const ASKING_TAKES_MS = 12 * MINUTE
const PAGE = 50
/** Money that Invoicebox promised is back by then, or somebody asks where it is. */
const INCOMPLETE_MS = 3 * DAY

/** Finds refunds again whose answer was lost, and follows those that Invoicebox has taken until the money is back. @returns how many it dealt with */
export async function recoverRefunds(deps: OrderDeps): Promise<number> {
  if (!deps.merchant) return tellUnasked(deps)
  return (await askAgain(deps)) + (await followAccepted(deps))
}

async function askAgain(deps: OrderDeps): Promise<number> {
  const now = deps.clock.now()
  const due = { states: ['requested', 'drafted'], now, until: plus(now, ASKING_TAKES_MS), limit: MOST_AT_ONCE } as const
  const refunds = await inTransaction(deps.db, (tx) => takeDueRefunds(tx, due))
  await oneByOne(refunds, deps.log, async (refund) => {
    await noteAsked(deps, refund)
    await (refund.state === 'requested' ? findRequested(deps, refund) : findCorrection(deps, refund))
  })
  return refunds.length
}

/** Points that are held while there is nobody to ask, since the gateway is no merchant any more. */
async function tellUnasked({ db, clock }: OrderDeps): Promise<number> {
  const at = clock.now()
  const due = { states: ['requested', 'drafted'], now: at, until: plus(at, HOUR), limit: PAGE } as const
  return inTransaction(db, async (tx) => {
    const refunds = await takeDueRefunds(tx, due)
    await openAlerts(
      tx,
      refunds.map(({ number, orderId }) => ({
        kind: 'refund_unanswered',
        subject: orderId,
        detail: tell('told.refund_not_askable', { number }),
        at,
      })),
    )
    return refunds.length
  })
}

async function noteAsked({ db, clock }: OrderDeps, refund: OrderRefund): Promise<void> {
  const at = clock.now()
  const isOld = at.getTime() - refund.createdAt.getTime() > UNANSWERED_MS
  const detail = tell('told.refund_unanswered', { number: refund.number })
  await inTransaction(db, async (tx) => {
    await noteRefundCheck(tx, refund, plus(at, Math.max(pauseAfter(refund.checks), LEASE_MS)))
    if (isOld) await openAlerts(tx, [{ kind: 'refund_unanswered', subject: refund.orderId, detail, at }])
  })
}

/** Looked for first; asked for again only when it is not there, which is safe under its number. */
async function findRequested(deps: OrderDeps, refund: OrderRefund): Promise<void> {
  const order = await readOrder(deps.db, { id: refund.orderId })
  const made = await lookForRefund(deps, refund, 'recovery')
  if (made === 'unread') return
  if (made) await recordRefund(deps, order, refund, made)
  else await submitRefund(deps, order, refund, { isFirst: false })
}

async function findCorrection(deps: OrderDeps, refund: OrderRefund): Promise<void> {
  const order = await readOrder(deps.db, { id: refund.orderId })
  const number = correctionNumber(refund.number)
  const { outcome } = await requireMerchant(deps).findOrders({ merchantOrderId: number, page: 1, pageSize: 10 }, { as: 'recovery' })
  if (outcome.kind !== 'page' || outcome.odd.length > 0) return
  const made = outcome.items.find(({ merchantOrderId }) => merchantOrderId === number)
  if (made) await recordCorrection(deps, order, refund, made)
  else await submitCorrection(deps, order, refund, 'recovery')
}

/** Fifty in one request, until the money is back or Invoicebox has undone it. */
async function followAccepted(deps: OrderDeps): Promise<number> {
  const now = deps.clock.now()
  const due = { states: ['accepted'], now, until: plus(now, TAKEN_FOR_MS), limit: PAGE } as const
  const refunds = await inTransaction(deps.db, (tx) => takeDueRefunds(tx, due))
  if (refunds.length === 0) return 0
  const ids = refunds.flatMap(({ invoiceboxId }) => invoiceboxId ?? [])
  const { outcome } = await requireMerchant(deps).findRefunds({ ids, page: 1, pageSize: PAGE }, { as: 'background' })
  if (outcome.kind !== 'page') return 0
  const byId = new Map(outcome.items.map((item) => [item.id.toLowerCase(), item]))
  await oneByOne(refunds, deps.log, (refund) => follow(deps, refund, byId.get(refund.invoiceboxId ?? '')))
  return refunds.length
}

async function follow(deps: OrderDeps, refund: OrderRefund, read: MerchantRefund | undefined): Promise<void> {
  const at = deps.clock.now()
  const move: Omit<RefundMove, 'to'> = { refund, at, actor: ACTOR, nextCheckAt: null }
  if (read?.status === 'completed') return inTransaction(deps.db, (tx) => moveRefunds(tx, [{ ...move, to: 'completed' }]))
  if (read?.status === 'canceled') return giveBack(deps, refund, { ...move, to: 'cancelled' })
  const age = at.getTime() - refund.createdAt.getTime()
  const detail = tell('told.refund_incomplete', { number: refund.number })
  return inTransaction(deps.db, async (tx) => {
    await noteRefundCheck(tx, refund, plus(at, age < HOUR ? MINUTE : age < DAY ? 15 * MINUTE : HOUR))
    if (age > INCOMPLETE_MS) await openAlerts(tx, [{ kind: 'refund_unanswered', subject: refund.orderId, detail, at }])
  })
}

/** What the buyer has again. Of an order whose goods were never handed out that is nothing. */
const whatIsBack = ({ state, goods }: Order, { points }: OrderRefund) => {
  if (points.minor > 0n) return 'told.refund_cancelled_points'
  return state === 'credited' && goods !== 'points' ? 'told.refund_cancelled_code' : 'told.refund_cancelled_nothing'
}

/** Invoicebox has undone a refund that it had taken: no money went back, so the points do. */
async function giveBack(deps: OrderDeps, refund: OrderRefund, move: RefundMove): Promise<void> {
  const { db, ledger, clock } = deps
  const order = await readOrder(db, { id: refund.orderId })
  const detail = tell(whatIsBack(order, refund), { number: refund.number })
  const back = (): Line => transfer({ kind: 'reversal', from: ACCOUNTS.sold, to: memberAccount(memberOf(order)), amount: refund.points })
  await ledger.submit({
    key: `refund-back:${refund.id}`,
    reference: refund.id,
    lines: refund.points.minor > 0n ? [back()] : [],
    companions: [
      companion(moveRefunds, move),
      ...giveCodeBack(deps, order, move.at),
      companion(openAlerts, { kind: 'refund_cancelled', subject: refund.orderId, detail, at: clock.now() }),
    ],
  })
}
