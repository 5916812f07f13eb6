import { basketOf, unlimitedBudget } from '../../src/invoicebox'
import type { RequestClass } from '../../src/invoicebox'
import { apiError, hangUp, http, json, reset, silence } from './support/upstream'
import type { Reaction } from './support/upstream'
import { ORDER_ID, REFUND_ID, draft, makeMerchant, massages, orderAnswer, rub } from './support/merchant'
import { MerchantBench, ORDER, answered, paged } from './support/merchant-bench'
import { TOKEN } from './support/world'

let bench: MerchantBench

beforeAll(async () => {
  bench = await MerchantBench.open()
})
afterEach(() => bench.closeClients())
afterAll(() => bench.upstream.close())

/** Each of them after a write: what it proves. */
test.each<[string, Reaction, object]>([
  [
    'an error of the API',
    apiError(422, 'merchant_order_id_duplicate'),
    { kind: 'rejected', code: 'merchant_order_id_duplicate', status: 422 },
  ],
  ['a flat error', json(422, { code: 'wrongTotalAmount', message: 'x' }), { kind: 'rejected', code: 'wrong_total_amount', status: 422 }],
  ['a wrong token', apiError(401, 'unauthorized'), { kind: 'rejected', code: 'unauthorized', status: 401 }],
  ['a 4xx of somebody in between', http(404, '<h1>404</h1>', { 'Content-Type': 'text/html' }), { kind: 'unknown', reason: 'not-json' }],
  ['an internal error, whatever it says', apiError(500, 'wrong_total_amount'), { kind: 'unknown', reason: 'server-error', sent: true }],
  ['out of service', apiError(422, 'out_of_service'), { kind: 'unknown', reason: 'try-later' }],
  [
    'too many requests',
    apiError(429, 'too_many_requests', { 'Retry-After': '7' }),
    { kind: 'unknown', reason: 'rate-limited', retryAfterMs: 7_000 },
  ],
  ['a redirect', http(303, '', { Location: '/elsewhere' }), { kind: 'unknown', reason: 'redirected', alarm: expect.any(String) as string }],
  ['HTML with 200', http(200, '<p>ok</p>', { 'Content-Type': 'text/html' }), { kind: 'unknown', reason: 'not-json' }],
  ['half an answer', http(200, '{"data":{"id":', { 'Content-Type': 'application/json' }), { kind: 'unknown', reason: 'not-json' }],
  ['nothing in the envelope', answered(null), { kind: 'unknown', reason: 'not-understood', alarm: expect.any(String) as string }],
  ['two orders', answered([orderAnswer(), orderAnswer()]), { kind: 'unknown', reason: 'not-understood' }],
  ['somebody else’s order', answered(orderAnswer({ merchantOrderId: 'BR-2026-00418' })), { kind: 'unknown', reason: 'wrong-operation' }],
  ['our order for another sum', answered(orderAnswer({ amount: 12200.01 })), { kind: 'unknown', reason: 'wrong-operation' }],
  ['an order with an odd amount', answered(orderAnswer({ amount: 12200.005 })), { kind: 'unknown', reason: 'not-understood' }],
  ['an order in another currency', answered(orderAnswer({ currencyId: 'XYZ' })), { kind: 'unknown', reason: 'not-understood' }],
  ['an order without an id', answered(orderAnswer({ id: '' })), { kind: 'unknown', reason: 'not-understood' }],
  [
    'an order with an unusable link',
    answered(orderAnswer({ paymentUrl: 'javascript:alert(1)' })),
    { kind: 'unknown', reason: 'not-understood' },
  ],
  ['a success that says error', json(200, { error: { code: 'x', message: '' } }), { kind: 'unknown', reason: 'not-understood' }],
  ['a closed line', hangUp, { kind: 'unknown', reason: 'broken-connection', sent: true }],
  ['a broken line', reset, { kind: 'unknown', reason: 'broken-connection', sent: true }],
  ['silence', silence, { kind: 'unknown', reason: 'timeout', sent: true }],
])('a write answered with %s is never sent again, and its outcome is told', async (_what, reaction, expected) => {
  const before = bench.upstream.seen.length
  bench.plays(reaction)
  // Whoever answers has all the time that a busy machine may take.
  const timeouts = reaction === silence ? { timeouts: { writeMs: 150 } } : {}
  const { outcome, exchange } = await bench.merchant(timeouts).createOrder(draft())
  expect(outcome).toMatchObject(expected)
  expect(bench.upstream.seen.length - before).toBe(1)
  expect(exchange.outcome).toMatch(new RegExp(`^${outcome.kind} `))
})

test.each<[string, Reaction, object]>([
  ['not there', apiError(404, 'not_found'), { kind: 'not-found' }],
  ['an empty list', answered([]), { kind: 'not-found' }],
  ['nothing', answered(null), { kind: 'not-found' }],
  ['foreign', apiError(403, 'forbidden'), { kind: 'forbidden' }],
  ['a wrong token', apiError(401, 'unauthorized'), { kind: 'unavailable', reason: 'unauthorized' }],
  ['a list of one', answered([orderAnswer()]), { kind: 'found', order: ORDER }],
  ['another order', answered(orderAnswer({ id: REFUND_ID })), { kind: 'odd' }],
  ['an odd order', answered(orderAnswer({ amount: -1 })), { kind: 'odd', id: ORDER_ID }],
  ['an order of a status that is not documented', answered(orderAnswer({ status: 'success' })), { order: { status: null } }],
  ['an order cancelled in another spelling', answered(orderAnswer({ status: 'cancelled' })), { order: { status: 'canceled' } }],
  [
    'an order without container and dates',
    answered({ ...orderAnswer(), orderContainerId: null, expirationDate: 'soon' }),
    { order: { orderContainerId: null, expirationDate: null } },
  ],
  ['an internal error', apiError(500, 'x'), { kind: 'unavailable', reason: 'server-error' }],
])('an order that is %s', async (_what, reaction, expected) => {
  bench.plays(reaction)
  const client = bench.merchant()
  expect((await client.readOrder(ORDER_ID)).outcome).toMatchObject(expected)
  expect(client.circuit().open).toBe('reason' in expected && expected.reason === 'unauthorized')
})

