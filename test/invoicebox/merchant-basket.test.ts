import fc from 'fast-check'
import {
  VAT_CODES,
  basketFaults,
  basketOf,
  leftToRefund,
  makeLine,
  oneUnit,
  parseQuantity,
  refundBasket,
  vatInside,
} from '../../src/invoicebox'
import type { Basket, BasketLine, Goods, RefundableLine, RoundPolicy, VatCode } from '../../src/invoicebox'
import { money, parseMoney } from '../../src/shared/money'

const rub = (text: string) => parseMoney(text, 'RUB')

const goods = (vatCode: VatCode = 'RUS_VAT22'): Goods => ({
  sku: 'SPA-60',
  name: 'Массаж спины, 60 мин, сертификат',
  measure: 'шт',
  measureCode: '796',
  vatCode,
  type: 'service',
  paymentType: 'full_prepayment',
})

const line = (more: Partial<BasketLine> = {}): BasketLine => ({ ...makeLine(goods(), '2', rub('6100')), ...more })
const only = (one: BasketLine): Basket => basketOf([one])
const codes = (basket: Basket, policy?: RoundPolicy): string[] => basketFaults(basket, policy).map(({ code }) => code)

test('the documented example: two massages with 22 % inside', () => {
  expect(only(line())).toMatchObject({ total: rub('12200'), vat: rub('2200') })
  expect(line()).toMatchObject({ price: rub('6100'), priceWithoutVat: rub('5000'), total: rub('12200'), vat: rub('2200') })
  expect(codes(only(line()))).toEqual([])
})

test.each([
  ['VATNONE', '0'],
  ['RUS_VAT0', '0'],
  ['RUS_VAT5', '4.76'],
  ['RUS_VAT7', '6.54'],
  ['RUS_VAT10', '9.09'],
  ['RUS_VAT20', '16.67'],
  ['RUS_VAT22', '18.03'],
  ['RUS_VAT5_ADDED', '4.76'],
  ['RUS_VAT7_ADDED', '6.54'],
  ['RUS_VAT10_ADDED', '9.09'],
  ['RUS_VAT20_ADDED', '16.67'],
  ['RUS_VAT22_ADDED', '18.03'],
] as const)('%s: 100 roubles hold %s of VAT', (code, vat) => {
  expect(vatInside(rub('100'), code)).toEqual(rub(vat))
  expect(codes(only(oneUnit(goods(code), rub('100'))))).toEqual([])
})

test('there are no other codes than these twelve', () => expect(VAT_CODES).toHaveLength(12))

test.each([
  ['wrong_basket_item_total_amount', { total: rub('12200.01') }],
  ['wrong_basket_item_total_vat_amount', { vat: rub('2199.98') }],
  ['wrong_basket_item_total_vat_amount', { vat: rub('2200.02') }],
  ['wrong_basket_item_total_vat_amount', { vat: rub('12200.01') }],
  ['wrong_basket_item_amount_wo_vat', { priceWithoutVat: rub('5000.01') }],
  ['validation', { quantity: '0' }],
  ['validation', { quantity: '1.0000001' }],
  ['validation', { sku: '' }],
  ['validation', { sku: 'x'.repeat(37) }],
  ['validation', { name: '' }],
  ['validation', { measure: 'килограммов' }],
  ['validation', { measureCode: '79600' }],
  ['validation', { vatCode: 'RUS_VAT18' as VatCode }],
  ['validation', { price: money(-1n, 'RUB') }],
  ['validation', { price: money(610_000n, 'USD') }],
] as const)('%s is said of a line with %j', (code, change) => {
  const changed = { lines: [line(change)], total: line(change).total, vat: line(change).vat }
  expect(codes(changed)).toContain(code)
  expect(basketFaults(changed)[0]?.field).toMatch(/^basketItems\[0\]\./)
})

test('a kopeck of VAT more or less is forgiven, as Invoicebox forgives it', () => {
  expect(codes(only(line({ vat: rub('2200.01') })))).toEqual([])
  expect(codes(only(line({ vat: rub('2199.99') })))).toEqual([])
})

test('sums that do not agree with the lines are named after the lines', () => {
  const basket = basketOf([line(), line()])
  expect(basketFaults({ ...basket, total: rub('24400.01') })).toEqual([{ code: 'wrong_total_amount', field: 'amount' }])
  expect(basketFaults({ ...basket, vat: rub('4399.99') })).toEqual([{ code: 'wrong_total_vat_amount', field: 'vatAmount' }])
  expect(codes({ ...basket, lines: [line(), line({ total: rub('1') })] })[0]).toBe('wrong_basket_item_total_amount')
  expect(codes({ lines: [], total: rub('1'), vat: rub('0') })).toEqual(['validation'])
  expect(codes(only(oneUnit(goods(), rub('0'))))).toEqual(['validation'])
  expect(() => basketOf([])).toThrow(RangeError)
})

