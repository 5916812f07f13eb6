import { createHmac } from 'node:crypto'
import { like, openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const refusal = async (id: string, operationId: string) => {
  const { status, body } = await world.confirm(id, operationId)
  return [status, body.error.code]
}
const statusOf = async (id: string) => (await world.api(`/v3/business/api/invoice/${id}`)).body.data.status

test('a confirm debits the fund once, answers with a transaction, and the invoice is paid at once', async () => {
  const { id } = await world.invoice({ amount: '196.58' })
  const reply = await world.confirm(id, 'op-1')
  expect(reply.status).toBe(200)
  expect(reply.body).toEqual({ data: { partnerOperationId: 'op-1', id: like(/./) }, extendedData: [] })
  expect(await statusOf(id)).toBe('paid')
  expect(await world.balance()).toBe('999803.42')
  expect(await world.operationsOn(id)).toMatchObject([
    { id: reply.body.data.id, partnerOperationId: 'op-1', amount: '196.58', isReversed: false },
  ])
})

test('a replay is answered with the same transaction and no second debit', async () => {
  const { id } = await world.invoice()
  const first = await world.confirm(id, 'op-1')
  const again = await world.confirm(id, 'op-1')
  expect(again.text).toBe(first.text)
  expect(await world.balance()).toBe('999900.00')
  expect(await world.operationsOn(id)).toHaveLength(1)
})

test('with nonIdempotentConfirm a replay is invoice_already_paid, still without a second debit', async () => {
  await world.control('PUT', '/settings', { nonIdempotentConfirm: true })
  const { id } = await world.invoice()
  await world.confirm(id, 'op-1')
  expect(await refusal(id, 'op-1')).toEqual([422, 'invoice_already_paid'])
  expect(await world.balance()).toBe('999900.00')
})

test('another operation id on a paid invoice, or a card payment before, is invoice_already_paid', async () => {
  const { id } = await world.invoice()
  await world.confirm(id, 'op-1')
  expect(await refusal(id, 'op-2')).toEqual([422, 'invoice_already_paid'])
  const other = await world.invoice({ status: 'paid' })
  expect(await refusal(other.id, 'op-3')).toEqual([422, 'invoice_already_paid'])
  expect(await world.balance()).toBe('999900.00')
})

test('an operation id belongs to one invoice', async () => {
  const [one, two] = [await world.invoice(), await world.invoice()]
  await world.confirm(one.id, 'op-1')
  const reply = await world.confirm(two.id, 'op-1')
  expect([reply.status, reply.body.error.code, reply.body.error.fields[0]?.name]).toEqual([422, 'validation', 'partnerOperationId'])
  expect(await statusOf(two.id)).toBe('pending')
})

test.each(['canceled', 'partial'])('a %s invoice is wrong_order_status', async (status) => {
  const { id } = await world.invoice({ status })
  expect(await refusal(id, 'op-1')).toEqual([422, 'wrong_order_status'])
})

test('after the deadline the invoice reads as canceled and cannot be confirmed; the clock can be moved there', async () => {
  const { id } = await world.invoice({ expirationDate: new Date(Date.now() + 3_600_000).toISOString() })
  await world.control('PUT', '/clock', { advanceSeconds: 3_601 })
  expect(await statusOf(id)).toBe('canceled')
  expect(await refusal(id, 'op-1')).toEqual([422, 'wrong_order_status'])
  await world.control('PUT', '/clock', { offsetSeconds: 0 })
  expect((await world.confirm(id, 'op-1')).status).toBe(200)
})

test("unknown and foreign invoices, in that order before the body's own faults", async () => {
  const { id } = await world.invoice({ foreign: true })
  expect(await refusal('nothing', '')).toEqual([404, 'invoice_not_found'])
  expect(await refusal(id, '')).toEqual([403, 'forbidden'])
})

test('a currency without a fund is wrong_currency; with one it is debited there', async () => {
  const { id } = await world.invoice({ currencyId: 'USD' })
  expect(await refusal(id, 'op-1')).toEqual([422, 'wrong_currency'])
  await world.control('PUT', '/fund', { currencyId: 'USD', balance: '150' })
  expect((await world.confirm(id, 'op-1')).status).toBe(200)
  expect((await world.control('GET', '/fund?currencyId=USD')).balance).toBe('50.00')
  expect(await world.balance()).toBe('1000000.00')
})

test('the fund and its overdraft bound what can be paid, to the kopeck', async () => {
  await world.control('PUT', '/fund', { balance: '99.99' })
  const { id } = await world.invoice({ amount: '100.00' })
  expect(await refusal(id, 'op-1')).toEqual([422, 'not_enough_money'])
  expect(await statusOf(id)).toBe('pending')
  await world.control('PUT', '/fund', { overdraft: '0.01' })
  expect((await world.confirm(id, 'op-1')).status).toBe(200)
  expect(await world.control('GET', '/fund')).toMatchObject({ balance: '-0.01', overdraft: '0.01', available: '0.00' })
})

test('fifty confirms at once: one operation, one debit', async () => {
  const { id } = await world.invoice()
  const replies = await Promise.all(Array.from({ length: 50 }, (_, at) => world.confirm(id, `op-${at % 5}`)))
  expect(new Set(replies.filter((reply) => reply.status === 200).map((reply) => reply.body.data.id)).size).toBe(1)
  expect(await world.operationsOn(id)).toHaveLength(1)
  expect(await world.balance()).toBe('999900.00')
})

test('the current amount is debited, whatever was read before', async () => {
  const { id } = await world.invoice({ amount: '100' })
  await world.api(`/v3/business/api/invoice/${id}`)
  await world.control('PATCH', `/invoices/${id}`, { amount: 250.5 })
  await world.confirm(id, 'op-1')
  expect(await world.balance()).toBe('999749.50')
})

test('the merchant cancels a paid order: the fund gets its money back once, the operation stays, a replay still finds it', async () => {
  const { id } = await world.invoice()
  const first = await world.confirm(id, 'op-1')
  await world.control('POST', `/invoices/${id}/cancel-by-merchant`)
  expect(await statusOf(id)).toBe('canceled')
  expect(await world.balance()).toBe('1000000.00')
  expect(await world.operationsOn(id)).toMatchObject([{ partnerOperationId: 'op-1', isReversed: true }])
  const again = await world.ask(`/_sandbox/invoices/${id}/cancel-by-merchant`, { method: 'POST' })
  expect(again.status).toBe(409)
  expect((await world.confirm(id, 'op-1')).text).toBe(first.text)
  expect(await refusal(id, 'op-2')).toEqual([422, 'wrong_order_status'])
  const { entries } = await world.control('GET', '/fund')
  expect(entries.map((entry) => [entry.kind, entry.amount])).toEqual([
    ['opening', '1000000.00'],
    ['confirm', '-100.00'],
    ['reversal', '100.00'],
  ])
})

test('with paidDelaySeconds a confirmed invoice reads as pending until the clock has moved on', async () => {
  await world.control('PUT', '/settings', { paidDelaySeconds: 60 })
  const { id } = await world.invoice()
  await world.confirm(id, 'op-1')
  expect(await statusOf(id)).toBe('pending')
  expect(await refusal(id, 'op-2')).toEqual([422, 'invoice_already_paid'])
  await world.control('PUT', '/clock', { advanceSeconds: 61 })
  expect(await statusOf(id)).toBe('paid')
})

test('with signatureRequired a confirm needs HMAC-SHA1 of the raw body, in either case of hex', async () => {
  await world.control('PUT', '/settings', { signatureRequired: true, signatureKey: 'key' })
  const { id } = await world.invoice()
  const body = '{"partnerOperationId": "op-1"}'
  const sign = (key: string) => createHmac('sha1', key).update(body).digest('hex')
  const send = (headers: Record<string, string>) => world.api(`/v3/business/api/invoice/${id}/confirm`, { method: 'POST', body, headers })
  for (const headers of [{}, { 'x-signature': '' }, { 'x-signature': 'short' }, { 'x-signature': sign('other') }]) {
    expect((await send(headers as Record<string, string>)).body.error.code).toBe('signature_error')
  }
  expect((await send({ 'x-signature': sign('key').toUpperCase() })).status).toBe(200)
})
