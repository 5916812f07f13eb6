import { randomUUID } from 'node:crypto'
import type { InvoiceboxSettings } from '../../src/invoicebox'
import { startSandbox } from '../../src/sandbox'
import type { RunningSandbox } from '../../src/sandbox'
import { makeClient } from './support/world'
import type { TestClient } from './support/world'

/** Client and sandbox read the same reference: each answer of the one must be an outcome of the other. */

let sandbox: RunningSandbox
const made: TestClient[] = []

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 7 })
})
afterAll(() => sandbox.close())

beforeEach(async () => {
  await control('POST', '/reset', { seed: false })
  await control('PUT', '/settings', { rateLimit: null })
})
afterEach(async () => {
  await Promise.all(made.splice(0).map(({ client }) => client.close()))
})

interface Operation {
  readonly id: string
  readonly partnerOperationId: string
  readonly amount: string
}

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${sandbox.url}/_sandbox${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text === '' ? {} : JSON.parse(text)) as T
}

const newInvoice = async (more: Readonly<Record<string, unknown>> = {}) =>
  (await control<{ data: { id: string; number: string; paymentUrl: string } }>('POST', '/invoices', { amount: '196.58', ...more })).data
const operationsOn = async (id: string) => (await control<{ data: { operations: Operation[] } }>('GET', `/invoices/${id}`)).data.operations
const misbehave = (fault: Readonly<Record<string, unknown>>) => control('POST', '/faults', fault)

function gateway(more: Partial<InvoiceboxSettings> = {}) {
  const test = makeClient(sandbox.url, { token: sandbox.token, timeouts: { writeMs: 1_000, readMs: 1_000 }, readAttempts: 1, ...more })
  made.push(test)
  return test.client
}

