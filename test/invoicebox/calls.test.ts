import { createHmac } from 'node:crypto'
import type { InvoiceboxSettings } from '../../src/invoicebox'
import { apiError, http, json, startUpstream } from './support/upstream'
import type { Upstream } from './support/upstream'
import { INVOICE_ID, OPERATION_ID, TOKEN, TRANSACTION_ID, invoiceAnswer, makeClient, transactionAnswer } from './support/world'
import type { TestClient } from './support/world'

let upstream: Upstream
const made: TestClient[] = []

beforeEach(async () => {
  upstream = await startUpstream()
})

afterEach(async () => {
  await Promise.all(made.splice(0).map(({ client }) => client.close()))
  await upstream.close()
})

function world(more: Partial<InvoiceboxSettings> = {}): TestClient {
  const test = makeClient(upstream.url, more)
  made.push(test)
  return test
}

const seen = (index = 0) => {
  const request = upstream.seen[index]
  if (!request) throw new Error(`Upstream was not asked ${index + 1} times.`)
  return request
}

describe('what is sent', () => {
  test('a confirm carries exactly our operation id and the headers that every method wants', async () => {
    upstream.plays(json(200, transactionAnswer()))
    const { client } = world()
    await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    expect(seen()).toMatchObject({
      method: 'POST',
      path: `/v3/business/api/invoice/${INVOICE_ID}/confirm`,
      body: `{"partnerOperationId":"${OPERATION_ID}"}`,
    })
    expect(seen().headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'LoyaltyGateway/1.0 (invoicebox-client 1.0)',
      authorization: `Bearer ${TOKEN}`,
      'x-request-id': 'our-request-1',
      'content-length': '61',
    })
    expect(seen().headers).not.toHaveProperty('x-signature')
  })

  test('a read carries the same headers and no body', async () => {
    upstream.plays(json(200, { data: invoiceAnswer() }))
    await world({ version: 'l3' }).client.readInvoice(INVOICE_ID)
    expect(seen()).toMatchObject({ method: 'GET', path: `/l3/business/api/invoice/${INVOICE_ID}`, body: '' })
    expect(seen().headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      authorization: `Bearer ${TOKEN}`,
    })
    expect(seen().headers).not.toHaveProperty('content-length')
  })

  test('a confirm is signed over its raw body where that was agreed, a read is not', async () => {
    upstream.plays(json(200, transactionAnswer()))
    const { client } = world({ signatureKey: 'sandbox-sign-key' })
    await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    await client.readInvoice(INVOICE_ID)
    expect(seen().headers['x-signature']).toBe(createHmac('sha1', 'sandbox-sign-key').update(seen().body).digest('hex'))
    expect(seen(1).headers).not.toHaveProperty('x-signature')
  })

  test('the auth check asks the documented address', async () => {
    upstream.plays(json(200, { data: { userId: INVOICE_ID, profile: null }, extendedData: [] }))
    const { outcome } = await world().client.checkAuth()
    expect(outcome).toEqual({ kind: 'authorized', userId: INVOICE_ID })
    expect(seen().path).toBe('/v3/security/api/auth/auth')
  })

  test.each(['', '.', '..', '../auth', 'a/b', 'a?b', 'a b', 'ж', 'a'.repeat(37)])(
    'an id of %j is a mistake of the caller and is never sent',
    async (id) => {
      const { client } = world()
      await expect(client.readInvoice(id)).rejects.toThrow(RangeError)
      await expect(client.confirmInvoice(id, OPERATION_ID)).rejects.toThrow(RangeError)
      await expect(client.confirmInvoice(INVOICE_ID, id)).rejects.toThrow(RangeError)
      expect(upstream.seen).toHaveLength(0)
    },
  )
})

describe('the exchange that is kept', () => {
  test('a confirm', async () => {
    upstream.plays(json(200, transactionAnswer()))
    const { client, clock, logged } = world()
    const { outcome, exchange } = await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    expect(outcome).toEqual({ kind: 'accepted', transactionId: TRANSACTION_ID })
    expect(exchange).toEqual({
      operation: 'business.confirm',
      method: 'POST',
      path: `/v3/business/api/invoice/${INVOICE_ID}/confirm`,
      startedAt: clock.now(),
      durationMs: expect.any(Number) as number,
      status: 200,
      requestId: 'upstream-request-1',
      request: expect.stringContaining(`"partnerOperationId":"${OPERATION_ID}"`) as string,
      response: JSON.stringify({ data: { partnerOperationId: OPERATION_ID, id: TRANSACTION_ID }, extendedData: [] }),
      outcome: 'accepted',
    })
    expect(exchange.request).toContain('X-Request-Id: our-request-1')
    expect(logged()).toContain('"upstreamRequestId":"upstream-request-1"')
  })

  test('its words name the reason and the code', async () => {
    upstream.plays(apiError(422, 'not_enough_money'), json(200, '{}'), http(200, '<html>', { 'Content-Type': 'text/html' }))
    const { client, logged } = world()
    const words = []
    for (let n = 0; n < 3; n += 1) words.push((await client.confirmInvoice(INVOICE_ID, OPERATION_ID)).exchange.outcome)
    expect(words).toEqual(['rejected not_enough_money', 'unknown no-transaction-id', 'unknown not-json'])
    expect(logged()).toContain('invoicebox answered against the contract')
  })

  test('an X-Request-Id that is none is dropped', async () => {
    upstream.plays(json(200, transactionAnswer(), { 'X-Request-Id': 'anna@example.test <b>' }))
    expect((await world().client.confirmInvoice(INVOICE_ID, OPERATION_ID)).exchange.requestId).toBeNull()
  })
})

