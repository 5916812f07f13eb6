import { setTimeout as pause } from 'node:timers/promises'
import type { VatCode } from '../invoicebox/merchant'
import { lockedMember } from '../members'
import { requireKey } from '../shared/audit'
import { DAY, HOUR, plus, SECOND } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { newId, newSortedId } from '../shared/ids'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Language } from '../shared/texts'
import { orderDraft } from './draft'
import type { OrderPlace } from './draft'
import { newOrderNumber } from './number'
import { requireMerchant } from './order'
import type { OrderGoods } from './fulfilment'
import type { Order, OrderDeps } from './order'
import { FIND_AFTER_MS, settleCreation } from './settle-creation'
import { countOrders, findOrder, insertBuyer, insertOrder } from './store'

/** What somebody wants to buy; whoever asks has looked at price and limits. */
export interface NewOrder extends OrderPlace {
  /** Null: a guest, who is known by an address alone. */
  readonly memberId: string | null
  readonly buyer?: { readonly email: string; readonly digest: string } | undefined
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

/** Whoever has not paid by then buys anew. */
const PAY_WITHIN_MS = DAY
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
  const intent = { member_id: request.memberId, intent_key: key }
  const known = await findOrder(deps.db, intent)
  if (known) return sameIntent(known, request)
  const order = newOrder(deps, request, key)
  if (!(await writeOrder(deps, order, request))) {
    const earlier = await findOrder(deps.db, intent)
    if (earlier) return sameIntent(earlier, request)
    throw new Error('bug: an order of this intent is there and cannot be found')
  }
  return askFor(deps, order, request)
}

function sameIntent(known: Order, { amount, goods, offerId }: NewOrder): Order {
  const isSame = known.amount.minor === amount.minor && known.goods === goods && known.offerId === (offerId ?? null)
  if (!isSame) throw new Refusal('key_reused')
  return known
}

/** With the member's row locked, so that a hundred forms at once are counted one after the other. */
async function requireMayBuy(tx: Tx, { memberId, createdAt }: Order): Promise<void> {
  if (memberId === null) return
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
    containerId: null,
    paymentUrl: null,
    paidId: null,
    reason: null,
    createdAt: now,
    // Invoicebox takes whole seconds.
    expiresAt: new Date(Math.floor(plus(now, PAY_WITHIN_MS).getTime() / SECOND) * SECOND),
    settledAt: null,
    checkedAt: null,
    nextCheckAt: plus(now, FIND_AFTER_MS),
    checks: 0,
  }
}

/** False when the same form was quicker in another tab. */
async function writeOrder({ db, fulfilment }: OrderDeps, order: Order, { buyer }: NewOrder): Promise<boolean> {
  try {
    await inTransaction(db, async (tx) => {
      await requireMayBuy(tx, order)
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

async function askOnce(deps: OrderDeps, order: Order, place: OrderPlace): Promise<Order> {
  const { outcome } = await requireMerchant(deps).createOrder(orderDraft(order, deps.topUps, place), { as: 'page' })
  return settleCreation(deps, order, outcome)
}
