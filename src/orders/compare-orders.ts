import type { Order as MerchantOrder } from '../invoicebox/merchant'
import { DAY, HOUR, plus } from '../shared/clock'
import { applyReading } from './apply-reading'
import { oneByOne } from './one-by-one'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { isPaid } from './states'
import { findOrder, readOrder } from './store'

const PAGE = 50
const MOST_PAGES = 100
/** Longer than any night without a worker that nobody notices. */
const LOOK_BACK_MS = 3 * DAY

/**
 * Compares what Invoicebox counts as paid lately with our orders, and credits what was paid there and not here: the last net under notifications and checks. Orders that are
 * not ours are left alone, since the shop may sell elsewhere too. @returns how many orders were not credited before
 */
export async function compareOrders(deps: OrderDeps): Promise<number> {
  if (!deps.merchant) return 0
  const paidSince = plus(deps.clock.now(), -LOOK_BACK_MS)
  let missing = 0
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { outcome } = await requireMerchant(deps).findOrders(
      { status: ['completed'], paidSince, page, pageSize: PAGE },
      { as: 'background' },
    )
    if (outcome.kind !== 'page') return missing
    const numbered = outcome.items.map((read) => ({ number: read.merchantOrderId, read }))
    await oneByOne(numbered, deps.log, async ({ number, read }) => {
      const order = await findOrder(deps.db, { number })
      if (order && (await makeGood(deps, order, read))) missing++
    })
    if (!outcome.hasMore) return missing
  }
  deps.log.error({ pages: MOST_PAGES }, 'more orders were paid lately than one comparison looks at; the oldest were not compared')
  return missing
}

/** @returns whether the order is paid here now and was not before */
async function makeGood(deps: OrderDeps, order: Order, read: MerchantOrder): Promise<boolean> {
  if (isPaid(order.state)) return false
  deps.log.warn({ order: order.number, state: order.state }, 'an order was paid at Invoicebox and not credited here')
  await applyReading(deps, order, read)
  return isPaid((await readOrder(deps.db, { id: order.id })).state)
}

/** How often the comparison is worth its requests. */
export const COMPARE_EVERY_MS = HOUR
