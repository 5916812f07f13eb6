import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const send = (method: string, path: string, body?: unknown) =>
  world.ask(`/_sandbox${path}`, { method, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) })

test('an invoice is made with exact amounts and the links of the payment page and the partner', async () => {
  const made = await world.invoice({ amount: 196.58 })
  expect(made).toMatchObject({ amount: '196.58', paymentUrl: `${world.sandbox.url}/order/${made.id}` })
  const partner = new URL(made.partnerUrl)
  expect(partner.origin + partner.pathname).toBe('http://localhost:3000/pay')
  expect(Object.fromEntries(partner.searchParams)).toEqual({
    invoiceId: made.id,
    successUrl: `${world.sandbox.url}/merchant/success?order=${made.id}`,
    failUrl: `${world.sandbox.url}/merchant/fail?order=${made.id}`,
    returnUrl: `${world.sandbox.url}/merchant/return?order=${made.id}`,
  })
  expect((await world.invoice({ amount: '999999999999.99' })).amount).toBe('999999999999.99')
})

test('the redirect follows its settings: placeholder, names, which return links', async () => {
  await world.control('PUT', '/settings', {
    partnerAuthUrl: 'https://partner.test/in/{invoiceId}?from=ib',
    returnLinks: 'return-only',
    queryNames: { returnUrl: 'back' },
  })
  const { id, partnerUrl } = await world.invoice()
  expect(partnerUrl).toBe(
    `https://partner.test/in/${id}?from=ib&back=${encodeURIComponent(`${world.sandbox.url}/merchant/return?order=${id}`)}`,
  )
  await world.control('PUT', '/settings', {
    partnerAuthUrl: 'https://partner.test/pay',
    returnLinks: 'none',
    queryNames: { invoiceId: 'id' },
  })
  expect((await world.control('GET', `/invoices/${id}`)).partnerUrl).toBe(`https://partner.test/pay?id=${id}`)
})

test('PATCH changes an invoice and moves no money', async () => {
  const { id } = await world.invoice()
  const changes = {
    amount: '5',
    description: 'Новое',
    currencyId: 'EUR',
    expirationDate: '2100-01-01T00:00:00Z',
    status: 'paid',
    amountRaw: '7.777',
  }
  expect(await world.control('PATCH', `/invoices/${id}`, changes)).toMatchObject({
    ...changes,
    amount: '5.00',
    expirationDate: '2100-01-01T00:00:00+00:00',
    paidBy: 'hand',
    operations: [],
  })
  expect(await world.control('PATCH', `/invoices/${id}`, { status: 'pending', amountRaw: null })).toMatchObject({
    status: 'pending',
    amountRaw: null,
    paidAt: null,
  })
  expect(await world.balance()).toBe('1000000.00')
  await expect(world.control('PATCH', `/invoices/${id}`, { ifStatus: 'paid', amount: '9' })).rejects.toThrow('wrong_order_status')
  expect(await world.control('PATCH', `/invoices/${id}`, { ifStatus: 'pending', amount: '9' })).toMatchObject({ amount: '9.00' })
})

test('the list is newest first and bounded', async () => {
  const made = [await world.invoice(), await world.invoice(), await world.invoice()]
  const shown = await world.controlList('/invoices?limit=2')
  expect(shown.map(({ id }) => id)).toEqual([made[2]?.id, made[1]?.id])
})

test('the fund is set in text or numbers; each change leaves an entry', async () => {
  await world.control('PUT', '/fund', { balance: '5000.10', overdraft: 100 })
  await world.control('PUT', '/fund', { balance: 6000 })
  await world.control('PUT', '/fund', { balance: '0' })
  const fund = await world.control('GET', '/fund')
  expect(fund).toMatchObject({ balance: '0.00', overdraft: '100.00', available: '100.00', currencyId: 'RUB' })
  expect(fund.entries.map((entry) => `${entry.kind} ${entry.balance}`)).toEqual([
    'opening 1000000.00',
    'withdrawal 5000.10',
    'top-up 6000.00',
    'withdrawal 0.00',
  ])
})

