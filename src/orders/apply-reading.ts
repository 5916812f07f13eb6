import type { Order as MerchantOrder } from '../invoicebox/merchant'
import { openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import { creditOrder } from './credit-order'
import { endOrder } from './end-order'
import type { Order, OrderDeps } from './order'
import { recordCreated } from './settle-creation'
import { tell } from '../shared/told'

const ACTOR = 'system:orders'

/** What the order reads at Invoicebox means for ours: the same as a notification would, so that a lost one costs time and nothing else. */
export async function applyReading(deps: OrderDeps, order: Order, read: MerchantOrder): Promise<void> {
  if (order.invoiceboxId === null) await recordCreated(deps, order, read)
  const at = deps.clock.now()
  switch (read.status) {
    case 'completed':
      if (isSameAmount(order, read)) await creditOrder(deps, order, { paidId: read.id.toLowerCase(), actor: ACTOR, isReadNow: true })
      else await tellWrongAmount(deps, order)
      return
    case 'canceled':
      return endOrder(deps, order, { to: order.expiresAt <= at ? 'expired' : 'cancelled', actor: ACTOR, at })
    case 'expired':
      return endOrder(deps, order, { to: 'expired', actor: ACTOR, at })
    default:
      return undefined
  }
}

const isSameAmount = ({ amount }: Order, read: MerchantOrder): boolean =>
  read.amount.minor === amount.minor && read.amount.unit === amount.unit

/** Money came, but not what was asked for: nothing is credited before a person has looked. */
export const tellWrongAmount = ({ db, clock }: Pick<OrderDeps, 'db' | 'clock'>, order: Order): Promise<void> =>
  inTransaction(db, (tx) =>
    openAlerts(tx, [
      {
        kind: 'order_amount_differs',
        subject: order.id,
        detail: tell('told.order_other_amount', { number: order.number }),
        at: clock.now(),
      },
    ]),
  )