describe('repeats', () => {
  test('a confirm is sent once, whatever is answered', async () => {
    const { client } = world()
    for (const reaction of [
      apiError(503, 'out_of_service', { 'Retry-After': '0' }),
      apiError(429, 'too_many_requests', { 'Retry-After': '0' }),
      apiError(408, 'x'),
    ]) {
      upstream.plays(reaction)
      const before = upstream.seen.length
      expect((await client.confirmInvoice(INVOICE_ID, OPERATION_ID)).outcome.kind).toBe('unknown')
      expect(upstream.seen).toHaveLength(before + 1)
    }
  })

  test.each([408, 425, 503])('a read answered %d is repeated', async (status) => {
    upstream.plays(apiError(status, 'later'), json(200, { data: invoiceAnswer() }))
    expect((await world().client.readInvoice(INVOICE_ID)).outcome.kind).toBe('found')
    expect(upstream.seen.map(({ headers }) => headers['x-request-id'])).toEqual(['our-request-1', 'our-request-2'])
  })

  test('a read answered 429 is repeated when the wait is short', async () => {
    upstream.plays(apiError(429, 'too_many_requests', { 'Retry-After': '0' }), json(200, { data: invoiceAnswer() }))
    expect((await world().client.readInvoice(INVOICE_ID)).outcome.kind).toBe('found')
  })

  test('a long wait is left to the caller', async () => {
    upstream.plays(apiError(429, 'too_many_requests', { 'Retry-After': '20' }))
    expect((await world().client.readInvoice(INVOICE_ID)).outcome).toEqual({
      kind: 'unavailable',
      reason: 'rate-limited',
      retryAfterMs: 20_000,
    })
    expect(upstream.seen).toHaveLength(1)
  })

  test.each([400, 401, 404, 422, 500, 502])('a read answered %d is not repeated', async (status) => {
    upstream.plays(apiError(status, 'no'))
    await world().client.readInvoice(INVOICE_ID)
    expect(upstream.seen).toHaveLength(1)
  })

  test('the number of attempts is a setting', async () => {
    upstream.plays(apiError(503, 'out_of_service'))
    await world({ readAttempts: 1 }).client.readInvoice(INVOICE_ID)
    expect(upstream.seen).toHaveLength(1)
    await world({ readAttempts: 3 }).client.readInvoice(INVOICE_ID)
    expect(upstream.seen).toHaveLength(4)
  })
})

describe('the circuit', () => {
  test('a refused token holds everything back, says so, and lets one call try again', async () => {
    upstream.plays(apiError(401, 'unauthorized'), json(200, { data: invoiceAnswer() }))
    const { client, clock } = world()
    expect((await client.confirmInvoice(INVOICE_ID, OPERATION_ID)).outcome).toMatchObject({
      kind: 'rejected',
      status: 401,
      code: 'unauthorized',
    })
    expect(client.circuit()).toMatchObject({ open: true, reason: 'unauthorized' })

    const held = await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    expect(held.outcome).toEqual({ kind: 'unknown', reason: 'circuit-open', sent: false, retryAfterMs: 30_000 })
    expect(held.exchange).toMatchObject({ status: null, request: '', durationMs: 0, outcome: 'unknown circuit-open' })
    expect((await client.readInvoice(INVOICE_ID)).outcome).toEqual({ kind: 'unavailable', reason: 'circuit-open', retryAfterMs: 30_000 })
    expect(upstream.seen).toHaveLength(1)

    clock.passes(30_000)
    expect((await client.readInvoice(INVOICE_ID)).outcome.kind).toBe('found')
    expect(client.circuit()).toEqual({ open: false })
  })

  test('a foreign invoice does not open it: any member can bring any id', async () => {
    upstream.plays(apiError(403, 'forbidden'))
    const { client } = world()
    expect((await client.readInvoice(INVOICE_ID)).outcome).toEqual({ kind: 'forbidden' })
    expect(client.circuit()).toEqual({ open: false })
  })

  test('an auth check without a user opens it', async () => {
    upstream.plays(json(200, { data: { userId: null, profile: null, accessToken: null }, extendedData: [] }))
    const { client } = world()
    expect((await client.checkAuth()).outcome).toEqual({ kind: 'unauthorized' })
    expect(client.circuit()).toMatchObject({ open: true, reason: 'unauthorized' })
  })

  test('five outages open it; a business error in between keeps it closed', async () => {
    const down = http(502, '<html>', { 'Content-Type': 'text/html' })
    upstream.plays(down, down, down, down, apiError(422, 'wrong_order_status'), down)
    const { client } = world()
    for (let call = 0; call < 9; call += 1) await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    expect(client.circuit()).toEqual({ open: false })
    await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
    expect(client.circuit()).toMatchObject({ open: true, reason: 'outage' })
  })
})

test('a closed client answers that nothing was sent', async () => {
  const { client } = makeClient(upstream.url)
  await client.close()
  expect((await client.confirmInvoice(INVOICE_ID, OPERATION_ID)).outcome).toMatchObject({ kind: 'unknown', sent: false })
})
