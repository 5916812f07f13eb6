import type { Approvals } from '../../approvals'
import type { OrderDeeds, OrderDeps } from '../../orders'

/** What the pages about top-ups work with. */
export interface OrderPagesDeps extends OrderDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly orders: OrderDeeds }
  readonly zone: string
}
