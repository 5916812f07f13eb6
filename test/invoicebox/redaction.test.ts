import { hangUp, http, json, raw, startUpstream } from './support/upstream'
import type { Reaction, Upstream } from './support/upstream'
import { INVOICE_ID, OPERATION_ID, TOKEN, invoiceAnswer, makeClient, transactionAnswer } from './support/world'

/** Canaries: whatever names a person or carries a secret is planted everywhere and must turn up nowhere (invariant 26). */

const KEY = 'signature-key-canary'
const CANARIES = [
  'Канарейкина',
  'canary@example.test',
  '79217654321',
  '921 765',
  '7707083893',
  'Канареечная',
  'card-canary',
  TOKEN,
  TOKEN.split(':')[1] ?? '',
  KEY,
]
const person = {
  type: 'private',
  name: 'Канарейкина Анна',
  phone: '79217654321',
  email: 'canary@example.test',
  vatNumber: '7707083893',
  registrationAddress: 'ул. Канареечная, 1',
}
const everywhere = {
  customer: person,
  description: 'Оплата Канарейкина, canary@example.test, +7 (921) 765-43-21',
  payer: person,
  name: 'Канарейкина',
  card: { number: 'card-canary' },
  'canary@example.test': 'Канарейкина',
  metaData: { underName: person },
  token: TOKEN,
  paymentUrl: `https://pay.sandbox.test/order/1?email=canary@example.test&token=${TOKEN}`,
}
const error = (more = {}) => ({
  error: {
    message: `No canary@example.test +7 (921) 765-43-21 Bearer ${TOKEN} ${KEY}`,
    code: 'validation',
    fields: [{ name: 'customer.name', code: 'wrong_value', message: 'canary@example.test' }],
    ...more,
  },
})

let upstream: Upstream
beforeEach(async () => {
  upstream = await startUpstream()
})
afterEach(() => upstream.close())

const ANSWERS: [string, Reaction][] = [
  ['an invoice', json(200, { data: invoiceAnswer(everywhere), payer: person })],
  ['a list', json(200, { data: [invoiceAnswer(everywhere)], metaData: { totalCount: 1, pageSize: 10, page: 1, owner: person } })],
  ['a transaction', json(200, transactionAnswer({ ...everywhere }))],
  ['an error', json(422, error())],
  ['a flat error', json(422, { ...error().error, customer: person })],
  ['an error with data', json(422, { ...error(), data: person })],
  ['a server error', json(500, { ...error(), trace: `Bearer ${TOKEN}`, customer: person })],
  ['half of an invoice', json(200, JSON.stringify({ data: invoiceAnswer(everywhere) }).slice(0, 700))],
  [
    'HTML',
    http(200, `<title>Канарейкина canary@example.test ${TOKEN}</title>`, { 'Content-Type': 'text/html; owner=canary@example.test' }),
  ],
  ['text that calls itself JSON', json(200, `Канарейкина ${TOKEN}`)],
  ['a JSON text', json(200, '"Канарейкина"')],
  ['headers', json(200, transactionAnswer(), { 'X-Request-Id': TOKEN, 'X-Customer': 'canary@example.test' })],
  ['a redirect', http(302, '', { Location: `https://elsewhere.test/?token=${TOKEN}&email=canary@example.test` })],
  ['an odd invoice', json(200, { data: invoiceAnswer({ ...everywhere, amount: 'canary@example.test', currencyId: TOKEN }) })],
  ['a lost answer', hangUp],
  ['not HTTP', raw('canary@example.test\r\n')],
]

test.each(ANSWERS)('nothing of it is stored or logged: %s', async (_what, reaction) => {
  upstream.plays(reaction)
  const { client, logged } = makeClient(upstream.url, { signatureKey: KEY, readAttempts: 1 })
  const confirm = await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
  const exchanges = [
    confirm.exchange,
    (await client.readInvoice(INVOICE_ID)).exchange,
    (await client.listInvoices({ page: 1, pageSize: 10 })).exchange,
    (await client.checkAuth()).exchange,
  ]
  await client.close()
  const kept = [...exchanges.map((exchange) => JSON.stringify(exchange)), JSON.stringify(confirm.outcome), logged()]
  for (const text of kept) for (const canary of CANARIES) expect(text).not.toContain(canary)
})

test('what staff needs is still there', async () => {
  upstream.plays(json(422, error()))
  const { client } = makeClient(upstream.url)
  const { outcome, exchange } = await client.confirmInvoice(INVOICE_ID, OPERATION_ID)
  await client.close()
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'validation', message: expect.stringContaining('No [hidden]') as string })
  expect(JSON.parse(exchange.response)).toMatchObject({
    error: { code: 'validation', fields: [{ name: 'customer.name', code: 'wrong_value' }] },
  })
})

test('an invoice is stored without its payer and with its exact amount', async () => {
  upstream.plays(json(200, `{"data":${JSON.stringify(invoiceAnswer(everywhere)).replace('12200', '0.1000000000000000001')}}`))
  const { client } = makeClient(upstream.url)
  const { exchange } = await client.readInvoice(INVOICE_ID)
  await client.close()
  expect(JSON.parse(exchange.response)).toMatchObject({
    data: {
      id: INVOICE_ID,
      number: '417-208815',
      amount: '0.1000000000000000001',
      status: 'pending',
      customer: '[hidden]',
      paymentUrl: '[hidden]',
    },
  })
})

test.each<[string, Reaction]>([
  ['a huge body', json(200, { data: invoiceAnswer({ description: 'я'.repeat(1_000_000) }) })],
  ['a huge list', json(200, { data: Array.from({ length: 500 }, () => invoiceAnswer()) })],
  [
    'a huge message',
    json(422, {
      error: { code: 'x', message: 'я'.repeat(50_000), fields: Array(900).fill({ name: 'a', code: 'b', message: 'я'.repeat(250) }) },
    }),
  ],
  ['keys of a prototype', json(200, '{"data":{"constructor":1,"__proto__":{"a":1},"toString":"x","id":"a"}}')],
])('what is stored is bounded: %s', async (_what, reaction) => {
  upstream.plays(reaction)
  const { client } = makeClient(upstream.url)
  const { exchange } = await client.readInvoice(INVOICE_ID)
  await client.close()
  expect(Buffer.byteLength(exchange.response)).toBeLessThanOrEqual(4_096)
  expect(Buffer.byteLength(exchange.request)).toBeLessThanOrEqual(4_096)
})