describe('what would be refused', () => {
  test.each([
    ['wrong_expiration_date', { expirationDate: new Date('2026-03-05T10:00:00Z') }],
    ['wrong_currency', { basket: basketOf([{ ...massages('1'), total: { minor: 1n, unit: 'UZS' as const } }]) }],
    ['wrong_total_amount', { basket: { ...basketOf([massages('2')]), total: rub('1') } }],
    ['validation', { merchantOrderId: 'x'.repeat(37) }],
    ['validation', { description: '' }],
    ['validation', { description: 'x'.repeat(1001) }],
  ])('%s is said here, with nothing sent', async (code, change) => {
    const before = bench.upstream.seen.length
    const { outcome, exchange } = await bench.merchant().createOrder(draft(change))
    expect(outcome).toMatchObject({ kind: 'rejected', code, status: null })
    expect([exchange.request, exchange.response]).toEqual(['', expect.stringContaining('nothing was sent')])
    expect(bench.upstream.seen.length).toBe(before)
  })

  test('of a change, a refund or a shipment as well', async () => {
    const client = bench.merchant()
    const outcomes = [
      await client.updateOrder(ORDER_ID, { expirationDate: new Date('2026-03-01Z') }),
      await client.createRefund({ parentId: ORDER_ID, merchantOrderId: '', basket: basketOf([massages('1')]), description: 'x' }),
      await client.createShipment({ orderId: ORDER_ID, documentNumber: 'A', lines: [] }),
    ].map(({ outcome }) => outcome)
    expect(outcomes).toMatchObject([{ code: 'wrong_expiration_date' }, { code: 'validation' }, { code: 'validation' }])
  })

  test('an id that no path can carry is a mistake of the caller', async () => {
    await expect(bench.merchant().readOrder('../order')).rejects.toThrow(RangeError)
    await expect(bench.merchant().cancelOrder('')).rejects.toThrow(RangeError)
  })
})

test('nothing of the buyer and nothing secret is stored or logged', async () => {
  const test = bench.test()
  bench.plays(json(422, { error: { message: `${TOKEN} o.smirnova@example.test`, code: 'validation', fields: [] } }))
  const refused = await test.client.createOrder(draft())
  bench.plays(answered(orderAnswer()))
  const created = await test.client.createOrder(draft())
  expect(created.exchange.request).toContain('"merchantOrderId":"BR-2026-00417"')
  const told = JSON.stringify([refused.exchange, created.exchange, refused.outcome]) + test.logged()
  expect(told).not.toMatch(/Смирнова|79217654321|o\.smirnova|5f1c0e7a9b2d4c6e/)
})

test('a page whose names of paging were not understood is asked for with the other names', async () => {
  const client = bench.merchant()
  bench.plays(paged([], 1, 30), paged([orderAnswer()], 2, 20))
  const { outcome } = await client.findOrders({ page: 2, pageSize: 20 })
  expect(outcome).toMatchObject({ items: [ORDER] })
  expect(bench.lastSeen.path).toMatch(/&page=2&pageSize=20$/)
  await expect(client.findOrders({ page: 0, pageSize: 20 })).rejects.toThrow(RangeError)
  await expect(client.findOrders({ ids: [], page: 1, pageSize: 20 })).rejects.toThrow(RangeError)
})

test('orders of another shop and those that do not fit the question are left out, odd ones are named', async () => {
  bench.plays(
    paged([
      orderAnswer(),
      orderAnswer({ merchantId: 'another' }),
      orderAnswer({ status: 'expired' }),
      orderAnswer({ id: REFUND_ID, amount: 'x' }),
    ]),
  )
  const { outcome } = await bench.merchant().findOrders({ status: ['created'], page: 1, pageSize: 20 })
  expect(outcome).toMatchObject({ items: [ORDER], odd: [{ kind: 'odd', id: REFUND_ID }] })
})

test('every call takes a slot of the budget that it is given, and closing the client leaves the budget open', async () => {
  const taken: RequestClass[] = []
  let closed = false
  const budget = {
    ...unlimitedBudget,
    take: (taking: { as: RequestClass }) => {
      taken.push(taking.as)
      return unlimitedBudget.take(taking)
    },
    close: () => {
      closed = true
      return Promise.resolve()
    },
  }
  const { client } = makeMerchant(bench.upstream.url, {}, { budget })
  bench.plays(answered(orderAnswer()))
  await client.createOrder(draft())
  await client.readOrder(ORDER_ID, { as: 'recovery' })
  await client.findOrders({ page: 1, pageSize: 1 })
  await client.close()
  expect([taken, closed]).toEqual([['page', 'recovery', 'background'], false])
})

test('a refused token holds the calls back until Invoicebox is asked again half a minute later', async () => {
  const test = bench.test()
  bench.plays(apiError(401, 'unauthorized'), answered(orderAnswer()))
  await test.client.readOrder(ORDER_ID)
  const heldBack = await test.client.createOrder(draft())
  expect(heldBack.outcome).toMatchObject({ kind: 'unknown', reason: 'circuit-open', sent: false })
  test.clock.passes(30_000)
  expect((await test.client.createOrder(draft())).outcome).toMatchObject({ kind: 'accepted' })
})