test('settings are merged, shown whole and explained; each spelling of the rate limit is understood', async () => {
  for (const [given, shown] of [
    ['7/9', '7/9'],
    [{ limit: 3, windowSeconds: 5 }, '3/5'],
    ['off', null],
    [null, null],
  ] as const) {
    expect((await world.control('PUT', '/settings', { rateLimit: given })).rateLimit).toBe(shown)
  }
  await world.control('PUT', '/settings', { singleAsArray: true })
  const { body } = await send('GET', '/settings')
  expect(body.data).toMatchObject({ rateLimit: null, singleAsArray: true, nonIdempotentConfirm: false })
  expect(Object.keys(body.about).sort()).toEqual(Object.keys(body.data).sort())
})

test('the clock goes to a moment, to an offset, on and back', async () => {
  await world.control('PUT', '/clock', { now: '2031-05-06T07:08:09+03:00' })
  expect((await world.control('GET', '/clock')).now).toMatch(/^2031-05-06T04:08:/)
  await world.control('PUT', '/clock', { advanceSeconds: -3_600 })
  expect((await world.control('GET', '/clock')).now).toMatch(/^2031-05-06T03:08:/)
  expect(await world.control('PUT', '/clock', { offsetSeconds: 315_360_000 })).toMatchObject({ offsetSeconds: 315_360_000 })
})

test('reset brings back the seeded invoices, the fund, the clock and the settings', async () => {
  await world.control('PUT', '/settings', { singleAsArray: true, partnerAuthUrl: 'http://other.test/' })
  await world.control('PUT', '/fund', { balance: '1' })
  await world.control('PUT', '/clock', { offsetSeconds: 10_000 })
  await world.control('POST', '/faults', { on: '*', kind: 'reset' })
  expect((await world.control('POST', '/reset')).invoices).toBeGreaterThan(5)
  expect(await world.control('GET', '/invoices/5eed0000-0000-0000-0000-000000000324')).toMatchObject({
    number: '324',
    amount: '10000.00',
    status: 'pending',
  })
  expect(await world.control('GET', '/fund')).toMatchObject({ balance: '1000000.00', overdraft: '0.00' })
  expect(await world.controlList('/faults')).toEqual([])
  expect(await world.controlList('/requests')).toEqual([])
  expect(await world.control('GET', '/clock')).toMatchObject({ offsetSeconds: 0 })
  expect(await world.control('GET', '/settings')).toMatchObject({ singleAsArray: false, partnerAuthUrl: 'http://localhost:3000/pay' })
})

const invoices = ['POST', '/invoices'] as const
const faults = ['POST', '/faults'] as const
const settings = ['PUT', '/settings'] as const

