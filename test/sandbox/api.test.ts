import { like, openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

describe.each(['v3', 'l3'])('under /%s', (version) => {
  test('the auth check knows the token, an absent one and a wrong one', async () => {
    const path = `/${version}/security/api/auth/auth`
    expect((await world.api(path)).body).toEqual({
      data: { userId: like(/^[0-9a-f-]{36}$/), profile: null, accessToken: null },
      extendedData: [],
    })
    expect((await world.ask(path)).body.data.userId).toBeNull()
    const wrong = await world.ask(path, { headers: { authorization: 'Bearer nobody' } })
    expect(wrong.status).toBe(401)
    expect(wrong.body).toEqual({ error: { message: 'Unauthorized', code: 'unauthorized', fields: [] } })
  })

  test('an invoice by id has the documented fields, in kopecks printed as short numbers', async () => {
    const wish = {
      amount: '1239.60',
      number: '417-1',
      description: 'Сертификат/массаж',
      customer: { type: 'private', name: 'Ольга' },
      expirationDate: '2100-01-02T03:04:05+03:00',
    }
    const { id, paymentUrl } = await world.invoice(wish)
    const reply = await world.api(`/${version}/business/api/invoice/${id}`)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.body).toEqual({
      data: {
        id,
        number: '417-1',
        createdAt: like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
        expirationDate: '2100-01-02T00:04:05+00:00',
        description: 'Сертификат/массаж',
        amount: 1239.6,
        vatAmount: 223.53,
        currencyId: 'RUB',
        customer: { type: 'private', name: 'Ольга' },
        status: 'pending',
        paymentUrl,
      },
      extendedData: [],
    })
    expect(reply.text).toContain('"amount":1239.6,')
    expect(reply.text).toContain('Сертификат\\/массаж')
  })
})

test('without or with a wrong token every data method is 401', async () => {
  const { id } = await world.invoice()
  for (const headers of [
    {},
    { authorization: 'Bearer nobody' },
    { authorization: `Basic ${world.sandbox.token}` },
    { authorization: 'Bearer' },
  ]) {
    const replies = await Promise.all([
      world.ask('/v3/business/api/invoice', { headers }),
      world.ask(`/v3/business/api/invoice/${id}`, { headers }),
      world.ask(`/v3/business/api/invoice/${id}/confirm`, { method: 'POST', body: '{"partnerOperationId":"a"}', headers }),
    ])
    expect(replies.map((reply) => [reply.status, reply.body.error.code])).toEqual(Array(3).fill([401, 'unauthorized']))
  }
  expect(await world.operationsOn(id)).toEqual([])
})

test("an unknown invoice is 404, another partner's is 403 and missing from the list", async () => {
  const { id } = await world.invoice({ foreign: true })
  expect((await world.api(`/v3/business/api/invoice/${id}`)).body.error).toEqual({ message: 'Forbidden', code: 'forbidden', fields: [] })
  const unknown = await world.api('/v3/business/api/invoice/nothing')
  expect(unknown.status).toBe(404)
  expect(unknown.body.error).toEqual({ message: 'Invoice not found', code: 'invoice_not_found', fields: [] })
  expect((await world.api('/v3/business/api/invoice')).list).toEqual([])
})

