import { ApiRefusal } from '../http/refusal'
import type { Json } from '../http/json'

/** Rates in percent; null: not taxed. `_ADDED` says how the price was made, not how much tax is inside (reference 6.2, 3.4.1). */
export const VAT_RATES = {
  VATNONE: null,
  RUS_VAT0: 0n,
  RUS_VAT5: 5n,
  RUS_VAT7: 7n,
  RUS_VAT10: 10n,
  RUS_VAT20: 20n,
  RUS_VAT22: 22n,
  RUS_VAT5_ADDED: 5n,
  RUS_VAT7_ADDED: 7n,
  RUS_VAT10_ADDED: 10n,
  RUS_VAT20_ADDED: 20n,
  RUS_VAT22_ADDED: 22n,
} as const satisfies Record<string, bigint | null>

export type VatCode = keyof typeof VAT_RATES
export const VAT_CODES = Object.keys(VAT_RATES) as readonly VatCode[]

export const ROUND_POLICIES = ['strict', 'none', 'floor', 'ceil', 'halfUp', 'halfDown'] as const
export type RoundPolicy = (typeof ROUND_POLICIES)[number]

/** One line of a basket: what was sent, and the parts that are counted with. Amounts in kopecks, the quantity in millionths. */
export interface BasketLine {
  readonly sent: Readonly<Record<string, Json>>
  readonly sku: string
  readonly name: string
  readonly quantity: bigint
  readonly amount: bigint
  readonly amountWoVat: bigint
  readonly totalAmount: bigint
  readonly totalVatAmount: bigint
  readonly vatCode: VatCode
}

export interface Basket {
  readonly amount: bigint
  readonly vatAmount: bigint
  readonly basketItems: readonly BasketLine[]
}

export const MILLIONTHS = 1_000_000n

const floor = (exact: bigint): bigint => exact / MILLIONTHS
const ceil = (exact: bigint): bigint => (exact + MILLIONTHS - 1n) / MILLIONTHS
const halfUp = (exact: bigint): bigint => (exact * 2n + MILLIONTHS) / (MILLIONTHS * 2n)
const halfDown = (exact: bigint): bigint => (exact * 2n + MILLIONTHS - 1n) / (MILLIONTHS * 2n)

/** May a line of so many millionths of a kopeck have this total? */
const TOTAL_FITS: Readonly<Record<RoundPolicy, (exact: bigint, total: bigint) => boolean>> = {
  strict: (exact, total) => halfUp(exact) === total,
  none: (exact, total) => exact <= total * MILLIONTHS,
  floor: (exact, total) => floor(exact) === total,
  ceil: (exact, total) => ceil(exact) === total,
  halfUp: (exact, total) => halfUp(exact) === total,
  halfDown: (exact, total) => halfDown(exact) === total,
}

/** The VAT inside a total at the rate of its code, half a kopeck rounded up. */
export function vatInTotal(total: bigint, code: VatCode): bigint {
  const rate: bigint = VAT_RATES[code] ?? 0n
  return (total * rate * 2n + (100n + rate)) / ((100n + rate) * 2n)
}

const isNear = (a: bigint, b: bigint): boolean => a - b <= 1n && b - a <= 1n

/** 422 with one of the five calculation codes, worded as recorded from the live API. */
export const wrongCalculation = (code: string, field: string): ApiRefusal =>
  new ApiRefusal(422, code, 'Calculation Error', [{ name: field, code: 'wrong_value', message: '' }])

function checkLine(line: BasketLine, at: number, policy: RoundPolicy): void {
  const refuse = (code: string, field: string): never => {
    throw wrongCalculation(code, `basketItems[${at}].${field}`)
  }
  const { quantity, totalAmount, totalVatAmount } = line
  if (!TOTAL_FITS[policy](line.amount * quantity, totalAmount)) refuse('wrong_basket_item_total_amount', 'totalAmount')
  if (totalVatAmount > totalAmount || !isNear(totalVatAmount, vatInTotal(totalAmount, line.vatCode)))
    refuse('wrong_basket_item_total_vat_amount', 'totalVatAmount')
  if (!isNear(halfUp(line.amountWoVat * quantity) + totalVatAmount, totalAmount)) refuse('wrong_basket_item_amount_wo_vat', 'amountWoVat')
}

const sum = (lines: readonly BasketLine[], of: (line: BasketLine) => bigint): bigint => lines.reduce((total, line) => total + of(line), 0n)

/** The header against its lines. @throws ApiRefusal 422 `wrong_total_amount`, `wrong_total_vat_amount` */
export function checkTotals({ amount, vatAmount, basketItems }: Basket): void {
  if (sum(basketItems, (line) => line.totalAmount) !== amount) throw wrongCalculation('wrong_total_amount', 'amount')
  if (sum(basketItems, (line) => line.totalVatAmount) !== vatAmount) throw wrongCalculation('wrong_total_vat_amount', 'vatAmount')
}

/** The five calculation checks of the reference's section 3.4.1, in its order. @throws ApiRefusal 422 with the code of the first that fails */
export function checkBasket(basket: Basket, policy: RoundPolicy): void {
  basket.basketItems.forEach((line, at) => checkLine(line, at, policy))
  checkTotals(basket)
}
