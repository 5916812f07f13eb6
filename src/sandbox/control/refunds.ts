import { ApiRefusal } from '../http/refusal'
import { completeRefund } from '../state/make-refund'
import { toDecimal } from '../state/money'
import { payoutOf } from '../state/refunds'
import type { Refund } from '../state/refunds'
import type { World } from '../state/world'

/** A refund as the control interface shows it. */
export const presentRefund = (refund: Refund) => ({
  id: refund.id,
  parentId: refund.parentId,
  merchantOrderId: refund.merchantOrderId,
  status: refund.status,
  amount: toDecimal(refund.amount),
  withheld: toDecimal(refund.withheld),
  payout: toDecimal(payoutOf(refund)),
  description: refund.description,
  createdAt: refund.createdAt.toISOString(),
  completedAt: refund.completedAt?.toISOString() ?? null,
})

/** @throws ApiRefusal 404 */
export function findRefund(world: World, id: unknown): Refund {
  const refund = world.refunds.get(String(id)) ?? [...world.refunds.values()].find(({ merchantOrderId }) => merchantOrderId === String(id))
  if (!refund) throw new ApiRefusal(404, 'not_found', `There is no refund ${JSON.stringify(String(id).slice(0, 60))}.`)
  return refund
}

/** `POST /_sandbox/refunds/{id}/complete`: the money has reached the payer. @throws ApiRefusal 409 when it has already, or never will */
export function completeByHand(world: World, refund: Refund): void {
  if (refund.status !== 'created') throw new ApiRefusal(409, 'wrong_order_status', `The refund is ${refund.status}.`)
  completeRefund(world, refund)
}

/** `POST /_sandbox/refunds/{id}/cancel`: Invoicebox gives it up; the money stays where it is. @throws ApiRefusal 409 */
export function cancelRefund(refund: Refund): void {
  if (refund.status !== 'created' && refund.status !== 'draft')
    throw new ApiRefusal(409, 'wrong_order_status', `The refund is ${refund.status}.`)
  refund.status = 'canceled'
}
