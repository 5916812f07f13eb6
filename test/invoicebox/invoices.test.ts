import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseExactJson } from '../../src/invoicebox/exact-json'
import { isUsablePaymentUrl } from '../../src/invoicebox/payment-url'
import { elements, toInvoice } from '../../src/invoicebox/wire'
import { INVOICE_ID, invoiceAnswer } from './support/world'

const RULES = { currencies: ['RUB', 'USD'], allowHttp: false } as const

const fromText = (text: string) => {
  const [first] = elements(parseExactJson(text)) ?? []
  return toInvoice(first ?? null, INVOICE_ID, RULES)
}
const read = (more: Readonly<Record<string, unknown>> = {}) => fromText(JSON.stringify({ data: invoiceAnswer(more) }))
const without = (field: string) => read({ [field]: undefined })
/** Puts a number into the JSON as it is written here, which JavaScript could not carry. */
const withAmount = (text: string) => fromText(JSON.stringify({ data: invoiceAnswer({ amount: 'AMOUNT' }) }).replace('"AMOUNT"', text))
const fixture = (name: string) => fromText(readFileSync(join(__dirname, 'fixtures', name), 'utf8'))

test('the documented invoice is read, its payer reduced to what a decision needs', () => {
  expect(fixture('invoice.json')).toEqual({
    id: INVOICE_ID,
    number: '417-208815',
    description: 'Сертификат на массаж, 2 сеанса',
    amount: { minor: 1_220_000n, unit: 'RUB' },
    status: 'pending',
    createdAt: new Date('2026-03-05T09:30:00Z'),
    expirationDate: new Date('2026-03-07T09:30:00Z'),
    paymentUrl: `https://pay.sandbox.test/order/${INVOICE_ID}`,
    customer: { type: 'private' },
  })
})

test('a company’s tax number is kept', () => {
  expect(fixture('invoice-of-company.json')).toMatchObject({
    customer: { type: 'legal', vatNumber: '7707083893' },
    amount: { minor: 123_960n, unit: 'RUB' },
  })
})

test('the almost empty invoice of the documents is served', () => {
  expect(fixture('invoice-almost-empty.json')).toMatchObject({ status: null, customer: {}, createdAt: new Date('2026-03-05T09:30:00Z') })
})

describe('amounts come in exactly or not at all', () => {
  test.each<[string, bigint]>([
    ['12200', 1_220_000n],
    ['1239.6', 123_960n],
    ['196.58', 19_658n],
    ['0.01', 1n],
    ['110.000', 11_000n],
    ['"12.5"', 1_250n],
    ['"12200.00"', 1_220_000n],
    ['90071992547409.91', 9_007_199_254_740_991n],
  ])('%s', (text, minor) => {
    expect(withAmount(text)).toMatchObject({ amount: { minor, unit: 'RUB' } })
  })

  test.each([
    '0',
    '-0',
    '0.00',
    '-5',
    '"-5"',
    '0.005',
    '196.581',
    '1e400',
    '1e2',
    '1.0e+25',
    '12345678901234567890',
    '0.1000000000000000001',
    '196.58000000000001',
    '90071992547409.92',
    '"NaN"',
    '"12,50"',
    '" 12"',
    '""',
    'null',
    'true',
    '[]',
    '{}',
    '"0x10"',
  ])('%s is odd', (text) => {
    expect(withAmount(text)).toMatchObject({ kind: 'odd', invoiceId: INVOICE_ID, paymentUrl: expect.any(String) as string })
  })

  test('a number too long for a float is not rounded into an amount', () => {
    // JSON.parse makes 90071992547409.91 of this one.
    expect(withAmount('90071992547409.9100001')).toMatchObject({ kind: 'odd' })
  })
})

describe('currencies', () => {
  test('one of the settings is served', () => {
    expect(read({ currencyId: 'USD' })).toMatchObject({ amount: { unit: 'USD' } })
  })
  test.each(['EUR', 'PTS', 'rub', 'RUR', '', 'constructor'])('%j is not', (currencyId) => {
    expect(read({ currencyId })).toMatchObject({ kind: 'odd' })
  })
})

describe('status', () => {
  test.each([
    ['pending', 'pending'],
    ['paid', 'paid'],
    ['canceled', 'canceled'],
    ['cancelled', 'canceled'],
    ['partial', 'partial'],
    ['PAID', null],
    ['completed', null],
    ['constructor', null],
    [null, null],
    [1, null],
    [{}, null],
  ])('%j is read as %j', (status, meaning) => {
    expect(read({ status })).toMatchObject({ status: meaning })
  })
  test('a missing one is not known', () => {
    expect(without('status')).toMatchObject({ status: null })
  })
})

