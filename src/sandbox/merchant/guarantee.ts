import { z } from 'zod'
import { envelope } from '../http/envelope'
import type { Json } from '../http/json'
import { canSpend } from '../state/fund'
import type { GuaranteeCode } from '../state/guarantee'
import { orderStatus } from '../state/order-status'
import type { Order } from '../state/orders'
import { payByGuarantee } from '../state/pay-by-guarantee'
import { fundOfPayer, isRegistered } from '../state/payers'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'
import { findOrder } from './find-order'
import { oneOf, readApiBody, text } from './read-body'
import { customer } from './read-order'

const payerSchema = z.object({
  paymentMethodId: z.union([z.number().int(), text(36, 1)], { error: 'This value should not be blank.' }),
  languageId: oneOf(['ru', 'en']).nullish(),
  customer,
})

const codeSchema = payerSchema.extend({ customerPaymentData: z.object({ publicCode: text(100), code: text(100) }) })

const RESEND_AFTER = 60_000
const ATTEMPTS = 4

/** Failures of business are answered 200 with a `result`, unlike the rest of the API (reference 3.7). */
const answered = (world: World, result: string, resultData: Json, type = 'none'): Json => envelope(world, { type, result, resultData })

const NOTHING: Json = {}

const SHORT: Json = { message: { title: 'Недостаточно средств', message: 'Пополните гарантийный фонд и повторите оплату' } }

const hasEnough = (world: World, order: Order, vatNumber: string): boolean =>
  canSpend(fundOfPayer(world, vatNumber, order.currencyId), world.invoices.get(order.containerId)?.amount ?? order.amount)

/** Can this payer pay by this method? */
const validate: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/([^/]+)\/payment-method-action\/validate$/,
  on: 'guarantee.validate',
  isMerchants: true,
  answer: (world, call) => {
    const payer = readApiBody(payerSchema, call)
    const order = findOrder(world, call.id)
    const { vatNumber } = payer.customer
    const isKnown = isRegistered(vatNumber)
    const result = !isKnown ? 'notRegistered' : hasEnough(world, order, vatNumber) ? 'available' : 'notEnoughMoney'
    return answered(world, result, { url: '', method: 'POST', arguments: [] })
  },
}

/** The payer is sent a code; the console shows it. */
const sendCode: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/([^/]+)\/payment-method-action\/send-code$/,
  on: 'guarantee.send-code',
  isMerchants: true,
  answer: (world, call) => {
    const { customer: payer } = readApiBody(payerSchema, call)
    const order = findOrder(world, call.id)
    if (!isRegistered(payer.vatNumber) || orderStatus(world, order) !== 'created') return answered(world, 'error', NOTHING)
    const earlier = world.guaranteeCodes.get(order.id)
    const isFresh = earlier?.vatNumber === payer.vatNumber && world.clock.now().getTime() - earlier.sentAt.getTime() < RESEND_AFTER
    const { publicCode, leftAttempt } = isFresh ? earlier : newCode(world, order, payer.vatNumber)
    return answered(world, isFresh ? 'codeAlreadySent' : 'success', { publicCode, leftAttempt })
  },
}

function newCode(world: World, order: Order, vatNumber: string): GuaranteeCode {
  const code: GuaranteeCode = {
    orderId: order.id,
    vatNumber,
    publicCode: `pc-${world.chance.hex(6)}`,
    code: String(world.chance.below(10_000)).padStart(4, '0'),
    sentAt: world.clock.now(),
    leftAttempt: ATTEMPTS,
  }
  world.guaranteeCodes.set(order.id, code)
  return code
}

const pay: ApiRoute = {
  method: 'POST',
  path: /^\/billing\/api\/order\/([^/]+)\/payment-method-action\/pay$/,
  on: 'guarantee.pay',
  isMerchants: true,
  answer: (world, call) => {
    const { customer: payer, customerPaymentData } = readApiBody(codeSchema, call)
    const order = findOrder(world, call.id)
    const status = orderStatus(world, order)
    if (status === 'completed') return answered(world, 'alreadyPaid', NOTHING)
    if (status !== 'created' || !isRegistered(payer.vatNumber)) return answered(world, 'error', NOTHING)
    const refusal = checkCode(world.guaranteeCodes.get(order.id), { ...customerPaymentData, vatNumber: payer.vatNumber })
    if (refusal) return answered(world, refusal, NOTHING)
    if (!hasEnough(world, order, payer.vatNumber)) return answered(world, 'notEnoughMoney', SHORT, 'message')
    return payNow(world, order, payer.vatNumber)
  },
}

/** `wrongCode` costs an attempt; without attempts left even the right code is `limitReached`. */
function checkCode(
  sent: GuaranteeCode | undefined,
  typed: Pick<GuaranteeCode, 'publicCode' | 'code' | 'vatNumber'>,
): 'wrongCode' | 'limitReached' | null {
  if (sent?.vatNumber !== typed.vatNumber) return 'wrongCode'
  if (sent.leftAttempt === 0) return 'limitReached'
  if (typed.publicCode === sent.publicCode && typed.code === sent.code) return null
  sent.leftAttempt -= 1
  return sent.leftAttempt === 0 ? 'limitReached' : 'wrongCode'
}

function payNow(world: World, order: Order, vatNumber: string): Json {
  const invoice = world.invoices.get(order.containerId)
  if (!invoice) return answered(world, 'error', NOTHING)
  payByGuarantee(world, invoice, order, vatNumber)
  return answered(world, 'success', NOTHING)
}

/** Confirmation of an order inside the shop, without the payment page (reference 1.9, 3.7). */
export const guaranteeRoutes: readonly ApiRoute[] = [validate, sendCode, pay]
