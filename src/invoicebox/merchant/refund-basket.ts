import { money } from '../../shared/money'
import type { Money } from '../../shared/money'
import { basketOf, oneUnit } from './basket'
import type { Basket, BasketLine } from './basket-types'
import type { RefundableLine } from './types'

/** What is left of an order to give back. */
export const leftToRefund = (lines: readonly RefundableLine[]): bigint => lines.reduce((sum, { available }) => sum + available.minor, 0n)

/**
 * The lines of a refund of so much, taken from the order's lines in their order. A line of which nothing is gone is given back as it was sold; a part of one is a single unit
 * of that sum, since it need not divide by the quantity (3.6).
 * @returns `null` when so much is not left, or nothing is asked for
 */
export function refundBasket(lines: readonly RefundableLine[], amount: Money): Basket | null {
  if (amount.minor <= 0n || amount.minor > leftToRefund(lines) || lines.some(({ total }) => total.unit !== amount.unit)) return null
  let rest = amount.minor
  const taken: BasketLine[] = []
  for (const line of lines) {
    const part = rest < line.available.minor ? rest : line.available.minor
    if (part > 0n) taken.push(partOf(line, money(part, amount.unit)))
    rest -= part
  }
  return basketOf(taken)
}

function partOf({ available, availableVat, ...line }: RefundableLine, part: Money): BasketLine {
  const isAll = part.minor === available.minor
  if (isAll && available.minor === line.total.minor) return line
  const unit = oneUnit(line, part)
  const vat = isAll || unit.vat.minor > availableVat.minor ? availableVat : unit.vat
  return { ...unit, vat, priceWithoutVat: money(part.minor - vat.minor, part.unit) }
}
