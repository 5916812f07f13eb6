import { setTimeout as pause } from 'node:timers/promises'
import type { VatCode } from '../invoicebox/merchant'
import { lockedMember } from '../members'
import { requireKey } from '../shared/audit'
import { DAY, HOUR, plus, SECOND } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newId, newSortedId } from '../shared/ids'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Language } from '../shared/texts'
import { orderDraft } from './draft'
import type { OrderPlace } from './draft'
import { insertBuyer, isBuyerOf, requireGuestMayBuy, requireMayJoin } from './guests'
import type { GuestBuyer } from './guests'
import { newOrderNumber } from './number'
import { requireMerchant } from './order'
import type { OrderGoods } from './fulfilment'
import type { Order, OrderDeps } from './order'
import { failOrder, FIND_AFTER_MS, settleCreation } from './settle-creation'
import { countOrders, findOrder, insertOrder } from './store'

/** What somebody wants to buy; whoever asks has looked at price and limits. */
export interface NewOrder extends OrderPlace {
  /** Null: a guest, who is known by an address alone. */
  readonly memberId: string | null
  readonly buyer?: GuestBuyer | undefined
  /** What must hold when the order is written: asked under the lock that the orders of one buyer, or of all guests, share. It refuses by throwing. */
  readonly limit?: ((tx: Tx, order: Order) => Promise<void>) | undefined
  readonly goods: OrderGoods
  readonly offerId?: string | undefined
  readonly title?: string | undefined
  readonly vatCode?: VatCode | undefined
  /** Roubles to be paid. */
  readonly amount: Money
  readonly points: Money
  /** Names the form, so that one sent twice is one order; without it each call is an order of its own. */
  readonly key?: string | undefined
  /** The checkout to go back to. */
  readonly checkoutId?: string | undefined
  readonly language: Language
}

/**
 * Whoever has not paid by then buys anew. A voucher is kept from everybody else until then, and an invoice that was added to from being paid with points, at no cost to whoever
 * ordered it; and a guest is anybody.
 */
const payWithin = ({ goods, memberId, orderContainerId }: NewOrder): number =>
  goods === 'voucher' || memberId === null || orderContainerId !== undefined ? HOUR : DAY
/** A member who waits for so many payments at once makes no more of them. */
const MOST_OPEN = 20
/** So many orders in an hour, whatever became of them: each is a request to Invoicebox, which everybody shares. */
const MOST_IN_AN_HOUR = 30
/** The buyer waits this long for Invoicebox; the answer is recorded when it comes. */
const PATIENCE_MS = 8 * SECOND

/**
 * The one way to an order: ours first, with its goods set aside, then the order at Invoicebox under our number, so that none is ever asked for twice
 * ([ADR 0021](../../docs/adr/0021-an-order-is-written-before-it-is-asked-for.md)). What Invoicebox answers is told by the order's state.
 * @throws Refusal top_ups_unavailable, member_locked, member_erased, too_many_requests, key_reused, sold_out
 */
export async function createOrder(deps: OrderDeps, request: NewOrder): Promise<Order> {
  requireMerchant(deps)
  const key = requireKey(request.key ?? newId())
  const known = await orderOfIntent(deps, { ...request, key })
  if (known) return known
  const order = newOrder(deps, request, key)
  if (!(await writeOrder(deps, order, request))) {
    const earlier = await orderOfIntent(deps, { ...request, key })
    if (earlier) return earlier
    throw new Error('bug: an order of this intent is there and cannot be found')
  }
  return askFor(deps, order, request)
}

/** What the same form says each time it is sent. */
type Intent = Pick<NewOrder, 'memberId' | 'buyer' | 'goods' | 'offerId' | 'orderContainerId' | 'key'> & {
  readonly amount?: Money | undefined
}

/**
 * The order that a form has made before; undefined when it has made none. Whoever asks whether something may be ordered asks for this first: what became of an offer, its price or
 * an invoice since changes nothing about an order that is there. @throws Refusal key_reused when the form wants something else by now
 */
export async function orderOfIntent({ db }: Pick<OrderDeps, 'db'>, intent: Intent): Promise<Order | undefined> {
  if (intent.key === undefined) return undefined
  const known = await findOrder(db, { member_id: intent.memberId, intent_key: intent.key })
  if (known && !(await isSameIntent(db, known, intent))) throw new Refusal('key_reused')
  return known
}