test.each<readonly [string, string, unknown, number, string]>([
  [...invoices, {}, 422, 'amount is required'],
  [...invoices, '{"amount":', 400, 'not JSON'],
  [...invoices, '[]', 422, 'must be a JSON object'],
  [...invoices, { amount: '0.005' }, 422, 'use amountRaw'],
  [...invoices, { amount: 0 }, 422, 'positive decimal'],
  [...invoices, { amount: '-1' }, 422, 'positive decimal'],
  [...invoices, { amount: 1e21 }, 422, 'positive decimal'],
  [...invoices, { amount: true }, 422, 'positive decimal'],
  [...invoices, { amount: ['1'] }, 422, 'positive decimal'],
  [...invoices, { amount: '1', amountRaw: 5 }, 422, 'amountRaw: must be JSON text'],
  [...invoices, { amount: '1', status: 'expired' }, 422, 'status must be one of: pending, paid, canceled, partial'],
  [...invoices, { amount: '1', expirationDate: 'soon' }, 422, 'ISO 8601'],
  [...invoices, { amount: '1', customer: { shoeSize: '42' } }, 422, '"shoeSize" in customer'],
  [...invoices, '{"amount":"1","__proto__":{"foreign":true}}', 422, 'Unknown field "__proto__". Allowed: amount, amountRaw,'],
  ['PATCH', '/invoices/nothing', {}, 404, 'no invoice "nothing"'],
  ['GET', '/invoices/__proto__', undefined, 404, 'no invoice'],
  ['POST', '/invoices/nothing/cancel-by-merchant', undefined, 404, 'no invoice'],
  [...faults, {}, 422, 'on must be one of: business.get, business.list, business.confirm, auth.check, order.create'],
  [...faults, { on: 'order.explode', kind: 'reset' }, 422, 'on must be one of'],
  [...faults, { on: '*', kind: 'explode' }, 422, 'kind must be one of: lose-request, lose-answer, delay'],
  [...faults, { on: '*', kind: 'constructor' }, 422, 'kind must be one of'],
  [...faults, { on: '*', kind: 'reset', colour: 'red' }, 422, 'Unknown field "colour". Allowed: on, kind, times'],
  [...faults, { on: '*', kind: 'reset', ms: 5 }, 422, 'The kind reset does not take ms. Allowed: on, kind, times, invoiceId, after.'],
  [...faults, { on: '*', kind: 'reset', times: 0 }, 422, 'times: must be a whole number from 1'],
  [...faults, { on: '*', kind: 'delay', ms: 1e9 }, 422, 'ms: must be a whole number from 0 to 600000'],
  [...faults, { on: '*', kind: 'status', status: 101 }, 422, 'status: must be a whole number from 200 to 599'],
  [...faults, { on: '*', kind: 'status', retryAfter: 'a\r\nX: y' }, 422, 'retryAfter'],
  [...faults, { on: '*', kind: 'redirect', status: 200 }, 422, 'from 300 to 399'],
  ['DELETE', '/faults/nothing', undefined, 404, 'no such fault'],
  ['PUT', '/fund', { balance: 'much' }, 422, 'balance: must be a decimal'],
  ['PUT', '/fund', { balance: '-1' }, 422, 'must not be below the overdraft'],
  ['PUT', '/fund', { overdraft: -1 }, 422, 'overdraft: must be a decimal of zero or more'],
  ['GET', '/fund?currencyId=XXX', undefined, 404, 'There are: RUB'],
  [...settings, { speed: 1 }, 422, 'Unknown field "speed". Allowed: rateLimit, nonIdempotentConfirm'],
  [...settings, { rateLimit: 'fast' }, 422, 'rateLimit: must be "100/30"'],
  [...settings, { singleAsArray: 'yes' }, 422, 'singleAsArray: must be true or false'],
  [...settings, { partnerAuthUrl: 'javascript:alert(1)' }, 422, 'http or https'],
  [...settings, { queryNames: { invoiceId: 'a b' } }, 422, 'parameter name'],
  ['PUT', '/clock', {}, 422, 'exactly one of: now, offsetSeconds, advanceSeconds'],
  ['PUT', '/clock', { now: '2030-13-01T00:00:00Z' }, 422, 'ISO 8601'],
  ['PUT', '/clock', { advanceSeconds: 1.5 }, 422, 'whole number'],
  ['POST', '/reset', { seed: 1 }, 422, 'seed: must be true or false'],
  ['GET', '/requests?limit=0', undefined, 422, 'limit must be a whole number from 1 to 2000'],
  ['GET', '/requests?limit[]=1&limit=x', undefined, 422, 'limit must be'],
  ['GET', '/nothing', undefined, 404, 'There are: invoices'],
  ['DELETE', '/fund', undefined, 404, 'There is no DELETE /fund here'],
])('%s %s with %j is refused: %i %s', async (method, path, body, status, sentence) => {
  const reply = await send(method, path, body)
  expect(reply.status).toBe(status)
  expect(reply.body.error.message).toContain(sentence)
  expect(reply.body.error.fields).toBeInstanceOf(Array)
})