describe('the business API', () => {
  test.each(['v3', 'l3'] as const)('an invoice is read, confirmed once and then reads as paid under /%s', async (version) => {
    const { id, number, paymentUrl } = await newInvoice({
      description: 'Сертификат на массаж',
      customer: { type: 'legal', vatNumber: '7707083893' },
    })
    const client = gateway({ version })
    const read = await client.readInvoice(id)
    expect(read.outcome).toMatchObject({
      kind: 'found',
      invoice: {
        id,
        number,
        paymentUrl,
        status: 'pending',
        amount: { minor: 19_658n, unit: 'RUB' },
        description: 'Сертификат на массаж',
        customer: { type: 'legal', vatNumber: '7707083893' },
      },
    })
    expect(read.exchange.requestId).not.toBeNull()

    const operationId = randomUUID()
    const first = await client.confirmInvoice(id, operationId)
    const again = await client.confirmInvoice(id, operationId)
    expect(first.outcome.kind).toBe('accepted')
    expect(again.outcome).toEqual(first.outcome)
    expect(await operationsOn(id)).toEqual([expect.objectContaining({ partnerOperationId: operationId, amount: '196.58' })])
    expect((await client.readInvoice(id)).outcome).toMatchObject({ kind: 'found', invoice: { status: 'paid' } })
  })

  test('the auth check', async () => {
    expect((await gateway().checkAuth()).outcome.kind).toBe('authorized')
    const stranger = gateway({ token: 'not-the-token' })
    expect((await stranger.checkAuth()).outcome).toEqual({ kind: 'unauthorized' })
    expect(stranger.circuit()).toMatchObject({ open: true, reason: 'unauthorized' })
  })

  test('each documented refusal is an explicit no', async () => {
    const client = gateway()
    const confirm = async (id: string, operationId: string = randomUUID()) => (await client.confirmInvoice(id, operationId)).outcome
    const [paid, canceled, partial, expired] = [
      await newInvoice({ status: 'paid' }),
      await newInvoice({ status: 'canceled' }),
      await newInvoice({ status: 'partial' }),
      await newInvoice({ expirationDate: '2020-01-01T00:00:00+00:00' }),
    ]
    expect(await confirm(paid.id)).toMatchObject({ kind: 'rejected', status: 422, code: 'invoice_already_paid' })
    for (const { id } of [canceled, partial, expired])
      expect(await confirm(id)).toMatchObject({ kind: 'rejected', status: 422, code: 'wrong_order_status' })
    expect(await confirm(randomUUID())).toMatchObject({ kind: 'rejected', status: 404, code: 'invoice_not_found' })
    const operationId = randomUUID()
    await confirm((await newInvoice()).id, operationId)
    expect(await confirm((await newInvoice()).id, operationId)).toMatchObject({ kind: 'rejected', status: 422, code: 'validation' })
    await control('PUT', '/fund', { balance: '0', overdraft: '0' })
    expect(await confirm((await newInvoice()).id)).toMatchObject({ kind: 'rejected', status: 422, code: 'not_enough_money' })
    expect(client.circuit()).toEqual({ open: false })
  })

  test('absent and foreign invoices', async () => {
    const client = gateway()
    const foreign = await newInvoice({ foreign: true })
    expect((await client.readInvoice(randomUUID())).outcome).toEqual({ kind: 'not-found' })
    expect((await client.readInvoice(foreign.id)).outcome).toEqual({ kind: 'forbidden' })
    expect(client.circuit()).toEqual({ open: false })
  })

  test('lists: filters, sorting, paging', async () => {
    const amounts = ['30.00', '10.00', '20.00']
    const ids: string[] = []
    for (const amount of amounts) ids.push((await newInvoice({ amount, merchantOrderId: 'БР-1' })).id)
    await newInvoice({ amount: '40.00', status: 'paid' })
    const client = gateway()
    const order = [{ field: 'amount', direction: 'desc' }] as const
    const page = async (query: object) => (await client.listInvoices({ page: 1, pageSize: 2, order, ...query })).outcome
    const minors = (outcome: Awaited<ReturnType<typeof page>>) =>
      outcome.kind === 'page' ? outcome.invoices.map(({ amount }) => amount.minor) : outcome

    const first = await page({})
    expect(first).toMatchObject({ kind: 'page', totalCount: 4, hasMore: true })
    expect(minors(first)).toEqual([4_000n, 3_000n])
    expect(await page({ page: 2 })).toMatchObject({ hasMore: false })
    expect(minors(await page({ status: ['pending'] }))).toEqual([3_000n, 2_000n])
    expect(minors(await page({ ids: ids.slice(0, 1) }))).toEqual([3_000n])
    expect(await page({ merchantOrderId: 'БР-1' })).toMatchObject({ totalCount: 3 })
    expect(await page({ merchantOrderId: 'nobody' })).toMatchObject({ totalCount: 0, hasMore: false, invoices: [] })
  })
})

