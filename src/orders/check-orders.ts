import type { Asking } from '../invoicebox'
import type { Order as MerchantOrder } from '../invoicebox/merchant'
import { DAY, HOUR, MINUTE, plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import type { Author } from '../shared/actor'
import { applyReading } from './apply-reading'
import { oneByOne } from './one-by-one'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { failOrder, FIND_AFTER_MS, GIVEN_UP_AFTER_MS } from './settle-creation'
import { claimLook, noteCheck, readOrder, takeDueOrders, wakeOpenOrders } from './store'

/** As many as Invoicebox lists on one page. */
const PAGE = 50
/** Whoever took orders and died leaves them to others after this. */
const TAKEN_FOR_MS = MINUTE
const MOST_SEARCHED = 10
/** Members who look at an order ask Invoicebox at most this often: at first, while somebody pays, and later. */
const LOOK_PAUSE_MS = 5 * SECOND
const LATER_LOOK_PAUSE_MS = 30 * SECOND

/**
 * Makes lost notifications good: asks Invoicebox about orders that wait, fifty in one request, the younger the more often; and looks for orders whose making was never
 * answered. @returns how many orders it dealt with
 */
export async function checkOrders(deps: OrderDeps): Promise<number> {
  if (!deps.merchant) return 0
  return (await readWaiting(deps)) + (await findUnanswered(deps))
}

async function readWaiting(deps: OrderDeps): Promise<number> {
  const { db, clock } = deps
  const now = clock.now()
  const due = { states: ['created', 'expired', 'cancelled'], now, until: plus(now, TAKEN_FOR_MS), limit: PAGE } as const
  const orders = await inTransaction(db, (tx) => takeDueOrders(tx, due))
  if (orders.length === 0) return 0
  const ids = orders.flatMap(({ invoiceboxId }) => invoiceboxId ?? [])
  const { outcome } = await requireMerchant(deps).findOrders({ ids, page: 1, pageSize: PAGE }, { as: 'background' })
  if (outcome.kind !== 'page') return 0
  const byId = new Map(outcome.items.map((item) => [item.id.toLowerCase(), item]))
  await oneByOne(orders, deps.log, (order) => settleRead(deps, order, byId.get(order.invoiceboxId ?? '')))
  return orders.length
}

async function settleRead(deps: OrderDeps, order: Order, read: MerchantOrder | undefined): Promise<void> {
  if (read) await applyReading(deps, order, read)
  const at = deps.clock.now()
  const now = await readOrder(deps.db, { id: order.id })
  await inTransaction(deps.db, (tx) => noteCheck(tx, order, at, nextCheck(now, at)))
}

/** Often while somebody waits, seldom later, and after the end for as long as a payment might still come in. */
function nextCheck({ state, createdAt, expiresAt, settledAt }: Order, at: Date): Date | null {
  if (state === 'paid' || state === 'credited') return null
  const end = settledAt ?? expiresAt
  if (state !== 'created' && at > plus(end, 3 * DAY)) return null
  const age = at.getTime() - createdAt.getTime()
  if (state !== 'created') return plus(at, 6 * HOUR)
  const next = plus(at, age < 10 * MINUTE ? MINUTE : age < HOUR ? 5 * MINUTE : age < DAY ? 30 * MINUTE : 6 * HOUR)
  // What was set aside for an order is free again as soon as it is known that it ended.
  const afterEnd = plus(expiresAt, SECOND)
  return at < afterEnd && afterEnd < next ? afterEnd : next
}

/** Orders of which it is not known whether Invoicebox has them: looked for under our number, which nobody else has. */
async function findUnanswered(deps: OrderDeps): Promise<number> {
  const { db, clock } = deps
  const now = clock.now()
  const due = { states: ['creating'], now, until: plus(now, TAKEN_FOR_MS), limit: MOST_SEARCHED } as const
  const orders = await inTransaction(db, (tx) => takeDueOrders(tx, due))
  await oneByOne(orders, deps.log, (order) => findOne(deps, order))
  return orders.length
}

async function findOne(deps: OrderDeps, order: Order): Promise<void> {
  const { outcome } = await requireMerchant(deps).findOrders(
    { merchantOrderId: order.number, direction: 'asc', page: 1, pageSize: 10 },
    { as: 'recovery' },
  )
  const at = deps.clock.now()
  const made = outcome.kind === 'page' ? (outcome.items.find(({ status }) => status === 'completed') ?? outcome.items[0]) : undefined
  if (made) return applyReading(deps, order, made)
  const isOver = at.getTime() - order.createdAt.getTime() >= GIVEN_UP_AFTER_MS
  if (outcome.kind === 'page' && isOver) return abandon(deps, order)
  return inTransaction(deps.db, (tx) => noteCheck(tx, order, at, plus(at, FIND_AFTER_MS * Math.min(order.checks + 1, 30))))
}

async function abandon(deps: OrderDeps, order: Order): Promise<void> {
  await failOrder(deps, order, 'not found at Invoicebox')
}

/**
 * Asks about one order now, for whoever looks at it: at most once in five seconds, whoever looks how often, and only where a request is to spare. Many who wait for their
 * orders must not take the requests that a buyer's payment page needs; the worker asks for all of them at once anyway. @returns the order as it is then
 */
export async function lookAtOrder(deps: OrderDeps, order: Order): Promise<Order> {
  if (!deps.merchant || order.state !== 'created' || order.invoiceboxId === null) return order
  const now = deps.clock.now()
  const mayAsk = await inTransaction(deps.db, (tx) => claimLook(tx, order.id, now, plus(now, -lookPause(order, now))))
  if (!mayAsk) return order
  await askAbout(deps, order, { as: 'background', waitMs: 0 })
  return readOrder(deps.db, { id: order.id })
}

const lookPause = ({ createdAt }: Order, now: Date): number =>
  now.getTime() - createdAt.getTime() < MINUTE ? LOOK_PAUSE_MS : LATER_LOOK_PAUSE_MS

/** Staff ask about one order now. @throws Refusal forbidden, not_found, top_ups_unavailable */
export async function checkOrder(deps: OrderDeps, of: { readonly number: string; readonly author: Author }): Promise<Order> {
  requirePermission(of.author, 'orders.check')
  const order = await readOrder(deps.db, { number: of.number })
  if (order.invoiceboxId === null) await findOne(deps, order)
  else await askAbout(deps, order, { as: 'page', waitMs: SECOND })
  return readOrder(deps.db, { id: order.id })
}

/** Asks Invoicebox about one order that it has, and does what it says. */
export async function askAbout(deps: OrderDeps, order: Order, asking: Asking): Promise<void> {
  const { outcome } = await requireMerchant(deps).readOrder(order.paidId ?? order.invoiceboxId ?? '', asking)
  if (outcome.kind === 'found') await applyReading(deps, order, outcome.order)
}

/** After the channel of notifications was broken: what was missed is asked for at once. */
export const recheckOpenOrders = ({ db, clock }: Pick<OrderDeps, 'db' | 'clock'>): Promise<number> =>
  inTransaction(db, (tx) => wakeOpenOrders(tx, clock.now()))
