import { listAlertsAbout } from '../shared/alerts'
import type { Db } from '../shared/database'
import { MINUTE } from '../shared/clock'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { lookAtOrder } from './check-orders'
import { CodeUnreadable } from './fulfilment'
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
  const [isDoubted, { code, isUnreadable }] = [await isDisputed(deps.db, order), await showCode(deps, order, now)]
  return {
    order,
    state: isDoubted || isUnreadable ? 'unavailable' : stateOf(order, now),
    isDisputed: isDoubted,
    refunded: money(refunded - kept, order.amount.unit),
    code,
    now,
  }
}

/** Whether money came for an unpaid order, but not what was asked for. */
export const isDisputed = async (db: Db, { id, state }: Pick<Order, 'id' | 'state'>): Promise<boolean> =>
  !isPaid(state) && (await listAlertsAbout(db, id)).some(({ kind }) => kind === 'order_amount_differs')

interface ShownCode {
  readonly code: string | null
  /** There is one, and it cannot be shown now. */
  readonly isUnreadable: boolean
}

/** The code of an order for its buyer, where it has one. It counts as seen from now on. */
export async function showCode({ db, fulfilment }: Pick<OrderDeps, 'db' | 'fulfilment'>, order: Order, now: Date): Promise<ShownCode> {
  if (order.state !== 'credited' || order.goods === 'points') return { code: null, isUnreadable: false }
  try {
    return { code: await fulfilment.show(db, order, now), isUnreadable: false }
  } catch (error) {
    if (error instanceof CodeUnreadable) return { code: null, isUnreadable: true }
    throw error
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