describe('datetimes', () => {
  test.each([
    ['2026-03-07T09:30:00+00:00', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07T09:30:00', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07 09:30:00', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07T09:30:00Z', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07T12:30:00+03:00', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07T12:30:00+0300', '2026-03-07T09:30:00.000Z'],
    ['2026-03-06T23:30:00-10:00', '2026-03-07T09:30:00.000Z'],
    ['2026-03-07T09:30:00.123456Z', '2026-03-07T09:30:00.123Z'],
  ])('%s', (text, moment) => {
    expect(read({ expirationDate: text })).toMatchObject({ expirationDate: new Date(moment) })
  })
  test.each([
    '',
    'tomorrow',
    '2026-02-31T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+03:00',
    '9999-12-31T23:59:59-00:01',
    '0000-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-03-07',
    '2026-03-07T25:00:00Z',
    '2026-03-07T09:30:00+99:00',
    1772875800,
    null,
  ])('%j is odd', (expirationDate) => {
    expect(read({ expirationDate })).toMatchObject({ kind: 'odd' })
  })
})

describe('the payment link', () => {
  test.each([
    'http://pay.sandbox.test/order/1',
    'javascript:alert(1)',
    'https://user@pay.sandbox.test/',
    'https://user:word@pay.sandbox.test/',
    '//pay.sandbox.test/',
    '/order/1',
    'https:/pay.sandbox.test',
    'https:pay.sandbox.test',
    'https://',
    'https:///pay.sandbox.test',
    ' https://pay.sandbox.test/',
    'https://pay.sandbox.test/\\evil.test',
    'https://pay.sandbox.test/\r\nSet-Cookie: a=b',
    'https://pay.sandbox.test/\tx',
    `https://pay.sandbox.test/${'a'.repeat(1_000)}`,
    'data:text/html,x',
    '',
  ])('%j makes the invoice odd and is not handed on', (paymentUrl) => {
    const odd = read({ paymentUrl })
    expect(odd).toMatchObject({ kind: 'odd', invoiceId: INVOICE_ID, problem: expect.any(String) as string })
    expect(odd).not.toHaveProperty('paymentUrl')
  })
  test('a missing one makes the invoice odd', () => {
    expect(without('paymentUrl')).toMatchObject({ kind: 'odd' })
  })
  test('http is for the sandbox alone', () => {
    expect(isUsablePaymentUrl('http://127.0.0.1:4100/order/1', true)).toBe(true)
    expect(isUsablePaymentUrl('ftp://127.0.0.1/order/1', true)).toBe(false)
  })
  test('the text stays as it came', () => {
    const paymentUrl = 'https://pay.sandbox.test/order/1?Б=%D0%91&a=b#c'
    expect(read({ paymentUrl })).toMatchObject({ paymentUrl })
  })
})

describe('texts', () => {
  test('signs that harm a database or mislead a reader are taken out', () => {
    expect(read({ description: 'a\u0000b\u202Ec\r\nd\ud800' })).toMatchObject({ description: 'a b c d\ufffd' })
  })
  test('a huge description is cut', () => {
    expect(read({ description: 'я'.repeat(3_000_000) })).toMatchObject({ description: 'я'.repeat(1_000) })
  })
  test('a missing description is empty', () => {
    expect(without('description')).toMatchObject({ description: '' })
    expect(read({ description: null })).toMatchObject({ description: '' })
  })
  test('a number that is too long is odd', () => {
    expect(read({ number: '1'.repeat(51) })).toMatchObject({ kind: 'odd' })
  })
})

test.each([null, [], {}, { type: 'other' }, { type: 1, vatNumber: {} }, { vatNumber: 'not digits' }, 'text', 7])(
  'a payer of %j is nobody',
  (customer) => {
    expect(read({ customer })).toMatchObject({ customer: {} })
  },
)

test.each(['id', 'number', 'amount', 'currencyId', 'createdAt', 'expirationDate'])('an invoice without %s is odd and says so', (field) => {
  expect(without(field)).toMatchObject({
    kind: 'odd',
    problem: expect.stringContaining(field === 'currencyId' ? 'currencyId' : field) as string,
  })
})

test('a problem never quotes an address or a phone', () => {
  const { problem } = read({ amount: 'anna@example.test +7 921 765-43-21' }) as { problem: string }
  expect(problem).not.toMatch(/anna|921/)
})
