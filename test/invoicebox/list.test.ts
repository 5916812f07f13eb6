import type { InvoiceQuery } from '../../src/invoicebox'
import { json, startUpstream } from './support/upstream'
import type { Reaction, Upstream } from './support/upstream'
import { INVOICE_ID, OPERATION_ID, invoiceAnswer, makeClient } from './support/world'
import type { TestClient } from './support/world'

let upstream: Upstream
let world: TestClient

beforeEach(async () => {
  upstream = await startUpstream()
  world = makeClient(upstream.url)
})

afterEach(async () => {
  await world.client.close()
  await upstream.close()
})

const QUERY: InvoiceQuery = { page: 2, pageSize: 10 }
const list = async (query: InvoiceQuery = QUERY) => (await world.client.listInvoices(query)).outcome
const page = (data: unknown[], metaData?: unknown): Reaction => json(200, { data, extendedData: [], ...(metaData ? { metaData } : {}) })
const paths = () => upstream.seen.map(({ path }) => decodeURIComponent(path.split('?')[1] ?? ''))
const invoices = (count: number) => Array.from({ length: count }, () => invoiceAnswer())

test('filters, sorting and paging are sent in the documented grammar', async () => {
  upstream.plays(page([], { totalCount: 0, pageSize: 50, page: 1 }))
  await list({
    ids: [INVOICE_ID, OPERATION_ID],
    status: ['paid', 'pending'],
    merchantOrderId: 'БР-1 & co',
    order: [{ field: 'createdAt', direction: 'desc' }],
    page: 1,
    pageSize: 50,
  })
  const query = new URLSearchParams(upstream.seen[0]?.path.split('?')[1])
  expect([...query]).toEqual([
    ['id[]', INVOICE_ID],
    ['id[]', OPERATION_ID],
    ['status[]', 'paid'],
    ['status[]', 'pending'],
    ['merchantOrderId', 'БР-1 & co'],
    ['_order[createdAt]', 'desc'],
    ['_page', '1'],
    ['_pageSize', '50'],
  ])
})

test('a page knows whether another follows', async () => {
  upstream.plays(
    page(invoices(10), { totalCount: 21, pageSize: 10, page: 2 }),
    page(invoices(10), { totalCount: 20, pageSize: 10, page: 2 }),
  )
  expect(await list()).toMatchObject({ kind: 'page', totalCount: 21, hasMore: true, odd: [] })
  expect(await list()).toMatchObject({ kind: 'page', totalCount: 20, hasMore: false })
})

test('without metaData a short page is the last one', async () => {
  upstream.plays(page(invoices(10)), page(invoices(9)))
  expect(await list()).toMatchObject({ totalCount: null, hasMore: true })
  expect(await list()).toMatchObject({ totalCount: null, hasMore: false })
})

describe('the names of paging (Q-28)', () => {
  const wrong = page(invoices(30), { totalCount: 99, pageSize: 30, page: 1 })
  const right = page(invoices(10), { totalCount: 99, pageSize: 10, page: 2 })

  test('when another page comes, the plain names are tried once and then remembered', async () => {
    upstream.plays(wrong, right)
    expect(await list()).toMatchObject({ kind: 'page', hasMore: true })
    expect(await list()).toMatchObject({ kind: 'page' })
    expect(paths()).toEqual(['_page=2&_pageSize=10', 'page=2&pageSize=10', 'page=2&pageSize=10'])
  })

  test('without metaData a page that is too long gives itself away', async () => {
    upstream.plays(page(invoices(30)), page(invoices(10)))
    expect(await list()).toMatchObject({ kind: 'page' })
    expect(paths()).toEqual(['_page=2&_pageSize=10', 'page=2&pageSize=10'])
  })

  test('when neither brings the page, the answer is not taken for it', async () => {
    upstream.plays(wrong)
    expect(await list()).toEqual({ kind: 'unavailable', reason: 'not-understood' })
    expect(upstream.seen).toHaveLength(2)
  })

  test('a failure in between teaches nothing', async () => {
    upstream.plays(wrong, json(500, {}), right)
    expect(await list()).toMatchObject({ kind: 'unavailable', reason: 'server-error' })
    await list()
    expect(paths().at(-1)).toBe('_page=2&_pageSize=10')
  })
})

test('an invoice that cannot be served stands apart and harms no other', async () => {
  upstream.plays(page([invoiceAnswer({ id: OPERATION_ID, amount: 0.005 }), invoiceAnswer()], { totalCount: 2, pageSize: 10, page: 2 }))
  expect(await list()).toMatchObject({ invoices: [{ id: INVOICE_ID }], odd: [{ kind: 'odd', invoiceId: OPERATION_ID }] })
})

test('what does not fit the question is left out, since an unknown filter may be ignored (Q-32)', async () => {
  const [missing, paid] = [invoiceAnswer({ status: undefined }), invoiceAnswer({ status: 'paid' })]
  upstream.plays(
    page([missing, paid, invoiceAnswer()]),
    page([invoiceAnswer({ id: OPERATION_ID }), invoiceAnswer({ amount: 0, id: OPERATION_ID }), invoiceAnswer()]),
  )
  expect(await list({ ...QUERY, status: ['pending'] })).toMatchObject({ invoices: [{ status: null }, { status: 'pending' }] })
  expect(await list({ ...QUERY, ids: [INVOICE_ID] })).toMatchObject({ invoices: [{ id: INVOICE_ID }], odd: [] })
})

test('403 is about our token and opens the circuit', async () => {
  upstream.plays(json(403, { error: { code: 'forbidden', message: 'Forbidden', fields: [] } }))
  expect(await list()).toEqual({ kind: 'unavailable', reason: 'unauthorized' })
  expect(world.client.circuit()).toMatchObject({ open: true, reason: 'unauthorized' })
})

test('a question that cannot be meant is a mistake of the caller', async () => {
  const wrong: InvoiceQuery[] = [
    { page: 0, pageSize: 10 },
    { page: 1.5, pageSize: 10 },
    { page: 1, pageSize: 0 },
    { page: 1, pageSize: 51 },
    { page: 1, pageSize: 10, ids: [] },
    { page: 1, pageSize: 10, status: [] },
    { page: 1, pageSize: 10, ids: Array<string>(51).fill(INVOICE_ID) },
  ]
  for (const query of wrong) await expect(world.client.listInvoices(query)).rejects.toThrow(RangeError)
  expect(upstream.seen).toHaveLength(0)
})
