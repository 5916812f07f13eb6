import { ApiRefusal } from '../http/refusal'
import type { Json } from '../http/json'
import { checkBasket } from './basket'
import type { Basket, RoundPolicy } from './basket'
import { newId } from './chance'
import { createInvoice } from './create-invoice'
import { growInvoice } from './grow-invoice'
import { CUSTOMER_FIELDS, statusOf } from './invoices'
import type { Customer, Invoice } from './invoices'
import { leaveInTime } from './leave-invoice'
import { ordersIn } from './order-status'
import type { Order, OrderExtras, OrderLinks } from './orders'
import { duplicateNumber } from './make-refund'
import type { World } from './world'

export interface OrderWish extends Basket {
  readonly merchantId: string
  readonly merchantOrderId: string
  readonly merchantOrderIdVisible?: string | undefined
  readonly description: string
  readonly currencyId: string
  readonly languageId?: string | undefined
  readonly expirationDate: Date
  readonly customer: Readonly<Record<string, Json>>
  readonly links: OrderLinks
  readonly extras: OrderExtras
  readonly orderContainerId?: string | undefined
  readonly roundPolicy: RoundPolicy
  readonly isUnchecked: boolean
  readonly processable: boolean
}

export const CURRENCIES = ['RUB', 'CNY', 'UZS', 'EUR', 'GBP', 'USD']
export const LANGUAGES = ['ru', 'en']
const MOST_ORDERS = 100_000

const refused = (code: string, message: string, name: string): ApiRefusal =>
  new ApiRefusal(422, code, message, [{ name, code: 'wrong_value', message: '' }])

export const wrongStatus = (): ApiRefusal => new ApiRefusal(422, 'wrong_order_status', 'Wrong order status')

/** @throws ApiRefusal 422 `wrong_expiration_date`: a deadline lies in the future */
export function checkDeadline(world: World, expirationDate: Date): void {
  if (expirationDate <= world.clock.now()) throw refused('wrong_expiration_date', 'Wrong expiration date', 'expirationDate')
}

/** What every order has to be, whatever it is for. @throws ApiRefusal 422 with the documented codes */
function checkWish(world: World, wish: OrderWish): void {
  if (!CURRENCIES.includes(wish.currencyId)) throw refused('wrong_currency', 'Wrong currency', 'currencyId')
  if (wish.languageId !== undefined && !LANGUAGES.includes(wish.languageId))
    throw refused('language_not_found', 'Language not found', 'languageId')
  checkDeadline(world, wish.expirationDate)
  if (!wish.isUnchecked) checkBasket(wish, wish.roundPolicy)
  if (world.settings.merchantOrderIdUnique && isTaken(world, wish)) throw duplicateNumber()
}

/** A canceled or expired order gives its number free for no other one: the number stands in the documents. */
const isTaken = (world: World, { merchantId, merchantOrderId }: OrderWish): boolean =>
  [...world.orders.values()].some((order) => order.merchantId === merchantId && order.merchantOrderId === merchantOrderId)

/**
 * A new order with an invoice of its own, or within an unpaid invoice that is there already (a suborder, Q-52).
 * @throws ApiRefusal 422 with the documented codes; `wrong_order_status` when the invoice cannot take it
 */
export function createOrder(world: World, wish: OrderWish): Order {
  checkWish(world, wish)
  if (world.orders.size >= MOST_ORDERS) throw new ApiRefusal(422, 'too_many', `The sandbox holds at most ${MOST_ORDERS} orders: reset it.`)
  const { orderContainerId } = wish
  if (orderContainerId === undefined) return addOrder(world, wish, issueInvoice(world, wish), false)
  const invoice = world.invoices.get(orderContainerId)
  if (!invoice || statusOf(invoice, world.clock.now()) !== 'pending' || invoice.currencyId !== wish.currencyId) throw wrongStatus()
  growInvoice(invoice, wish.amount, wish.vatAmount)
  const order = addOrder(world, wish, invoice, false)
  leaveInTime(world, order)
  return order
}

/** An order whose sum a refund is short of; it is settled with the refund and is no part of an invoice (reference 1.6, 3.6). */
export function createCorrection(world: World, wish: OrderWish, invoice: Invoice): Order {
  checkWish(world, wish)
  const order = addOrder(world, wish, invoice, true)
  order.status = 'completed'
  order.paidAt = world.clock.now()
  return order
}

function addOrder(world: World, wish: OrderWish, invoice: Invoice, isCorrection: boolean): Order {
  const now = world.clock.now()
  const order: Order = {
    ...wish,
    id: newId(world.chance, now, world.settings.numericIds),
    containerId: invoice.id,
    createdAt: now,
    merchantOrderIdVisible: wish.merchantOrderIdVisible ?? wish.merchantOrderId,
    languageId: wish.languageId ?? 'ru',
    isCorrection,
    status: 'created',
    paidAt: null,
    paidBy: null,
    hasLeft: false,
    payerVatNumber: null,
    isShippingUnavailable: false,
  }
  world.orders.set(order.id, order)
  world.containers.set(invoice.id, [...(world.containers.get(invoice.id) ?? []), order.id])
  return order
}

function issueInvoice(world: World, wish: OrderWish): Invoice {
  return createInvoice(world, {
    isOfOrders: true,
    amount: wish.amount,
    vatAmount: wish.vatAmount,
    currencyId: wish.currencyId,
    description: wish.description,
    expirationDate: wish.expirationDate,
    customer: payerOf(wish.customer),
    merchantOrderId: wish.merchantOrderId,
    merchantOrderIdVisible: wish.merchantOrderIdVisible ?? wish.merchantOrderId,
  })
}

/** The Business API knows fewer fields of a customer than the merchant API. */
export const payerOf = (customer: Readonly<Record<string, Json>>): Customer =>
  Object.fromEntries(
    CUSTOMER_FIELDS.flatMap((name) => {
      const value = customer[name]
      return typeof value === 'string' ? [[name, value] as const] : []
    }),
  )

/** The first order of an invoice gives it its words and its deadline, unless the invoice was there before any order. */
export const isMain = (world: World, order: Order): boolean =>
  world.invoices.get(order.containerId)?.isOfOrders === true && ordersIn(world, order.containerId)[0]?.id === order.id
