import type { Order as MerchantOrder, OrderWritten } from '../invoicebox/merchant'
import { MINUTE, plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { moveOrder, lockOrder } from './move-order'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { readOrder } from './store'

/** An order without an answer is looked for at Invoicebox this much later. A write may take thirty seconds there, so "not found" proves nothing before. */
export const FIND_AFTER_MS = 10 * SECOND
/** From this age on an order that Invoicebox does not have was never made: the longest write is long over. */
export const GIVEN_UP_AFTER_MS = 3 * MINUTE
const FIRST_CHECK_MS = 30 * SECOND
const ID_LENGTH = 36

const ACTOR = 'system:orders'

/** Records what Invoicebox said about a new order. Silence leaves it `creating`; the worker looks for it under our number. */
export async function settleCreation(deps: OrderDeps, order: Order, outcome: OrderWritten): Promise<Order> {
  switch (outcome.kind) {
    case 'accepted':
      return recordCreated(deps, order, outcome.order)
    case 'rejected':
      return failOrder(deps, order, `refused: ${outcome.code}`)
    case 'unknown':
      return outcome.sent ? order : failOrder(deps, order, `not sent: ${outcome.reason}`)
  }
}

/**
 * The order exists at Invoicebox. One that was paid meanwhile only learns its link. One that was given up has let its goods go: they are set aside again, and where none are
 * left it is cancelled there, so that nobody pays for nothing.
 */
export async function recordCreated(deps: OrderDeps, order: Pick<Order, 'id'>, made: MerchantOrder): Promise<Order> {
  const at = deps.clock.now()
  const known = {
    invoicebox_id: made.id.toLowerCase(),
    container_id: containerOf(made),
    payment_url: made.paymentUrl,
  }
  const isVain = await inTransaction(deps.db, async (tx) => {
    const state = await lockOrder(tx, order.id)
    const isSoldOut = state === 'failed' && !(await isSetAside(deps, tx, order.id, at))
    if (!isSoldOut && (state === 'creating' || state === 'failed'))
      await moveOrder(tx, { order: { id: order.id, state }, to: 'created', at, actor: ACTOR, known, nextCheckAt: plus(at, FIRST_CHECK_MS) })
    else await tx('orders').where({ id: order.id }).whereNull('invoicebox_id').update(known)
    return isSoldOut && made.status === 'created'
  })
  if (isVain) await cancelThere(deps, order, made.id)
  return readOrder(deps.db, { id: order.id })
}

/** False when there is nothing left to set aside. */
async function isSetAside({ fulfilment }: OrderDeps, tx: Tx, id: string, at: Date): Promise<boolean> {
  try {
    await fulfilment.reserve(tx, await readOrder(tx, { id }), at)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.code === 'sold_out') return false
    throw error
  }
}

/** Whoever pays before it is cancelled, or when it cannot be, has an order in `paid`, of which staff are told. */
async function cancelThere(deps: OrderDeps, order: Pick<Order, 'id'>, invoiceboxId: string): Promise<void> {
  const { outcome } = await requireMerchant(deps).cancelOrder(invoiceboxId, { as: 'recovery' })
  deps.log.warn({ order: order.id, outcome: outcome.kind }, 'an order was found after its goods were sold, and cancelled at Invoicebox')
}

/**
 * The invoice that the member pays: without it our own invoice is not known as ours. That an order names it was recorded, not promised; its link ends with it too.
 */
function containerOf({ orderContainerId, paymentUrl }: MerchantOrder): string | null {
  const named = orderContainerId ?? new URL(paymentUrl).pathname.split('/').findLast((part) => part !== '')
  return named !== undefined && named.length <= ID_LENGTH ? named.toLowerCase() : null
}

/** Nothing was made, or nothing can be found. Should it turn up all the same, it is taken up again. */
export async function failOrder(deps: OrderDeps, order: Pick<Order, 'id'>, reason: string): Promise<Order> {
  const at = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if ((await lockOrder(tx, order.id)) !== 'creating') return
    const known = { reason: reason.slice(0, 300) }
    await moveOrder(tx, {
      order: { id: order.id, state: 'creating' },
      to: 'failed',
      at,
      actor: ACTOR,
      note: reason,
      known,
      nextCheckAt: null,
    })
    await deps.fulfilment.release(tx, order.id, at)
  })
  return readOrder(deps.db, { id: order.id })
}
