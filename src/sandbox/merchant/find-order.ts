import { ApiRefusal } from '../http/refusal'
import type { Order } from '../state/orders'
import type { World } from '../state/world'

export const notFound = (): ApiRefusal => new ApiRefusal(404, 'not_found', 'Error')

/** @throws ApiRefusal 404 `not_found`, 403 `forbidden` for another shop's where shops are told apart */
export function findOrder(world: World, id: string | null | undefined): Order {
  const order = world.orders.get(id ?? '')
  if (!order) throw notFound()
  refuseOtherShop(world, order.merchantId)
  return order
}

/** @throws ApiRefusal 403 `forbidden` */
export function refuseOtherShop(world: World, merchantId: string): void {
  if (world.settings.strictMerchant && merchantId !== world.merchant.id) throw new ApiRefusal(403, 'forbidden', 'Forbidden')
}

/** What lists show: everything, or the own shop's where shops are told apart. */
export const ofOwnShop = <T extends { readonly merchantId: string }>({ settings, merchant }: World, all: Iterable<T>): T[] =>
  [...all].filter(({ merchantId }) => !settings.strictMerchant || merchantId === merchant.id)
