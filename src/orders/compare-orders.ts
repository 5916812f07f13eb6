import type { Order as MerchantOrder, Refund as MerchantRefund } from '../invoicebox/merchant'
import { openAlerts, wasTold } from '../shared/alerts'
import { DAY, HOUR, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { tell } from '../shared/told'
import { applyReading } from './apply-reading'
import { refundDiffers } from './end-refund'
import { oneByOne } from './one-by-one'
import { requireMerchant } from './order'
import type { Order, OrderDeps } from './order'
import { findRefund } from './refund-store'
import { isPaid } from './states'
import { findOrder, readOrder } from './store'

const PAGE = 50
const MOST_PAGES = 100
/** Completed refunds are all there ever were: half a million, which takes fifty minutes of what the request budget leaves to the background. */
const MOST_PAGES_OF_REFUNDS = 10_000
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

/**
 * Compares the refunds of Invoicebox with ours: after a restored backup one may be there and not here, and somebody may have made one by hand. Its list knows no dates. Those on
 * their way (`created`) are a short list, which they are on for up to two working days; those whose money is gone (`completed`) are all there ever were, so that they are asked for
 * less often, and all of them are read, within the budget and behind everybody else's requests; a page that cannot be read ends the round, and the next one begins anew. Of a `draft` and of one that was `canceled` no money leaves. Each is told once, since only a person knows what becomes of its points.
 * @returns how many were told
 */
export async function compareRefunds(deps: OrderDeps, status: 'created' | 'completed' = 'created'): Promise<number> {
  if (!deps.merchant) return 0
  let told = 0
  for (let page = 1; page <= MOST_PAGES_OF_REFUNDS; page++) {
    const { outcome } = await deps.merchant.findRefunds({ status: [status], page, pageSize: PAGE }, { as: 'background' })
    if (outcome.kind !== 'page') return told
    const numbered = outcome.items.map((read) => ({ number: read.merchantOrderId, read }))
    await oneByOne(numbered, deps.log, async ({ read }) => {
      if (await tellIfUnknown(deps, read)) told++
    })
    if (!outcome.hasMore) return told
  }
  deps.log.error(
    { pages: MOST_PAGES_OF_REFUNDS, status },
    'there are more refunds than one comparison looks at; the others were not compared',
  )
  return told
}

/** One of an order of somebody else's is none of our business; one that is still being settled here is settled with what Invoicebox says. */
async function tellIfUnknown({ db, clock }: OrderDeps, read: MerchantRefund): Promise<boolean> {
  const order = await findOrder(db, { paid_id: read.parentId.toLowerCase() })
  const known = await findRefund(db, { number: read.merchantOrderId })
  if (!order || (known && known.state !== 'rejected' && known.state !== 'cancelled')) return false
  const number = read.merchantOrderId.slice(0, 100)
  const alert = refundDiffers(
    { orderId: order.id },
    tell(known ? 'told.refund_taken_late' : 'told.refund_unknown', { number }),
    clock.now(),
  )
  return inTransaction(db, async (tx) => {
    if (await wasTold(tx, alert)) return false
    await openAlerts(tx, [alert])
    return true
  })
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
/** The same for refunds whose money is gone, of which there are more each day. */
export const COMPARE_COMPLETED_EVERY_MS = DAY
