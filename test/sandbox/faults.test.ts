import { watchConfirm } from './wire'
import type { Seen } from './wire'
import { until } from '../support/until'
import { like, openTestWorld, startClean } from './world'
import type { Body, TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const bodyOf = ({ body }: Seen): Body => JSON.parse(body) as Body

const plant = (fault: Record<string, unknown>) => world.control('POST', '/faults', { on: 'business.confirm', times: 1, ...fault })

/** Confirms once through a fault and once more after it; tells what was seen and whether the first one was processed. */
async function struck(fault: Record<string, unknown>) {
  const { id } = await world.invoice()
  await plant(fault)
  const seen = await watchConfirm(world, id, 'op-1')
  const isProcessed = (await world.operationsOn(id)).length === 1
  const [entry] = await world.controlList('/requests?limit=1')
  const after = await watchConfirm(world, id, 'op-1')
  expect([after.status, after.error]).toEqual([200, null])
  expect(await world.operationsOn(id)).toHaveLength(1)
  expect(await world.balance()).toBe('999900.00')
  return { id, seen, isProcessed, entry, transaction: bodyOf(after).data }
}

test('lose-request: the connection breaks, nothing was processed', async () => {
  const { seen, isProcessed, entry } = await struck({ kind: 'lose-request' })
  expect([seen.status, seen.error]).toEqual([null, 'ECONNRESET'])
  expect(isProcessed).toBe(false)
  expect(entry).toMatchObject({ fault: 'lose-request', status: null, responseBody: null })
})

test('lose-answer: the connection breaks, but the invoice is paid; the journal keeps the lost answer', async () => {
  const { seen, isProcessed, entry, transaction } = await struck({ kind: 'lose-answer' })
  expect([seen.status, seen.error]).toEqual([null, 'ECONNRESET'])
  expect(isProcessed).toBe(true)
  expect(entry).toMatchObject({ fault: 'lose-answer', status: null, responseBody: like(new RegExp(transaction.id)) })
})

test.each([
  [undefined, false],
  [true, true],
])('reset with after %s: TCP reset, processed %s', async (after, processed) => {
  const { seen, isProcessed } = await struck({ kind: 'reset', ...(after === undefined ? {} : { after }) })
  expect([seen.status, seen.error]).toEqual([null, 'ECONNRESET'])
  expect(isProcessed).toBe(processed)
})

test('delay: processed at once, answered late', async () => {
  const { id } = await world.invoice()
  await plant({ kind: 'delay', ms: 250 })
  const startedAt = performance.now()
  const answer = watchConfirm(world, id, 'op-1')
  await until(async () => (await world.operationsOn(id)).length > 0)
  expect((await answer).status).toBe(200)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(240)
})

test('delay before: the request waits unprocessed, even when its client has hung up', async () => {
  const { id } = await world.invoice()
  await plant({ kind: 'delay', ms: 100, before: true })
  const gone = new AbortController()
  const asked = world.api(`/v3/business/api/invoice/${id}/confirm`, {
    method: 'POST',
    body: '{"partnerOperationId":"op-1"}',
    signal: gone.signal,
  })
  await until(async () => (await world.controlList('/requests?limit=1'))[0]?.fault === 'delay')
  expect(await world.operationsOn(id)).toEqual([])
  gone.abort()
  await expect(asked).rejects.toThrow('abort')
  await until(async () => (await world.operationsOn(id)).length > 0)
})

test.each([
  [{ status: 503 }, 503, 'out_of_service', undefined, false],
  [{}, 503, 'out_of_service', undefined, false],
  [{ status: 429, retryAfter: 'Wed, 21 Oct 2099 07:28:00 GMT' }, 429, 'too_many_requests', 'Wed, 21 Oct 2099 07:28:00 GMT', false],
  [{ status: 429, retryAfter: -5 }, 429, 'too_many_requests', '-5', false],
  [{ status: 500, after: true }, 500, 'internal_server_error', undefined, true],
  [{ status: 401 }, 401, 'unauthorized', undefined, false],
  [{ status: 403 }, 403, 'forbidden', undefined, false],
  [{ status: 422, code: 'notEnoughMoney' }, 422, 'notEnoughMoney', undefined, false],
])('status %j: HTTP %i %s, Retry-After %s, processed %s', async (fields, status, code, retryAfter, processed) => {
  const { seen, isProcessed } = await struck({ kind: 'status', ...fields })
  expect(seen.status).toBe(status)
  expect(bodyOf(seen).error).toEqual({ message: like(/./), code, fields: [] })
  expect(seen.headers['retry-after']).toBe(retryAfter)
  expect(isProcessed).toBe(processed)
})

test('status with a body of its own sends it verbatim', async () => {
  const { seen } = await struck({ kind: 'status', status: 400, body: '{"code":"flat","message":"old form"}' })
  expect(seen.body).toBe('{"code":"flat","message":"old form"}')
})

test.each([
  [undefined, true],
  [false, false],
])('garbage with after %s: HTML with 200, processed %s', async (after, processed) => {
  const { seen, isProcessed } = await struck({ kind: 'garbage', ...(after === undefined ? {} : { after }) })
  expect(seen.status).toBe(200)
  expect(seen.headers['content-type']).toMatch('text/html')
  expect(seen.body).toMatch(/^<!DOCTYPE html>/)
  expect(isProcessed).toBe(processed)
})

test('truncate: a complete response with half of the JSON, processed', async () => {
  const { seen, isProcessed } = await struck({ kind: 'truncate' })
  expect([seen.status, seen.error]).toEqual([200, null])
  expect(() => bodyOf(seen)).toThrow(SyntaxError)
  expect(isProcessed).toBe(true)
})

test('wrong-operation, no-id and second-transaction change the answer, not what happened', async () => {
  const wrong = await struck({ kind: 'wrong-operation' })
  expect(bodyOf(wrong.seen).data.partnerOperationId).not.toBe('op-1')
  await startClean(world)
  const bare = await struck({ kind: 'no-id' })
  expect(bodyOf(bare.seen).data).toEqual({ partnerOperationId: 'op-1' })
  await startClean(world)
  const { id } = await world.invoice()
  await plant({ kind: 'second-transaction' })
  const first = await world.confirm(id, 'op-1')
  const replay = await world.confirm(id, 'op-1')
  expect(replay.body.data.id).not.toBe(first.body.data.id)
  expect((await world.confirm(id, 'op-1')).text).toBe(first.text)
  expect(await world.balance()).toBe('999900.00')
})

test('endless: headers and a body without an end; hanging up ends it, and it was processed', async () => {
  const { id } = await world.invoice()
  await plant({ kind: 'endless', ms: 1 })
  const seen = await watchConfirm(world, id, 'op-1', 5_000)
  expect(seen.status).toBe(200)
  expect(seen.body.length).toBeGreaterThanOrEqual(5_000)
  expect(await world.operationsOn(id)).toHaveLength(1)
})

test('redirect: elsewhere, unprocessed', async () => {
  const { seen, isProcessed } = await struck({ kind: 'redirect', status: 307, location: 'https://elsewhere.test/x' })
  expect([seen.status, seen.headers['location']]).toEqual([307, 'https://elsewhere.test/x'])
  expect(isProcessed).toBe(false)
})

test('echo-html-error: 500 in HTML that repeats the request, escaped', async () => {
  const { id } = await world.invoice()
  await plant({ kind: 'echo-html-error' })
  const seen = await watchConfirm(world, id, '<b>op</b>')
  expect(seen.status).toBe(500)
  expect(seen.body).toContain('&#60;b&#62;op')
  expect(await world.operationsOn(id)).toEqual([])
})

test('change-amount: the answer shows the old amount, the next one the new; with after false at once', async () => {
  const { id } = await world.invoice()
  const read = async () => (await world.api(`/v3/business/api/invoice/${id}`)).body.data.amount
  await plant({ on: 'business.get', kind: 'change-amount', amount: '120.50' })
  expect([await read(), await read()]).toEqual([100, 120.5])
  await plant({ on: 'business.get', kind: 'change-amount', amount: '99', after: false })
  expect(await read()).toBe(99)
})

test('change-amount: an invoice that is paid keeps its amount', async () => {
  const { id } = await world.invoice()
  expect((await world.confirm(id, 'op-1')).status).toBe(200)
  await plant({ on: 'business.get', kind: 'change-amount', amount: '99', after: false })
  expect((await world.api(`/v3/business/api/invoice/${id}`)).body.data.amount).toBe(100)
})

test('cancel-invoice and pay-otherwise come right before the confirm', async () => {
  for (const [kind, code] of [
    ['cancel-invoice', 'wrong_order_status'],
    ['pay-otherwise', 'invoice_already_paid'],
  ] as const) {
    const { id } = await world.invoice()
    await plant({ kind })
    expect((await world.confirm(id, `op-${kind}`)).body.error.code).toBe(code)
    expect(await world.operationsOn(id)).toEqual([])
  }
  expect(await world.balance()).toBe('1000000.00')
})

test('a fault strikes where it was told to, as often as it was told, and counts', async () => {
  const [one, two] = [await world.invoice(), await world.invoice()]
  const fault = await plant({ kind: 'status', times: 2, invoiceId: one.id })
  expect((await world.api('/v3/business/api/invoice')).status).toBe(200)
  expect((await world.confirm(two.id, 'op-2')).status).toBe(200)
  const statuses = [await world.confirm(one.id, 'op-1'), await world.confirm(one.id, 'op-1'), await world.confirm(one.id, 'op-1')]
  expect(statuses.map(({ status }) => status)).toEqual([503, 503, 200])
  expect(await world.controlList('/faults')).toMatchObject([{ id: fault.id, times: 2, used: 2 }])
})

test('* means every endpoint, without times until deleted; one of several strikes, the oldest first', async () => {
  await world.control('POST', '/faults', { on: '*', kind: 'status', status: 502 })
  await world.control('POST', '/faults', { on: 'auth.check', kind: 'status', status: 504 })
  const paths = ['/v3/security/api/auth/auth', '/v3/business/api/invoice', '/l3/business/api/invoice/x']
  for (const path of [...paths, ...paths]) expect((await world.api(path)).status).toBe(502)
  const [first] = await world.controlList('/faults')
  await world.control('DELETE', `/faults/${first?.id ?? ''}`)
  expect((await world.api('/v3/security/api/auth/auth')).status).toBe(504)
  await world.control('DELETE', '/faults')
  expect((await world.api('/v3/security/api/auth/auth')).status).toBe(200)
})

test('a magic amount brings its fault along, unless they are switched off', async () => {
  const { id } = await world.invoice({ amount: '777.01' })
  expect((await watchConfirm(world, id, 'op-1')).error).toBe('ECONNRESET')
  expect((await world.confirm(id, 'op-1')).status).toBe(200)
  const short = await world.invoice({ amount: 777.05 })
  expect((await world.confirm(short.id, 'op-2')).body.error.code).toBe('not_enough_money')
  const changing = await world.invoice({ amount: '777.06' })
  const read = async () => (await world.api(`/v3/business/api/invoice/${changing.id}`)).body.data.amount
  expect([await read(), await read()]).toEqual([777.06, 888])
  await world.control('PUT', '/settings', { magicAmounts: false })
  const plain = await world.invoice({ amount: '777.03' })
  expect((await world.confirm(plain.id, 'op-3')).status).toBe(200)
})

test('closing ends delayed and endless answers at once', async () => {
  const other = await openTestWorld()
  const [slow, endless] = [await other.invoice(), await other.invoice()]
  await other.control('POST', '/faults', { on: 'business.confirm', kind: 'delay', ms: 600_000, before: true, invoiceId: slow.id })
  await other.control('POST', '/faults', { on: 'business.confirm', kind: 'endless', ms: 600_000, invoiceId: endless.id })
  const seen = [watchConfirm(other, slow.id, 'op-1'), watchConfirm(other, endless.id, 'op-2')]
  await until(async () => (await other.controlList('/requests?limit=2')).length === 2)
  await Promise.all([other.close(), other.close()])
  expect((await Promise.all(seen)).map(({ error }) => error)).toEqual(['ECONNRESET', 'ECONNRESET'])
  await expect(fetch(`${other.sandbox.url}/healthz`)).rejects.toThrow()
})
