import type { ApiRoute } from '../wire/call'
import { counterpartyRoutes } from './counterparties'
import { guaranteeRoutes } from './guarantee'
import { listOrders } from './list-orders'
import { marketplaceRoutes } from './marketplace'
import { orderRoutes } from './orders'
import { refundRoutes } from './refunds'
import { shipmentRoutes } from './shipments'

/** The merchant API: orders, refunds, shipments, guarantee, look-ups (reference 3.4 to 3.9). */
export const merchantRoutes: readonly ApiRoute[] = [
  ...orderRoutes,
  listOrders,
  ...refundRoutes,
  ...shipmentRoutes,
  ...guaranteeRoutes,
  ...counterpartyRoutes,
  ...marketplaceRoutes,
]