/** Who corrects their address, or adds to another invoice, wants another order: the first one would send the code to the wrong place. A voucher's amount is its offer's, not the form's. */
const isSameIntent = async (db: Db, known: Order, { amount, goods, offerId, buyer, orderContainerId }: Intent): Promise<boolean> =>
  (goods === 'voucher' || known.amount.minor === amount?.minor) &&
  known.goods === goods &&
  known.offerId === (offerId ?? null) &&
  (orderContainerId === undefined || known.containerId === orderContainerId.toLowerCase()) &&
  (buyer === undefined || (await isBuyerOf(db, known.id, buyer)))

/** With the member's row locked, so that a hundred forms at once are counted one after the other. */
async function requireMayBuy(tx: Tx, { memberId, createdAt }: Order, buyer: GuestBuyer | undefined): Promise<void> {
  if (memberId === null) {
    if (!buyer) throw new Error('bug: an order of nobody')
    return requireGuestMayBuy(tx, buyer, createdAt)
  }
  const member = await lockedMember(tx, memberId)
  if (member.erasedAt) throw new Refusal('member_erased')
  if (member.lockedAt) throw new Refusal('member_locked')
  const { open, recent } = await countOrders(tx, memberId, plus(createdAt, -HOUR))
  if (open >= MOST_OPEN || recent >= MOST_IN_AN_HOUR) throw new Refusal('too_many_requests')
}

function newOrder({ clock, topUps }: OrderDeps, request: NewOrder, key: string): Order {
  const now = clock.now()
  return {
    id: newSortedId(),
    number: newOrderNumber(),
    memberId: request.memberId,
    goods: request.goods,
    offerId: request.offerId ?? null,
    title: request.title ?? null,
    vatCode: request.vatCode ?? topUps.vatCode,
    intentKey: key,
    checkoutId: request.checkoutId ?? null,
    language: request.language,
    state: 'creating',
    points: request.points,
    amount: request.amount,
    invoiceboxId: null,
    // Known before Invoicebox is asked, so that no payment of that invoice passes meanwhile.
    containerId: request.orderContainerId?.toLowerCase() ?? null,
    paymentUrl: null,
    paidId: null,
    reason: null,
    createdAt: now,
    // Invoicebox takes whole seconds.
    expiresAt: new Date(Math.floor(plus(now, payWithin(request)).getTime() / SECOND) * SECOND),
    settledAt: null,
    checkedAt: null,
    nextCheckAt: plus(now, FIND_AFTER_MS),
    checks: 0,
  }
}

/** False when the same form was quicker in another tab. */
async function writeOrder({ db, fulfilment }: OrderDeps, order: Order, { buyer, limit }: NewOrder): Promise<boolean> {
  try {
    await inTransaction(db, async (tx) => {
      await requireMayBuy(tx, order, buyer)
      if (order.containerId !== null) await requireMayJoin(tx, order.containerId, buyer)
      await limit?.(tx, order)
      await insertOrder(tx, order)
      if (buyer) await insertBuyer(tx, order.id, buyer)
      await fulfilment.reserve(tx, order, order.createdAt)
    })
    return true
  } catch (error) {
    if (/intent/.test(brokenUniqueRule(error) ?? '')) return false
    throw error
  }
}

async function askFor(deps: OrderDeps, order: Order, place: OrderPlace): Promise<Order> {
  const asked = deps.background.follow(askOnce(deps, order, place)).catch((error: unknown) => {
    deps.log.error({ err: error, order: order.number }, 'the answer to an order could not be recorded; it is looked for')
    return order
  })
  return Promise.race([asked, pause(PATIENCE_MS, order, { ref: false })])
}

/**
 * The order is committed, and a payment's hold before its confirm is sent: whichever was later sees the other. A confirm that is on its way carries no amount and would pay
 * for this order too, so Invoicebox is not asked for it.
 */
async function askOnce(deps: OrderDeps, order: Order, place: OrderPlace): Promise<Order> {
  if (order.containerId !== null && (await deps.isBeingPaid(order.containerId)))
    return failOrder(deps, order, 'not asked: invoice_being_paid')
  const { outcome } = await requireMerchant(deps).createOrder(orderDraft(order, deps.topUps, place), { as: 'page' })
  return settleCreation(deps, order, outcome)
}
