import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { Companion, Line } from '../ledger'
import { openAlerts } from '../shared/alerts'
import type { NewAlert } from '../shared/alerts'
import { MINUTE, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { memberOf } from './order'
import type { Order, OrderDeps, OrderRefund } from './order'
import { moveRefunds, readRefund } from './refund-store'
import type { RefundMove } from './refund-store'
import { tell } from '../shared/told'

export const ACTOR = 'system:orders'
const POLL_MS = MINUTE

/** Invoicebox will pay the money back: the points go. */
export async function acceptRefund(deps: OrderDeps, order: Order, refund: OrderRefund, known?: RefundMove['known']): Promise<void> {
  const at = deps.clock.now()
  const move: RefundMove = { refund, to: 'accepted', at, actor: ACTOR, ...(known && { known }), nextCheckAt: plus(at, POLL_MS) }
  await resolveHold(deps, order, refund, { how: 'post', companions: [companion(moveRefunds, move)] })
}

export interface Rejection {
  /** What Invoicebox said. */
  readonly code: string
  /** Whether a draft stays there, which uses up what is left of the order. */
  readonly isDraftLeft?: boolean
}

/** A definite no: the points are free again. */
export async function rejectRefund(deps: OrderDeps, order: Order, refund: OrderRefund, { code, isDraftLeft }: Rejection): Promise<void> {
  const at = deps.clock.now()
  const known = { rejection: code.slice(0, 300) }
  const move: RefundMove = {
    refund,
    to: 'rejected',
    at,
    actor: ACTOR,
    note: tell('told.refund_refused', { code }),
    known,
    nextCheckAt: null,
  }
  const detail = tell('told.refund_draft_left', { number: refund.number, code })
  const left: NewAlert = { kind: 'refund_draft_left', subject: refund.orderId, detail, at }
  const companions = [companion(moveRefunds, move), ...giveCodeBack(deps, order, at), ...(isDraftLeft ? [companion(openAlerts, left)] : [])]
  await resolveHold(deps, order, refund, { how: 'release', companions })
}

type Restored = Parameters<OrderDeps['fulfilment']['restore']>[1][number]

/** No money goes back, so the buyer has the code again. Where none was withdrawn this changes nothing. */
export const giveCodeBack = ({ fulfilment }: OrderDeps, order: Order, at: Date): Companion[] =>
  order.goods === 'points' ? [] : [companion<Restored>((tx, rows) => fulfilment.restore(tx, rows), { order, at })]

/** What Invoicebox has under our number is not what we asked for, or what it does does not go with our books: a person must look. */
export const refundDiffers = (refund: Pick<OrderRefund, 'orderId'>, detail: string, at: Date): NewAlert => ({
  kind: 'refund_differs',
  subject: refund.orderId,
  detail,
  at,
})

interface Resolution {
  readonly how: 'post' | 'release'
  readonly companions: readonly Companion[]
}

/** Whoever comes second finds it done. */
async function resolveHold(deps: OrderDeps, order: Order, refund: OrderRefund, { how, companions }: Resolution): Promise<void> {
  const { holdId } = refund
  try {
    await deps.ledger.submit({
      key: `refund-${how}:${refund.id}`,
      reference: refund.id,
      lines: holdId === null ? [] : [lineOf(how, { holdId, account: memberAccount(memberOf(order)), to: ACCOUNTS.sold })],
      companions,
    })
    deps.log.info({ refund: refund.number, how }, 'a refund was settled')
  } catch (error) {
    if (!(error instanceof Refusal && (error.code === 'order_in_wrong_state' || error.code === 'hold_already_resolved'))) throw error
    if (how === 'post') await tellIfFreed(deps, refund)
  }
}

const lineOf = (how: Resolution['how'], hold: Pick<Extract<Line, { do: 'release' }>, 'holdId' | 'account' | 'to'>): Line =>
  how === 'post' ? { do: 'post', ...hold, kind: 'refund' } : { do: 'release', ...hold }

/** Coming second is harmless unless the first one gave the points back: then money goes out and the points stay. */
async function tellIfFreed({ db, clock }: OrderDeps, refund: OrderRefund): Promise<void> {
  if ((await readRefund(db, refund.id)).state !== 'rejected') return
  const detail = tell('told.refund_taken_late', { number: refund.number })
  await inTransaction(db, (tx) => openAlerts(tx, [refundDiffers(refund, detail, clock.now())]))
}
