import { MAX_MINOR, money } from '../../shared/money'
import type { Money } from '../../shared/money'
import type { Basket, BasketFault, BasketFaultCode, BasketLine, Goods, RoundPolicy, VatCode } from './basket-types'
import { VAT_CODES } from './basket-types'

/** The rate inside a line's total, in percent (6.2). The codes that end in `_ADDED` have the same rates. */
const RATES: Readonly<Record<VatCode, bigint>> = {
  VATNONE: 0n,
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
}

/** Quantities are counted in millionths. */
const WHOLE = 1_000_000n
const QUANTITY = /^(\d{1,9})(?:\.(\d{1,6}))?$/

/** The smallest of the contradicting limits. */
const TEXT_LIMITS = { sku: 36, name: 300, measure: 10, measureCode: 4 } as const

/** A quantity in millionths; `null` for anything but a positive decimal of at most six places. */
export function parseQuantity(text: string): bigint | null {
  const parts = QUANTITY.exec(text)
  const millionths = parts ? BigInt((parts[1] ?? '') + (parts[2] ?? '').padEnd(6, '0')) : 0n
  return millionths > 0n ? millionths : null
}

const halfUp = (numerator: bigint, denominator: bigint): bigint => (2n * numerator + denominator) / (2n * denominator)

/** The VAT inside a total under this code: total × rate / (100 + rate), the half kopeck rounded up. */
export const vatInside = (total: Money, code: VatCode): Money => money(halfUp(total.minor * RATES[code], 100n + RATES[code]), total.unit)

/**
 * A line of so many units at this price. The product is rounded half up to the kopeck where it has to be: then the order must say `roundPolicy: 'halfUp'`.
 * The price without VAT has two decimals as well, so for a large quantity no such price may fit; `basketFaults` tells (`wrong_basket_item_amount_wo_vat`), and `oneUnit`
 * is the way out.
 * @throws RangeError for a quantity that is none
 */
export function makeLine(goods: Goods, quantity: string, price: Money): BasketLine {
  const millionths = parseQuantity(quantity)
  if (millionths === null) throw new RangeError('A quantity is a positive decimal of at most six places.')
  return stated(goods, quantity, price, money(halfUp(price.minor * millionths, WHOLE), price.unit), millionths)
}

/** Everything as a single unit whose price is the total: exact under every code. */
export const oneUnit = (goods: Goods, total: Money): BasketLine => stated(goods, '1', total, total, WHOLE)

function stated(goods: Goods, quantity: string, price: Money, total: Money, millionths: bigint): BasketLine {
  const vat = vatInside(total, goods.vatCode)
  const priceWithoutVat = money(halfUp((total.minor - vat.minor) * WHOLE, millionths), total.unit)
  return { ...goods, quantity, price, priceWithoutVat, total, vat }
}

/** The lines and their sums. @throws RangeError for no line at all */
export function basketOf(lines: readonly BasketLine[]): Basket {
  const [first] = lines
  if (!first) throw new RangeError('A basket has at least one line.')
  const sum = (of: (line: BasketLine) => Money): Money =>
    money(
      lines.reduce((all, line) => all + of(line).minor, 0n),
      first.total.unit,
    )
  return { lines, total: sum((line) => line.total), vat: sum((line) => line.vat) }
}

/**
 * What Invoicebox would refuse about this basket, with its own codes and in its own order: the lines first, then the sums (3.4.1). Where its tolerance is in doubt ours is the
 * narrower reading, so what passes here passes there. Pure.
 */
export function basketFaults({ lines, total, vat }: Basket, policy: RoundPolicy = 'strict'): BasketFault[] {
  if (lines.length === 0) return [{ code: 'validation', field: 'basketItems' }]
  const sum = (of: (line: BasketLine) => Money): bigint => lines.reduce((all, line) => all + of(line).minor, 0n)
  const sums: [boolean, BasketFaultCode, string][] = [
    [total.minor <= 0n || total.minor > MAX_MINOR || total.unit !== vat.unit, 'validation', 'amount'],
    [sum((line) => line.total) !== total.minor, 'wrong_total_amount', 'amount'],
    [sum((line) => line.vat) !== vat.minor, 'wrong_total_vat_amount', 'vatAmount'],
  ]
  return [...lines.flatMap((line, index) => lineFaults(line, `basketItems[${index}]`, policy, total)), ...failed(sums)]
}

const failed = (checks: readonly [boolean, BasketFaultCode, string][]): BasketFault[] =>
  checks.flatMap(([isFault, code, field]) => (isFault ? [{ code, field }] : []))

function lineFaults(line: BasketLine, path: string, policy: RoundPolicy, { unit }: Money): BasketFault[] {
  const forms = formFaults(line, path, unit)
  const millionths = parseQuantity(line.quantity)
  if (forms.length > 0 || millionths === null) return forms
  const { price, priceWithoutVat, total, vat, vatCode } = line
  const rate = RATES[vatCode]
  const vatOff = size(vat.minor * (100n + rate) - total.minor * rate)
  const netOff = size(priceWithoutVat.minor * millionths + (vat.minor - total.minor) * WHOLE)
  return failed([
    [!followsPolicy(price.minor * millionths, total.minor, policy), 'wrong_basket_item_total_amount', `${path}.totalAmount`],
    [vat.minor > total.minor || vatOff > 100n + rate, 'wrong_basket_item_total_vat_amount', `${path}.totalVatAmount`],
    [netOff > WHOLE, 'wrong_basket_item_amount_wo_vat', `${path}.amountWoVat`],
  ])
}

const size = (value: bigint): bigint => (value < 0n ? -value : value)

function formFaults(line: BasketLine, path: string, unit: Money['unit']): BasketFault[] {
  const amounts = { amount: line.price, amountWoVat: line.priceWithoutVat, totalAmount: line.total, totalVatAmount: line.vat }
  return failed([
    ...Object.entries(TEXT_LIMITS).map(([field, limit]): [boolean, BasketFaultCode, string] => {
      const { length } = line[field as keyof typeof TEXT_LIMITS]
      return [length === 0 || length > limit, 'validation', `${path}.${field}`]
    }),
    [!VAT_CODES.includes(line.vatCode), 'validation', `${path}.vatCode`],
    [parseQuantity(line.quantity) === null, 'validation', `${path}.quantity`],
    ...Object.entries(amounts).map(([field, amount]): [boolean, BasketFaultCode, string] => [
      amount.unit !== unit || amount.minor < 0n || amount.minor > MAX_MINOR,
      'validation',
      `${path}.${field}`,
    ]),
  ])
}

/** @param product price × quantity, in millionths of a kopeck */
function followsPolicy(product: bigint, total: bigint, policy: RoundPolicy): boolean {
  const wanted: Record<RoundPolicy, boolean> = {
    strict: product === total * WHOLE,
    none: product <= total * WHOLE,
    floor: product / WHOLE === total,
    ceil: (product + WHOLE - 1n) / WHOLE === total,
    halfUp: halfUp(product, WHOLE) === total,
    halfDown: (2n * product + WHOLE - 1n) / (2n * WHOLE) === total,
  }
  return wanted[policy]
}
