import { lockedMember, readMember } from '../members'
import { ACCOUNTS, companion, memberAccount, transfer } from '../ledger'
import type { Companion } from '../ledger'
import { closeAlerts, openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { lockOrder, moveOrder } from './move-order'
import { memberOf } from './order'
import type { Order, OrderDeps } from './order'
import { refundsOf } from './refund-store'
import { isLive } from './states'
import type { OrderState } from './states'
import { readOrder } from './store'
import { tell } from '../shared/told'

/** What proves that an order is paid. */
export interface Proof {
  /** The order at Invoicebox that was paid. */
  readonly paidId: string
  /** Who brought the news: `invoicebox:notification`, `system:orders`. */
  readonly actor: string
  /** Whether Invoicebox was asked just now. What it told once may be undone since: an order that waits in `paid` is delivered on a reading alone. */
  readonly isReadNow?: boolean
  /** What must be written together with the credit, such as the notification itself. */
  readonly companions?: readonly Companion[]
}

interface Credit {
  readonly order: Pick<Order, 'id'>
  readonly paidId: string
  readonly actor: string
  readonly at: Date
  /** Whose account is credited, where it is points. */
  readonly member?: string
}

/**
 * Credits a paid order: the points and the event in one transaction, once, however often it is told. In whatever state the order was before, since money that came late
 * is money. `isNew`: this call did it. An order of a member who was erased stays `paid`: there is nobody to credit, and somebody must give the money back.
 */
export async function creditOrder(deps: OrderDeps, order: Order, proof: Proof): Promise<{ order: Order; isNew: boolean }> {
  const { db, ledger, clock } = deps
  const credit: Credit = { order: { id: order.id }, paidId: proof.paidId, actor: proof.actor, at: clock.now() }
  if (order.goods !== 'points') return deliverOrder(deps, order, proof, credit)
  const member = memberOf(order)
  if ((await readMember(db, member)).erasedAt) return { order: await keepPaid(deps, credit), isNew: false }
  const lines = [transfer({ kind: 'top_up', from: ACCOUNTS.sold, to: memberAccount(member), amount: order.points })]
  const companions = [companion(markCredited, { ...credit, member }), ...(proof.companions ?? [])]
  const submitted = ledger.submit({ key: `top-up:${order.id}`, reference: order.id, lines, companions })
  const answer = await submitted.catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'member_erased') return null
    throw error
  })
  if (!answer) return { order: await keepPaid(deps, credit), isNew: false }
  const { replayed } = answer
  if (!replayed) deps.log.info({ order: order.number, actor: proof.actor }, 'an order was paid and its points were credited')
  return { order: await readOrder(db, { id: order.id }), isNew: !replayed }
}

/** Hands out what is no points, in the transaction that records the payment. Without anything to hand out the order stays `paid` and somebody is told. */
async function deliverOrder(
  deps: OrderDeps,
  order: Order,
  { companions = [], isReadNow = false }: Proof,
  credit: Credit,
): Promise<{ order: Order; isNew: boolean }> {
  const { id } = order
  const { at, actor } = credit
  const isNew = await inTransaction(deps.db, async (tx) => {
    // Before the order, as an erasure locks them: it is either seen here, or waits until the goods are handed out.
    const isErased = order.memberId !== null && (await lockedMember(tx, order.memberId)).erasedAt !== null
    const before = await markPaid(tx, credit)
    if (before === undefined || (before === 'paid' && !isReadNow) || (await isGivenBack(tx, id))) return false
    if (isErased) await deps.fulfilment.release(tx, id, at)
    if (isErased || !(await deps.fulfilment.deliver(tx, order, at))) {
      await openAlerts(tx, [{ kind: 'order_undeliverable', subject: id, detail: isErased ? NOBODY : SOLD_OUT, at }])
      return false
    }
    await moveOrder(tx, { order: { id, state: 'paid' }, to: 'credited', at, actor })
    await closeAlerts(tx, [{ kind: 'order_undeliverable', subject: id, by: actor, at }])
    for (const { write, row } of companions) await write(tx, [row as never])
    return true
  })
  if (isNew) deps.log.info({ order: order.number, actor: credit.actor }, 'an order was paid and its goods were handed out')
  return { order: await readOrder(deps.db, { id: order.id }), isNew }
}

/** Of an order whose goods could not be handed out the money may be on its way back: then nothing is handed out any more. */
const isGivenBack = async (tx: Tx, orderId: string): Promise<boolean> => (await refundsOf(tx, orderId)).some(({ state }) => isLive(state))

const SOLD_OUT = tell('told.order_sold_out')
const NOBODY = tell('told.order_nobody')

/** One after the other: they share a connection, and each reads what it moves. */
async function markCredited(tx: Tx, credits: readonly Credit[]): Promise<void> {
  for (const credit of credits) {
    // The ledger holds the account's row by now, and so does an erasure: nobody is erased between this look and the credit.
    if (credit.member !== undefined && (await readMember(tx, credit.member)).erasedAt) throw new Refusal('member_erased')
    if ((await markPaid(tx, credit)) === undefined) continue
    await moveOrder(tx, { order: { ...credit.order, state: 'paid' }, to: 'credited', at: credit.at, actor: credit.actor })
  }
}

/** @returns the state that it stood at; undefined when that was `credited` */
async function markPaid(tx: Tx, { order, paidId, actor, at }: Credit): Promise<OrderState | undefined> {
  const state = await lockOrder(tx, order.id)
  if (state === 'credited') return undefined
  if (state !== 'paid')
    await moveOrder(tx, { order: { ...order, state }, to: 'paid', at, actor, known: { paid_id: paidId }, nextCheckAt: null })
  if (state === 'cancelled') await openAlerts(tx, [paidAndCancelled(order.id, at)])
  return state
}

async function keepPaid({ db }: OrderDeps, credit: Credit): Promise<Order> {
  await inTransaction(db, async (tx) => {
    if ((await lockOrder(tx, credit.order.id)) === 'paid') return
    await markPaid(tx, credit)
    await openAlerts(tx, [{ kind: 'order_undeliverable', subject: credit.order.id, detail: NOBODY, at: credit.at }])
  })
  return readOrder(db, { id: credit.order.id })
}

/** Invoicebox told both of one order, in whatever sequence. */
export const paidAndCancelled = (orderId: string, at: Date) =>
  ({
    kind: 'order_paid_and_cancelled',
    subject: orderId,
    detail: tell('told.order_paid_and_cancelled'),
    at,
  }) as const
