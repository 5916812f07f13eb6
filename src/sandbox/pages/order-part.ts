import type { Invoice } from '../state/invoices'
import { ordersIn } from '../state/order-status'
import type { Order } from '../state/orders'
import type { World } from '../state/world'
import type { Page } from './page'
import { moneyText } from './present'

/** With shipment control the page waits for the shop, and says so when the shop cannot deliver (reference 1.7). */
export function shopAnswer(world: World, invoice: Invoice): 'waiting' | 'unavailable' | null {
  const orders = ordersIn(world, invoice.id).filter((order) => order.status === 'completed')
  if (orders.some((order) => order.isShippingUnavailable)) return 'unavailable'
  return world.settings.shippingControl && orders.some((order) => isUnanswered(world, order)) ? 'waiting' : null
}

const isUnanswered = (world: World, order: Order): boolean =>
  world.notifications.all().some(({ orderId, state }) => orderId === order.id && state === 'waiting')

/** The orders of an invoice with their lines; empty for an invoice that no shop made. */
export const orderPart = (world: World, invoice: Invoice, { lang }: Page) =>
  ordersIn(world, invoice.id).map((order) => ({
    number: order.merchantOrderIdVisible,
    lines: order.basketItems.map((line) => ({
      name: line.name,
      total: moneyText(line.totalAmount, order.currencyId, lang),
    })),
  }))