describe('what the documents leave open is a switch there and no matter here', () => {
  test.each([{ singleAsArray: true }, { unknownFields: true }, { numericIds: true }, { strictHeaders: true }])('%j', async (setting) => {
    await control('PUT', '/settings', setting)
    const { id } = await newInvoice()
    const client = gateway()
    expect((await client.readInvoice(id)).outcome).toMatchObject({ kind: 'found', invoice: { id } })
    expect((await client.confirmInvoice(id, randomUUID())).outcome.kind).toBe('accepted')
  })

  test('a missing status is not known', async () => {
    await control('PUT', '/settings', { statusMissing: true })
    const { id } = await newInvoice()
    expect((await gateway().readInvoice(id)).outcome).toMatchObject({ kind: 'found', invoice: { status: null } })
  })

  test('a list without metaData', async () => {
    await control('PUT', '/settings', { metaDataMissing: true })
    await newInvoice()
    expect((await gateway().listInvoices({ page: 1, pageSize: 10 })).outcome).toMatchObject({
      kind: 'page',
      totalCount: null,
      hasMore: false,
    })
  })

  test('a signature, where it was agreed', async () => {
    await control('PUT', '/settings', { signatureRequired: true, signatureKey: 'agreed' })
    const { id } = await newInvoice()
    expect((await gateway().confirmInvoice(id, randomUUID())).outcome).toMatchObject({ kind: 'rejected', code: 'signature_error' })
    expect((await gateway({ signatureKey: 'agreed' }).confirmInvoice(id, randomUUID())).outcome.kind).toBe('accepted')
  })

  test('a replay that is not safe is a no, which Rule R keeps from becoming a void', async () => {
    await control('PUT', '/settings', { nonIdempotentConfirm: true })
    const { id } = await newInvoice()
    const operationId = randomUUID()
    const client = gateway()
    expect((await client.confirmInvoice(id, operationId)).outcome.kind).toBe('accepted')
    expect((await client.confirmInvoice(id, operationId)).outcome).toMatchObject({ kind: 'rejected', code: 'invoice_already_paid' })
    expect((await client.readInvoice(id)).outcome).toMatchObject({ kind: 'found', invoice: { status: 'paid' } })
  })

  test.each(['0.005', '1e400', '-5', '0', '12345678901234567890', '0.1000000000000000001', 'null'])(
    'an amount of %s is odd',
    async (amountRaw) => {
      const { id } = await newInvoice({ amountRaw })
      expect((await gateway().readInvoice(id)).outcome).toMatchObject({
        kind: 'odd',
        invoiceId: id,
        paymentUrl: expect.any(String) as string,
      })
    },
  )

  test('an amount in quotes is served', async () => {
    const { id } = await newInvoice({ amountRaw: '"12.5"' })
    expect((await gateway().readInvoice(id)).outcome).toMatchObject({ kind: 'found', invoice: { amount: { minor: 1_250n } } })
  })

  test('a currency that we do not serve is odd', async () => {
    const { id } = await newInvoice({ currencyId: 'USD' })
    expect((await gateway().readInvoice(id)).outcome).toMatchObject({ kind: 'odd' })
  })
})

