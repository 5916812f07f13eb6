import fc from 'fast-check'
import {
  MAX_MINOR,
  NotMoney,
  UNITS,
  isUnit,
  money,
  parseMoney,
  parsePositiveMoney,
  parseRate,
  pointsPrice,
  toDecimal,
} from '../../src/shared/money'

const minor = fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR })
const positive = fc.bigInt({ min: 1n, max: MAX_MINOR })

describe('reading an amount', () => {
  test.each<[unknown, bigint]>([
    ['196.58', 19658n],
    ['0.01', 1n],
    ['0', 0n],
    ['-0', 0n],
    ['-0.00', 0n],
    ['-12.3', -1230n],
    ['007', 700n],
    ['1.100', 110n],
    ['1.10000000', 110n],
    [196.58, 19658n],
    [1239.6, 123960n],
    [110, 11000n],
    [0.1, 10n],
    [-0.5, -50n],
    ['90071992547409.91', MAX_MINOR],
    [70368744177663.99, 7036874417766399n],
    ['-90071992547409.91', -MAX_MINOR],
  ])('%p is %p hundredths', (value, hundredths) => {
    expect(parseMoney(value, 'RUB')).toEqual({ minor: hundredths, unit: 'RUB' })
  })

  test.each<unknown>([
    // A third decimal is refused, never rounded.
    '0.005',
    0.005,
    '1.001',
    1.001,
    0.1 + 0.2,
    0.07 * 100,
    // Exponents, infinities and what is not a number.
    '1e3',
    1e21,
    1e-7,
    1e300,
    Number('1e400'),
    -Infinity,
    NaN,
    'Infinity',
    'NaN',
    '0x10',
    // Blanks, signs and other writing.
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '\t1',
    '+1',
    '--1',
    '-',
    '.5',
    '5.',
    '1,5',
    '1_000',
    '1 000',
    '1.2.3',
    '１',
    '١',
    '1\u00a0',
    '1₽',
    '1\0',
    // Beyond what a JSON number carries unharmed.
    2 ** 53,
    2 ** 46,
    -(2 ** 46),
    90071992547409.91,
    '90071992547409.92',
    90071992547409.92,
    '9'.repeat(15),
    '9'.repeat(16),
    '9'.repeat(10_000),
    -(2 ** 53),
    // Not text and not a number.
    null,
    undefined,
    true,
    1n,
    {},
    [],
    ['1'],
    { amount: 1 },
    new Date(0),
    () => 1,
    Symbol('1'),
  ])('%p is refused', (value) => {
    expect(() => parseMoney(value, 'RUB')).toThrow(NotMoney)
    expect(() => parsePositiveMoney(value, 'RUB')).toThrow(NotMoney)
  })

  test.each<unknown>(['0', 0, -0, '-0.01', -1, '-100'])('%p is no positive amount', (value) => {
    expect(() => parsePositiveMoney(value, 'PTS')).toThrow(NotMoney)
  })

  test('a refusal quotes no more than a line of what was sent', () => {
    expect(() => parseMoney('x'.repeat(100_000), 'RUB')).toThrow(/^.{1,120}$/)
  })

  test('what is written is read back, as text and as a JSON number', () => {
    fc.assert(
      fc.property(minor, (hundredths) => {
        expect(parseMoney(toDecimal(hundredths), 'RUB').minor).toBe(hundredths)
      }),
    )
  })

  test('a JSON number means what it says, or is refused where it no longer can', () => {
    const upTo = (most: bigint) => fc.bigInt({ min: -most, max: most })
    fc.assert(
      fc.property(upTo(2n ** 46n * 100n - 1n), (hundredths) =>
        expect(parseMoney(JSON.parse(toDecimal(hundredths)), 'RUB').minor).toBe(hundredths),
      ),
    )
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 46n * 100n, max: MAX_MINOR }), (hundredths) =>
        expect(() => parseMoney(JSON.parse(toDecimal(hundredths)), 'RUB')).toThrow(NotMoney),
      ),
    )
  })

  test('text is either refused or means exactly what it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^-?\d{0,17}[.,]?\d{0,4}$/)), (text) => {
        let read: bigint
        try {
          read = parseMoney(text, 'RUB').minor
        } catch (error) {
          expect(error).toBeInstanceOf(NotMoney)
          return
        }
        const [whole = '', decimals = ''] = text.replace('-', '').split('.')
        const exact = BigInt(`${whole}${decimals.padEnd(10, '0')}`)
        expect(read * 10n ** 8n).toBe(text.startsWith('-') ? -exact : exact)
      }),
      { numRuns: 500 },
    )
  })
})

test('an amount is written with two decimals', () => {
  expect([0n, 1n, 10n, 100n, 19658n, -1n, -100n, 10n ** 20n].map(toDecimal)).toEqual([
    '0.00',
    '0.01',
    '0.10',
    '1.00',
    '196.58',
    '-0.01',
    '-1.00',
    '1000000000000000000.00',
  ])
})

test('the units are those that Invoicebox lists, and points', () => {
  expect(UNITS.every(isUnit)).toBe(true)
  for (const other of ['rub', 'RUR', 'XXX', '', null, undefined, 643, '__proto__', 'toString']) expect(isUnit(other)).toBe(false)
})

describe('the price in points', () => {
  const price = (hundredths: bigint, rate: string): bigint => pointsPrice(money(hundredths, 'RUB'), parseRate(rate)).minor

  test.each<[bigint, string, bigint]>([
    [19658n, '1', 19658n],
    [1n, '1', 1n],
    [1n, '0.5', 1n], // Half of a smallest part costs a whole one.
    [2n, '0.5', 1n],
    [3n, '0.5', 2n],
    [1n, '0.000001', 1n],
    [100n, '0.333333', 34n],
    [300n, '0.333333', 100n],
    [30_000_000n, '0.333333', 9_999_990n],
    [10_000n, '1.000001', 10_001n],
    [333n, '2.5', 833n],
    [MAX_MINOR, '1', MAX_MINOR],
    [1n, '999999999.999999', 1_000_000_000n],
  ])('%p kopecks at %s points a rouble cost %p hundredths of a point', (hundredths, rate, points) => {
    expect(price(hundredths, rate)).toBe(points)
  })

  const rate = fc
    .tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 1, max: 999_999 }))
    .map(([whole, millionths]) => `${whole}.${String(millionths).padStart(6, '0')}`)

  test('is never less than the amount is worth, and less than one smallest part more', () => {
    fc.assert(
      fc.property(positive, rate, (hundredths, text) => {
        const { numerator, denominator } = parseRate(text)
        const over = price(hundredths, text) * denominator - hundredths * numerator
        expect(over).toBeGreaterThanOrEqual(0n)
        expect(over).toBeLessThan(denominator)
      }),
    )
  })

  test('is in points, positive, and grows with the amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MAX_MINOR / 2n }), positive, rate, (a, b, text) => {
        expect(pointsPrice(money(a, 'USD'), parseRate(text)).unit).toBe('PTS')
        expect(price(a, text)).toBeGreaterThan(0n)
        expect(price(a + b, text)).toBeGreaterThanOrEqual(price(a, text))
      }),
    )
  })

  test.each([
    '0',
    '0.0',
    '0.000000',
    '',
    ' 1',
    '1 ',
    '-1',
    '+1',
    '1e3',
    '.5',
    '1.',
    '0.0000001',
    '1234567890',
    '１',
    '1,5',
    'one',
    '1/3',
    'NaN',
  ])('%p is no rate', (text) => {
    expect(() => parseRate(text)).toThrow(NotMoney)
  })
})