test('unknown routes, wrong methods, broken paths and bodies have the codes of the documents', async () => {
  const { id } = await world.invoice()
  const confirm = `/v3/business/api/invoice/${id}/confirm`
  const cases: [string, RequestInit, number, string][] = [
    ['/v3/business/api/nothing', {}, 404, 'not_found_http_exception'],
    ['/v3/business/api/invoice/', {}, 404, 'not_found_http_exception'],
    ['/v3/business/api/invoice', { method: 'POST' }, 405, 'method_not_allowed_http_exception'],
    [confirm, { method: 'GET' }, 405, 'method_not_allowed_http_exception'],
    ['/v3/business/api/invoice/%E0%A4%A', {}, 400, 'bad_request'],
    [confirm, { method: 'POST', body: '{"partnerOperationId":' }, 400, 'bad_request'],
    [confirm, { method: 'POST', body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'bad_request'],
    [confirm, { method: 'POST', body: 'x'.repeat(1_100_000) }, 413, 'bad_request'],
    [confirm, { method: 'POST', body: '{}', headers: { 'content-encoding': 'br2' } }, 415, 'bad_request'],
    [confirm, { method: 'POST', body: '[]' }, 422, 'validation'],
    [confirm, { method: 'POST', body: 'null' }, 422, 'validation'],
    [confirm, { method: 'POST' }, 422, 'validation'],
  ]
  for (const [path, init, status, code] of cases) {
    const reply = await world.api(path, init)
    expect([path, init.method, reply.status, reply.body.error.code]).toEqual([path, init.method, status, code])
    expect(reply.body.error.fields).toBeInstanceOf(Array)
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  }
  expect((await world.api(confirm, { method: 'GET' })).headers.get('allow')).toBe('POST')
})

test('odd operation ids are refused with the field named, unknown fields are ignored', async () => {
  const { id } = await world.invoice()
  for (const odd of [undefined, null, '', 7, true, {}, [], ['a'], 'x'.repeat(37)]) {
    const reply = await world.confirm(id, odd)
    expect(reply.status).toBe(422)
    expect(reply.body.error.code).toBe('validation')
    expect(reply.body.error.fields[0]).toMatchObject({ name: 'partnerOperationId', code: 'wrong_value' })
  }
  const body = '{"partnerOperationId":"__proto__","amount":1,"__proto__":{"a":1},"constructor":1}'
  const reply = await world.api(`/v3/business/api/invoice/${id}/confirm`, { method: 'POST', body })
  expect(reply.body.data.partnerOperationId).toBe('__proto__')
  expect(await world.operationsOn(id)).toHaveLength(1)
})

test('above the limit a token gets 429 with the headers of a limiter, and the window is per token', async () => {
  await world.control('PUT', '/settings', { rateLimit: '2/30' })
  const first = await world.api('/v3/business/api/invoice')
  expect(first.headers.get('x-ratelimit-remaining')).toBe('1')
  await world.api('/l3/security/api/auth/auth')
  const third = await world.api('/v3/business/api/invoice')
  expect(third.status).toBe(429)
  expect(third.body).toEqual({ error: { message: 'Too Many Requests', code: 'too_many_requests', fields: [] } })
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(Number(third.headers.get('retry-after'))).toBeLessThanOrEqual(30)
  expect(third.headers.get('x-ratelimit-remaining')).toBe('0')
  expect(third.headers.get('x-ratelimit-reset')).toBe(third.headers.get('retry-after'))
  expect((await world.ask('/v3/security/api/auth/auth')).status).toBe(200)
})

test('by default a hundred requests in thirty seconds are allowed', async () => {
  await world.control('POST', '/reset', { seed: false })
  const replies = await Promise.all(Array.from({ length: 105 }, () => world.api('/v3/security/api/auth/auth')))
  expect(replies.filter((reply) => reply.status === 200)).toHaveLength(100)
  expect(replies.filter((reply) => reply.status === 429)).toHaveLength(5)
})

test('strict headers: each missing one is named; lenient: the journal remarks on it', async () => {
  const path = '/v3/business/api/invoice'
  expect((await world.api(path, { headers: { accept: 'text/html' } })).status).toBe(200)
  expect((await world.controlList('/requests?limit=1'))[0]?.warnings).toContain('Accept must be application/json')
  await world.control('PUT', '/settings', { strictHeaders: true })
  const good = {
    accept: 'application/json',
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'LoyaltyGateway/1.0 (Invoicebox client 1.0)',
  }
  expect((await world.api(path, { headers: good })).status).toBe(200)
  for (const [name, value] of [
    ['Accept', 'text/html'],
    ['Content-Type', 'text/plain'],
    ['User-Agent', 'curl'],
  ] as const) {
    const reply = await world.api(path, { headers: { ...good, [name.toLowerCase()]: value } })
    expect([reply.status, reply.body.error.code, reply.body.error.fields[0]?.name]).toEqual([422, 'validation', name])
  }
})

test('the switches change shapes: array of one, no status, no metaData, unknown fields, digits for ids', async () => {
  await world.control('PUT', '/settings', {
    singleAsArray: true,
    statusMissing: true,
    metaDataMissing: true,
    unknownFields: true,
    numericIds: true,
  })
  const { id } = await world.invoice()
  expect(id).toMatch(/^\d{10,36}$/)
  const single = await world.api(`/v3/business/api/invoice/${id}`)
  expect(single.list).toHaveLength(1)
  expect(single.list[0]).not.toHaveProperty('status')
  expect(single.list[0]).toHaveProperty('labels')
  expect((await world.api('/v3/business/api/invoice')).body).not.toHaveProperty('metaData')
  expect((await world.confirm(id, 'a')).body.data.id).toMatch(/^\d+$/)
})

test('ids grow with time and are not RFC 4122', async () => {
  const { id } = await world.invoice()
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(id).toMatch(/^.{14}[a-f].{4}[c-f]/)
})

test.each(['0.005', '1e400', '"12.5"', '-5', '12345678901234567890', 'null', '0', '[1]'])(
  'amountRaw %s is printed as it stands',
  async (amountRaw) => {
    const { id } = await world.control('POST', '/invoices', { amountRaw })
    expect((await world.api(`/v3/business/api/invoice/${id}`)).text).toContain(`"amount":${amountRaw},"vatAmount"`)
  },
)

test('the journal keeps requests newest first, without the token', async () => {
  const { id } = await world.invoice()
  const { token } = world.sandbox
  await world.api(`/v3/business/api/invoice?id=${token}`)
  await world.confirm(id, token)
  const [newest, older] = await world.controlList('/requests?limit=2')
  expect(newest).toMatchObject({
    method: 'POST',
    path: `/v3/business/api/invoice/${id}/confirm`,
    status: 200,
    on: 'business.confirm',
    fault: null,
  })
  expect(newest?.requestBody).toContain('partnerOperationId')
  expect(newest?.responseBody).toContain('"id"')
  expect(older).toMatchObject({ method: 'GET', path: '/v3/business/api/invoice', query: 'id=[hidden]' })
  expect(JSON.stringify([newest, older])).not.toContain(token)
})