describe('each fault of a confirm is unknown, is sent once, and a repeat with the same id ends well', () => {
  const noise = { alarm: expect.any(String) as string }
  test.each<[Readonly<Record<string, unknown>>, string, object]>([
    [{ kind: 'lose-request' }, 'broken-connection', {}],
    [{ kind: 'lose-answer' }, 'broken-connection', {}],
    [{ kind: 'reset' }, 'broken-connection', {}],
    [{ kind: 'reset', after: true }, 'broken-connection', {}],
    [{ kind: 'delay', ms: 60_000 }, 'timeout', {}],
    [{ kind: 'delay', ms: 60_000, before: true }, 'timeout', {}],
    [{ kind: 'endless' }, 'timeout', {}],
    [{ kind: 'truncate' }, 'not-json', {}],
    [{ kind: 'garbage' }, 'not-json', {}],
    [{ kind: 'garbage', after: false }, 'not-json', {}],
    [{ kind: 'echo-html-error' }, 'server-error', {}],
    [{ kind: 'echo-html-error', after: true }, 'server-error', {}],
    [{ kind: 'wrong-operation' }, 'wrong-operation', noise],
    [{ kind: 'no-id' }, 'no-transaction-id', noise],
    [{ kind: 'redirect' }, 'redirected', noise],
    [{ kind: 'redirect', status: 307, after: true }, 'redirected', noise],
    [{ kind: 'status', status: 500, after: true }, 'server-error', {}],
    [{ kind: 'status', status: 500, body: '{"error":{"code":"invoice_already_paid","message":"","fields":[]}}' }, 'server-error', {}],
    [{ kind: 'status', status: 503, retryAfter: '120' }, 'server-error', { retryAfterMs: 120_000 }],
    [{ kind: 'status', status: 408 }, 'try-later', {}],
    [{ kind: 'status', status: 429 }, 'rate-limited', { retryAfterMs: 30_000 }],
    [{ kind: 'status', status: 429, retryAfter: '7' }, 'rate-limited', { retryAfterMs: 7_000 }],
    [{ kind: 'status', status: 429, retryAfter: '-7' }, 'rate-limited', { retryAfterMs: 1_000 }],
    [{ kind: 'status', status: 429, retryAfter: '99999999999' }, 'rate-limited', { retryAfterMs: 300_000 }],
    [{ kind: 'status', status: 422, body: '<html>' }, 'not-json', {}],
    [{ kind: 'status', status: 422, code: 'out_of_service' }, 'try-later', {}],
  ])('%j', async (fault, reason, more) => {
    const { id } = await newInvoice()
    const operationId = randomUUID()
    const client = gateway()
    await misbehave({ on: 'business.confirm', times: 1, ...fault })

    expect((await client.confirmInvoice(id, operationId)).outcome).toEqual({ kind: 'unknown', reason, sent: true, ...more })
    expect((await control<{ data: { path: string }[] }>('GET', '/requests?limit=10')).data).toHaveLength(1)

    expect((await client.confirmInvoice(id, operationId)).outcome.kind).toBe('accepted')
    expect(await operationsOn(id)).toEqual([expect.objectContaining({ partnerOperationId: operationId })])
  })

  test.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
  ])('%d in the middle of a payment is a no that opens the circuit', async (status, code) => {
    const { id } = await newInvoice()
    const client = gateway()
    await misbehave({ on: 'business.confirm', kind: 'status', status, times: 1 })
    expect((await client.confirmInvoice(id, randomUUID())).outcome).toMatchObject({ kind: 'rejected', status, code })
    expect(client.circuit()).toMatchObject({ open: true, reason: 'unauthorized' })
    expect(await operationsOn(id)).toEqual([])
  })

  test('a second transaction id is told as it is, so that the payment can hold it against the first', async () => {
    const { id } = await newInvoice()
    const operationId = randomUUID()
    const client = gateway()
    await misbehave({ on: 'business.confirm', kind: 'second-transaction' })
    const [first, second] = [await client.confirmInvoice(id, operationId), await client.confirmInvoice(id, operationId)]
    expect([first.outcome.kind, second.outcome.kind]).toEqual(['accepted', 'accepted'])
    expect(second.outcome).not.toEqual(first.outcome)
  })
})

describe('each fault of a read leaves it unavailable', () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ kind: 'lose-request' }, 'broken-connection'],
    [{ kind: 'reset' }, 'broken-connection'],
    [{ kind: 'delay', ms: 60_000 }, 'timeout'],
    [{ kind: 'endless' }, 'timeout'],
    [{ kind: 'truncate' }, 'not-json'],
    [{ kind: 'garbage' }, 'not-json'],
    [{ kind: 'echo-html-error' }, 'server-error'],
    [{ kind: 'redirect' }, 'redirected'],
    [{ kind: 'status', status: 503 }, 'server-error'],
    [{ kind: 'status', status: 429 }, 'rate-limited'],
    [{ kind: 'status', status: 401 }, 'unauthorized'],
    [{ kind: 'status', status: 422 }, 'rejected'],
  ])('%j', async (fault, reason) => {
    const { id } = await newInvoice()
    await misbehave({ on: '*', ...fault })
    expect((await gateway().readInvoice(id)).outcome).toMatchObject({ kind: 'unavailable', reason })
    expect((await gateway().listInvoices({ page: 1, pageSize: 10 })).outcome).toMatchObject({ kind: 'unavailable', reason })
  })
})

test('upstream’s own limit is understood as one', async () => {
  await control('PUT', '/settings', { rateLimit: '2/30' })
  const { id } = await newInvoice()
  const client = gateway()
  const kinds = []
  for (let call = 0; call < 3; call += 1) kinds.push((await client.readInvoice(id)).outcome)
  expect(kinds.map(({ kind }) => kind)).toEqual(['found', 'found', 'unavailable'])
  expect(kinds[2]).toMatchObject({ reason: 'rate-limited', retryAfterMs: expect.any(Number) as number })
})
