import { listAlertsAbout } from '../shared/alerts'
import { MINUTE } from '../shared/clock'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { lookAtOrder } from './check-orders'
import type { Order, OrderDeps } from './order'
import { boughtBy } from './plan-refund'
import { refundsOf } from './refund-store'
import { isPaid } from './states'
import { readOrder } from './store'

/** What the member sees: the `data-state` of the page. */
export const TOP_UP_STATES = ['waiting', 'credited', 'expired', 'cancelled', 'failed', 'unavailable'] as const
export type TopUpState = (typeof TOP_UP_STATES)[number]

/** An order that Invoicebox has said nothing of for so long: the page no longer promises an answer at once. */
const PATIENT_MS = MINUTE

export interface OrderView {
  readonly order: Order
  readonly state: TopUpState
  /** Money came, but not what was asked for, and a person looks at it: then nobody is sent to pay once more. */
  readonly isDisputed: boolean
  /** Roubles that went back or are on their way. */
  readonly refunded: Money
  /** The code that was bought; null while there is none, and when a refund withdrew it. */
  readonly code: string | null
  readonly now: Date
}

/** A member's own order as of now. Looking at one that waits asks Invoicebox, at most once in five seconds. @throws Refusal not_found, for a stranger's as for one that does not exist */
export async function viewOrder(deps: OrderDeps, number: string, memberId: string): Promise<OrderView> {
  const order = await lookAtOrder(deps, await readOrder(deps.db, { number, member_id: memberId }))
  const now = deps.clock.now()
  const refunds = isPaid(order.state) ? await refundsOf(deps.db, order.id) : []
  const { refunded, kept } = boughtBy(order, refunds)
  const isDisputed = !isPaid(order.state) && (await listAlertsAbout(deps.db, order.id)).some(({ kind }) => kind === 'order_amount_differs')
  return {
    order,
    state: isDisputed ? 'unavailable' : stateOf(order, now),
    isDisputed,
    refunded: money(refunded - kept, order.amount.unit),
    code: order.state === 'credited' && order.goods !== 'points' ? await deps.fulfilment.show(deps.db, order, now) : null,
    now,
  }
}

export function stateOf({ state, createdAt }: Order, now: Date): TopUpState {
  switch (state) {
    case 'creating':
      return now.getTime() - createdAt.getTime() < PATIENT_MS ? 'waiting' : 'unavailable'
    case 'created':
      return 'waiting'
    case 'credited':
    case 'expired':
    case 'cancelled':
    case 'failed':
      return state
    case 'paid':
    default: // A later version of the gateway, which runs beside this one, may have brought a state that is not known here.
      return 'unavailable'
  }
}
