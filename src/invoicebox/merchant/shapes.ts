import { z } from 'zod'
import { NotMoney, money, parseMoney } from '../../shared/money'
import type { Money, Unit } from '../../shared/money'
import { cleanText, maskText } from '../clean-text'
import type { Json, JsonObject } from '../exact-json'
import { isUsablePaymentUrl } from '../payment-url'
import { exactText, moment, readAmount, readId } from '../wire'
import type { InvoiceRules } from '../wire'
import { parseQuantity } from './basket'
import { VAT_CODES } from './basket-types'
import type { LineType, PaymentType } from './basket-types'
import { ORDER_STATUSES, REFUND_STATUSES, SHIPMENT_STATUSES } from './types'
import type { Counterparty, OddObject, Order, OrderStatus, Refund, RefundableLine, Shipment } from './types'

/** The shapes of the merchant API: fields we do not know are dropped, and so is everybody who pays. */

/** Missing and unfamiliar are the same: not known. Both spellings of a cancellation are one. */
const oneOf = <const T extends string>(known: readonly T[]) =>
  z
    .string()
    .transform((text) => known.find((one) => one === (text === 'cancelled' ? 'canceled' : text)) ?? null)
    .catch(null)

const orNull = <T extends z.ZodType>(shape: T) =>
  shape
    .nullish()
    .catch(null)
    .transform((value) => value ?? null)

const anyId = z.custom<Json>().transform((value, context) => {
  const id = readId(value)
  if (id !== null) return id
  context.addIssue({ code: 'custom', message: 'This is not an id.' })
  return z.NEVER
})

/** Other alphabets occur in it: the number is the shop's own. */
export const merchantOrderId = exactText.pipe(z.string().max(256))

const orderShape = z.object({
  id: anyId,
  merchantId: z.string().max(36),
  merchantOrderId,
  orderContainerId: orNull(anyId),
  status: oneOf(ORDER_STATUSES) satisfies z.ZodType<OrderStatus | null>,
  amount: exactText,
  currencyId: z.string(),
  createdAt: moment,
  expirationDate: orNull(moment),
  paidAt: orNull(moment),
  paymentUrl: z.string(),
})

const PROBLEM_LIMIT = 300

export function toOrder(value: JsonObject, rules: InvoiceRules): Order | OddObject {
  const read = orderShape.safeParse(value)
  if (!read.success) return odd(value, firstProblem(read.error))
  const { amount: amountText, currencyId, ...order } = read.data
  const amount = readAmount(amountText, currencyId, rules)
  if (typeof amount === 'string') return odd(value, amount)
  if (!isUsablePaymentUrl(order.paymentUrl, rules.allowHttp)) return odd(value, 'The payment link cannot be used.')
  return { ...order, amount }
}

/** Where an object names none. */
export const ownCurrency = ({ currencies }: InvoiceRules): Unit => currencies[0] ?? 'RUB'

const refundShape = z.object({
  id: anyId,
  parentId: anyId,
  merchantOrderId,
  amount: exactText,
  currencyId: orNull(z.string()),
  status: oneOf(REFUND_STATUSES),
  createdAt: orNull(moment),
})

/** A refund without a currency is in the first of ours: the API has none in its request. */
export function toRefund(value: JsonObject, rules: InvoiceRules): Refund | OddObject {
  const read = refundShape.safeParse(value)
  if (!read.success) return odd(value, firstProblem(read.error))
  const { amount: amountText, currencyId, ...refund } = read.data
  const amount = readAmount(amountText, currencyId ?? ownCurrency(rules), rules)
  return typeof amount === 'string' ? odd(value, amount) : { ...refund, amount }
}

const shipmentShape = z.object({
  id: anyId,
  orderId: anyId,
  documentNumber: orNull(exactText),
  status: oneOf(SHIPMENT_STATUSES),
  amount: orNull(exactText),
})

export function toShipment(value: JsonObject, rules: InvoiceRules): Shipment | OddObject {
  const read = shipmentShape.safeParse(value)
  if (!read.success) return odd(value, firstProblem(read.error))
  const amount = read.data.amount === null ? null : readAmount(read.data.amount, ownCurrency(rules), rules)
  return typeof amount === 'string' ? odd(value, amount) : { ...read.data, amount }
}

/** The sums of a line may be zero, where those of an order may not. */
const sums = { amount: exactText, amountWoVat: exactText, totalAmount: exactText, totalVatAmount: exactText }

const lineShape = z.object({
  ...sums,
  sku: exactText,
  name: z.string(),
  groupName: orNull(z.string()),
  measure: z.string(),
  measureCode: exactText,
  quantity: exactText.refine((text) => parseQuantity(text) !== null, 'This is not a quantity.'),
  vatCode: z.enum(VAT_CODES),
  type: z.union([
    z.enum(['commodity', 'service']),
    exactText.pipe(z.string().regex(/^\d{1,2}$/)).transform(Number),
  ]) satisfies z.ZodType<LineType>,
  serviceDate: orNull(z.string()),
  paymentType: z.enum(['full_prepayment', 'prepayment', 'advance', 'full_payment']) satisfies z.ZodType<PaymentType>,
  availableAmount: exactText.optional(),
  availableVatAmount: exactText.optional(),
})

/** A line of an order in `unit`: lines name no currency themselves. */
export function toRefundableLine(value: JsonObject, unit: Unit): RefundableLine | OddObject {
  const read = lineShape.safeParse(value)
  if (!read.success) return odd(value, firstProblem(read.error))
  const { amount, amountWoVat, totalAmount, totalVatAmount, availableAmount, availableVatAmount, groupName, serviceDate, ...goods } =
    read.data
  try {
    return {
      ...goods,
      ...(groupName === null ? {} : { groupName }),
      ...(serviceDate === null ? {} : { serviceDate }),
      price: parseMoney(amount, unit),
      priceWithoutVat: parseMoney(amountWoVat, unit),
      total: parseMoney(totalAmount, unit),
      vat: parseMoney(totalVatAmount, unit),
      available: notNegative(parseMoney(availableAmount ?? totalAmount, unit)),
      availableVat: notNegative(parseMoney(availableVatAmount ?? totalVatAmount, unit)),
    }
  } catch (error) {
    if (error instanceof NotMoney) return odd(value, error.message)
    throw error
  }
}

const notNegative = (amount: Money): Money => (amount.minor < 0n ? money(0n, amount.unit) : amount)

const counterpartyShape = z.object({
  id: anyId,
  vatNumber: exactText,
  taxRegistrationReasonCode: orNull(exactText),
  name: orNull(z.string()),
  nameFull: orNull(z.string()),
  registrationAddress: orNull(z.string()),
})

const NAME_LIMIT = 300

export function toCounterparty(value: JsonObject): Counterparty | null {
  const read = counterpartyShape.safeParse(value)
  if (!read.success) return null
  const { name, nameFull, registrationAddress, ...rest } = read.data
  return {
    ...rest,
    name: cleanText(name ?? nameFull ?? '', NAME_LIMIT),
    registrationAddress: registrationAddress === null ? null : cleanText(registrationAddress, NAME_LIMIT),
  }
}

export const isOddObject = (value: object): value is OddObject => 'kind' in value && value.kind === 'odd'

const odd = (value: JsonObject, problem: string): OddObject => ({
  kind: 'odd',
  id: readId(value.id) ?? '',
  problem: maskText(problem, PROBLEM_LIMIT),
})

function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues
  return issue ? `The field "${issue.path.join('.')}" is odd: ${issue.message}` : 'The answer is odd.'
}
