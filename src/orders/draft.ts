import { basketOf, oneUnit } from '../invoicebox/merchant'
import type { BuyerLinks } from '../invoicebox/merchant/types'
import type { Basket, CorrectionDraft, Goods, OrderDraft, RefundDraft } from '../invoicebox/merchant'
import { DAY, plus } from '../shared/clock'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { correctionNumber } from './number'
import type { Order, OrderRefund, OrderSettings } from './order'

/** The article of the one line that an order has is what it sells; refunds name it again. */
type Sold = Pick<Order, 'goods' | 'vatCode'>

/** Points are paid for in full before they are spent on anything. Counted as one piece: their price need not be whole kopecks. */
const goodsOf = ({ goods, vatCode }: Sold, name: string): Goods => ({
  sku: goods === 'voucher' ? 'voucher' : 'points',
  name: name.slice(0, 300),
  measure: 'шт',
  measureCode: '796',
  vatCode,
  type: 'service',
  paymentType: 'full_prepayment',
})

const basketFor = (sold: Sold, name: string, amount: Money): Basket => basketOf([oneUnit(goodsOf(sold, name), amount)])

/** A part of the order's one line, with the VAT that this part has of it: parts together have as much as was sold. */
function refundBasket(order: Order, { amount, vat }: OrderRefund, settings: OrderSettings): Basket {
  const whole = oneUnit(goodsOf(order, nameOf(order, settings)), amount)
  return basketOf([{ ...whole, vat, priceWithoutVat: money(amount.minor - vat.minor, amount.unit) }])
}

const nameOf = ({ title }: Order, { programName }: OrderSettings): string => title ?? `Баллы программы «${programName}»`

/** What only the creation of an order must know. */
export interface OrderPlace {
  /** The invoice that it is added to. */
  readonly orderContainerId?: string | undefined
  /** Where the payment page sends the buyer; the order's own page unless set; a function where they must name the order. */
  readonly links?: BuyerLinks | ((order: Order) => BuyerLinks) | undefined
}

/** Where the member's browser finds an order. */
export const orderPath = (number: string): string => `/account/top-ups/${number}`

/** The order as Invoicebox is asked to make it. It names nobody: who pays tells Invoicebox themselves. */
export function orderDraft(order: Order, settings: OrderSettings, { orderContainerId, links }: OrderPlace = {}): OrderDraft {
  const page = new URL(orderPath(order.number), settings.publicUrl).href
  const what = nameOf(order, settings)
  return {
    merchantOrderId: order.number,
    description: `${what}, заказ ${order.number}`,
    basket: basketFor(order, what, order.amount),
    expirationDate: order.expiresAt,
    customer: {},
    language: order.language,
    links: typeof links === 'function' ? links(order) : (links ?? { success: page, fail: page, back: page }),
    ...(orderContainerId !== undefined && { orderContainerId }),
    notificationUrl: new URL('/invoicebox/notifications', settings.publicUrl).href,
  }
}

export const refundDraft = (order: Order, refund: OrderRefund, settings: OrderSettings): RefundDraft => ({
  parentId: order.paidId ?? '',
  merchantOrderId: refund.number,
  basket: refundBasket(order, refund, settings),
  description: `Возврат за ${order.goods === 'voucher' ? `«${nameOf(order, settings)}»` : 'баллы'}, заказ ${order.number}`,
  status: refund.fee.minor > 0n ? 'draft' : 'created',
})

/** Keeps the fee of a refund: what it was for was spent. It is made now, however long ago the order was. */
export const correctionDraft = (
  order: Order,
  refund: OrderRefund,
  { settings, now }: { readonly settings: OrderSettings; readonly now: Date },
): CorrectionDraft => ({
  ...orderDraft(order, settings),
  expirationDate: plus(now, DAY),
  merchantOrderId: correctionNumber(refund.number),
  refundId: refund.invoiceboxId ?? '',
  description: `Потраченные баллы, заказ ${order.number}`,
  basket: basketFor(order, 'Потраченные баллы программы', refund.fee),
})