/** 0.5 of 10.01 is 5.005. */
test.each([
  ['strict', []],
  ['none', ['5.01', '5.02']],
  ['floor', ['5.00']],
  ['ceil', ['5.01']],
  ['halfUp', ['5.01']],
  ['halfDown', ['5.00']],
] as const)('half a unit of 10.01 under %s may cost %j', (policy, totals) => {
  const taken = ['4.99', '5.00', '5.01', '5.02'].filter((text) => {
    const half = { ...makeLine(goods('VATNONE'), '0.5', rub('10.01')), total: rub(text) }
    return !basketFaults({ lines: [half], total: half.total, vat: half.vat }, policy).some(
      ({ code }) => code === 'wrong_basket_item_total_amount',
    )
  })
  expect(taken).toEqual(totals)
})

test.each([
  ['1', 1_000_000n],
  ['0.5', 500_000n],
  ['12.000001', 12_000_001n],
  ['007', 7_000_000n],
  ['0', null],
  ['0.000000', null],
  ['-1', null],
  ['1e3', null],
  ['.5', null],
  ['1.', null],
  ['', null],
  ['1234567890', null],
])('the quantity %j counts %p millionths', (text, millionths) => expect(parseQuantity(text)).toBe(millionths))

test('a line of no quantity is a mistake of the caller', () => expect(() => makeLine(goods(), 'two', rub('1'))).toThrow(RangeError))

const anyCode = fc.constantFrom(...VAT_CODES)
const anyTotal = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((minor) => money(minor, 'RUB'))

test('whatever is sold as one unit, under whatever code, passes every check of Invoicebox', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyCode, anyTotal), { minLength: 1, maxLength: 8 }), (parts) => {
      expect(basketFaults(basketOf(parts.map(([code, total]) => oneUnit(goods(code), total))))).toEqual([])
    }),
  )
})

test('a line of many units is either right or says that its price without VAT cannot be', () => {
  fc.assert(
    fc.property(anyCode, fc.bigInt({ min: 1n, max: 10n ** 7n }), fc.integer({ min: 1, max: 5_000_000 }), (code, price, thousandths) => {
      const quantity = `${Math.floor(thousandths / 1_000)}.${String(thousandths % 1_000).padStart(3, '0')}`
      const made = makeLine(goods(code), quantity, money(price, 'RUB'))
      fc.pre(made.total.minor > 0n)
      expect(codes(only(made), 'halfUp').filter((one) => one !== 'wrong_basket_item_amount_wo_vat')).toEqual([])
      if (thousandths <= 2_000) expect(codes(only(made), 'halfUp')).toEqual([])
    }),
  )
})

describe('the basket of a refund', () => {
  const refundable = (one: BasketLine, available = one.total): RefundableLine => ({
    ...one,
    available,
    availableVat: vatInside(available, one.vatCode),
  })

  test('gives untouched lines back as they were sold', () => {
    const lines = [refundable(line()), refundable(oneUnit(goods('VATNONE'), rub('300')))]
    expect(refundBasket(lines, rub('12500'))).toEqual(basketOf([line(), oneUnit(goods('VATNONE'), rub('300'))]))
  })

  test('gives a part back as one unit of that sum', () => {
    const basket = refundBasket([refundable(line())], rub('100.01'))
    expect(basket?.lines).toEqual([oneUnit(goods(), rub('100.01'))])
  })

  test('there is none for more than is left, for nothing, or for another currency', () => {
    const lines = [refundable(line(), rub('100'))]
    expect(leftToRefund(lines)).toBe(10_000n)
    expect([rub('100.01'), rub('0'), parseMoney('1', 'USD')].map((amount) => refundBasket(lines, amount))).toEqual([null, null, null])
  })

  test('always has exactly the asked sum, passes the checks and never takes more of a line than is left', () => {
    const anyLine = fc.tuple(anyCode, fc.bigInt({ min: 1n, max: 10n ** 8n }), fc.integer({ min: 0, max: 100 }))
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 100 }), (parts, share) => {
        const lines = parts.map(([code, total, left]) =>
          refundable(oneUnit(goods(code), money(total, 'RUB')), money((total * BigInt(left)) / 100n, 'RUB')),
        )
        const amount = money((leftToRefund(lines) * BigInt(share)) / 100n, 'RUB')
        const basket = refundBasket(lines, amount)
        if (amount.minor === 0n) {
          expect(basket).toBeNull()
          return
        }
        expect(basket?.total).toEqual(amount)
        expect(basketFaults(basket as Basket, 'halfUp')).toEqual([])
        basket?.lines.forEach(({ total }, index) => {
          const taken = lines.filter(({ available }) => available.minor > 0n)[index]
          expect(total.minor <= (taken?.available.minor ?? 0n)).toBe(true)
        })
      }),
    )
  })
})
