import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import { refundsOf } from '../state/make-refund'
import type { Attempt } from '../state/notifications'
import { payoutOf } from '../state/refunds'
import type { Refund } from '../state/refunds'
import type { World } from '../state/world'
import type { Page } from './page'
import { momentText, moneyText } from './present'

const SHOWN = 100

const ICONS = { created: '○', completed: '✓', canceled: '✕', expired: '✕' } as const
/** The order's states in the colours of the invoice's. */
const COLOURS = { created: 'pending', completed: 'paid', canceled: 'canceled', expired: 'canceled' } as const

const refundRow = (refund: Refund, { lang, t, href }: Page) => ({
  number: refund.merchantOrderId,
  amount: moneyText(payoutOf(refund), refund.currencyId, lang),
  state: t.refundStatuses[refund.status],
  isOpen: refund.status === 'created',
  path: href(`/_sandbox/console/refunds/${encodeURIComponent(refund.id)}`),
})

function orderRow(world: World, order: Order, page: Page) {
  const status = orderStatus(world, order)
  return {
    number: order.merchantOrderIdVisible,
    description: order.description,
    amount: moneyText(order.amount, order.currencyId, page.lang),
    deadline: momentText(order.expirationDate, page.lang),
    status: { state: COLOURS[status], icon: ICONS[status], text: page.t.orderStatuses[status] },
    isOpen: status === 'created',
    code: world.guaranteeCodes.get(order.id)?.code ?? null,
    refunds: refundsOf(world, order).map((refund) => refundRow(refund, page)),
    pagePath: page.href(`/order/${encodeURIComponent(order.containerId)}`),
    path: page.href(`/_sandbox/console/orders/${encodeURIComponent(order.id)}`),
  }
}

/** The console's page of orders: what a shop created, with codes, refunds and ways to pay. */
export const orders = (world: World, page: Page) => ({
  orders: [...world.orders.values()]
    .slice(-SHOWN)
    .reverse()
    .map((order) => orderRow(world, order, page)),
})

function attemptRow(world: World, attempt: Attempt, page: Page) {
  const order = world.orders.get(attempt.orderId)
  return {
    at: momentText(attempt.at, page.lang),
    number: order ? order.merchantOrderIdVisible : page.t.console.notifications.ping,
    attempt: attempt.attempt,
    isByHand: attempt.isByHand,
    address: attempt.channel === 'gate' ? 'WebSocket' : (attempt.url ?? page.t.console.notifications.noAddress),
    status: attempt.status,
    isGood: attempt.outcome === 'accepted',
    outcome: page.t.console.notifications.outcomes[attempt.outcome],
    why: attempt.code ?? attempt.reason,
    fault: attempt.fault,
    body: attempt.body,
    signature: attempt.signature,
    answer: attempt.answer,
    path: page.href(`/_sandbox/console/notifications/${encodeURIComponent(attempt.id)}`),
  }
}

/** The console's notification log, newest first. */
export const notifications = (world: World, page: Page) => ({
  attempts: world.notifications.newest(SHOWN).map((attempt) => attemptRow(world, attempt, page)),
  listeners: page.t.console.notifications.listeners(world.listeners.size),
})
