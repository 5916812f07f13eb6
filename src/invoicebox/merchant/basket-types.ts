import type { Money } from '../../shared/money'

/** All twelve codes (6.2). Under each of them a line's total holds its VAT: total × rate / (100 + rate). */
export const VAT_CODES = [
  'VATNONE',
  'RUS_VAT0',
  'RUS_VAT5',
  'RUS_VAT7',
  'RUS_VAT10',
  'RUS_VAT20',
  'RUS_VAT22',
  'RUS_VAT5_ADDED',
  'RUS_VAT7_ADDED',
  'RUS_VAT10_ADDED',
  'RUS_VAT20_ADDED',
  'RUS_VAT22_ADDED',
] as const
export type VatCode = (typeof VAT_CODES)[number]

/** How a line's total follows from price and quantity (3.4.1). Left out it is `strict`: the product is a whole number of kopecks. */
export type RoundPolicy = 'strict' | 'none' | 'floor' | 'ceil' | 'halfUp' | 'halfDown'

/** Goods, a service, or a code of the fiscal tag 1212 (6.3). */
export type LineType = 'commodity' | 'service' | number

/** Fiscal tag 1214 (6.4). */
export type PaymentType = 'full_prepayment' | 'prepayment' | 'advance' | 'full_payment'

/** What is sold, before any arithmetic. */
export interface Goods {
  /** Article; it identifies the line in refunds. At most 36 characters. */
  readonly sku: string
  /** Names the concrete goods or service: it stands on the fiscal receipt. At most 300 characters. */
  readonly name: string
  /** Unit of measure and its OKEI code, such as `шт` and `796`. */
  readonly measure: string
  readonly measureCode: string
  readonly vatCode: VatCode
  readonly type: LineType
  readonly paymentType: PaymentType
  readonly groupName?: string
  /** `YYYY-MM-DD`. */
  readonly serviceDate?: string
}

/** One line as the API has it: every sum is stated and must agree with the others. */
export interface BasketLine extends Goods {
  /** A positive decimal of at most six places, such as `2` or `0.5`. */
  readonly quantity: string
  /** Of one unit, VAT included. */
  readonly price: Money
  /** Of one unit, without VAT. */
  readonly priceWithoutVat: Money
  /** Of all units, VAT included. */
  readonly total: Money
  /** The VAT inside `total`. */
  readonly vat: Money
}

export interface Basket {
  readonly lines: readonly BasketLine[]
  readonly total: Money
  readonly vat: Money
}

/** The API's own codes of the five calculation checks (6.7), and `validation` for a form that it refuses. */
export type BasketFaultCode =
  | 'wrong_basket_item_total_amount'
  | 'wrong_basket_item_total_vat_amount'
  | 'wrong_basket_item_amount_wo_vat'
  | 'wrong_total_amount'
  | 'wrong_total_vat_amount'
  | 'validation'

export interface BasketFault {
  readonly code: BasketFaultCode
  /** The field's path as the API names it: `basketItems[0].totalAmount`. */
  readonly field: string
}
