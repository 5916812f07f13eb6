import fc from 'fast-check'
import { answerInTime, parseNotification, verifySignature } from '../../src/invoicebox'
import type { Notification } from '../../src/invoicebox'
import { createLog } from '../../src/shared/log'
import { CONTAINER_ID, MERCHANT_ID, ORDER_ID, orderAnswer, rub } from './support/merchant'

const parse = (body: unknown): Notification =>
  parseNotification(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), ['RUB'])
const told = (more: object = {}) => orderAnswer({ status: 'completed', ...more })

test('the documented notification, without whoever paid', () => {
  const notification = parse(told())
  expect(notification).toEqual({
    kind: 'order',
    id: ORDER_ID,
    merchantId: MERCHANT_ID,
    merchantOrderId: 'BR-2026-00417',
    orderContainerId: CONTAINER_ID,
    status: 'completed',
    amount: rub('12200'),
    createdAt: new Date('2026-03-05T09:30:00Z'),
    redacted: expect.any(String) as string,
  })
  expect(JSON.stringify(notification, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(
    /Смирнова|79217654321|o\.smirnova/,
  )
  expect(notification).toMatchObject({ redacted: expect.stringContaining(`"id":"${ORDER_ID}"`) as string })
})

test('escaped slashes, literal Cyrillic and amounts without decimals are read as they are', () => {
  const body = String.raw`{"id":"018f6d2a-7c40-b1d2-e3f4-5a6b7c8d9e0f","status":"completed","merchantId":"m","merchantOrderId":"БР-2026-00417","amount":1239.6,"currencyId":"RUB","paymentUrl":"https:\/\/pay.sandbox.test\/order\/1"}`
  expect(parse(body)).toMatchObject({ merchantOrderId: 'БР-2026-00417', amount: rub('1239.60'), createdAt: null, orderContainerId: null })
})

test.each([
  ['completed', 'completed'],
  ['canceled', 'canceled'],
  ['cancelled', 'canceled'],
  ['success', 'unknown'],
  ['hold', 'unknown'],
  ['created', 'unknown'],
  ['COMPLETED', 'unknown'],
  ['', 'unknown'],
  [null, 'unknown'],
  [undefined, 'unknown'],
])('the status %j means %s', (status, meaning) => expect(parse(told({ status }))).toMatchObject({ kind: 'order', status: meaning }))

test.each([[0], [-1], ['12200.005'], ['1e3'], [''], [null], [undefined], ['12 200']])('the amount %j is no amount', (amount) =>
  expect(parse(told({ amount }))).toMatchObject({ kind: 'order', amount: null }),
)

test.each([['USD'], ['PTS'], ['rub'], [''], [null], [undefined]])('the currency %j is not served', (currencyId) =>
  expect(parse(told({ currencyId }))).toMatchObject({ kind: 'order', amount: null }),
)

test('an amount is not rounded on its way in', () => {
  const body = JSON.stringify(told()).replace('"amount":12200', '"amount":12200.0000000000000001')
  expect(parse(body)).toMatchObject({ amount: null })
})

test.each([[''], [null], [undefined]])('the monitoring comes with the number %j', (merchantOrderId) => {
  const id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
  const ping = { kind: 'ping', merchantId: MERCHANT_ID }
  expect(parse({ id, merchantOrderId, merchantId: MERCHANT_ID, status: 'completed', amount: 0 })).toEqual(ping)
  expect(parse({ id: id.toUpperCase(), merchantOrderId, merchantId: MERCHANT_ID })).toEqual(ping)
})

test('the id of the monitoring with a number is an order like any other', () =>
  expect(parse(told({ id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }))).toMatchObject({ kind: 'order' }))

test.each<[string, unknown]>([
  ['nothing', ''],
  ['HTML', '<p>no</p>'],
  ['half of it', JSON.stringify(told()).slice(0, 200)],
  ['two of them', `${JSON.stringify(told())}${JSON.stringify(told())}`],
  ['a key twice', '{"id":"a","id":"b"}'],
  ['a list', [told()]],
  ['a text', '"completed"'],
  ['nothing at all', 'null'],
  ['no id', told({ id: undefined })],
  ['an id that is a list', told({ id: ['a'] })],
  ['an id with blanks', told({ id: 'a b' })],
  ['a status that is an object', told({ status: {} })],
  ['a merchant that is a list', told({ merchantId: [] })],
  ['a nest', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
])('%s is unreadable', (_what, body) =>
  expect(parse(body)).toEqual({ kind: 'unreadable', problem: expect.any(String) as string, redacted: expect.any(String) as string }),
)

test('bytes that are no UTF-8 are unreadable', () =>
  expect(parseNotification(Buffer.from([0x7b, 0xff, 0x7d]), ['RUB'])).toMatchObject({ kind: 'unreadable' }))

test('texts are fit to be stored: no zero character, no endless number', () => {
  const notification = parse(told({ merchantOrderId: `a\u0000b${'x'.repeat(300)}`, merchantId: 'm\u0000' }))
  expect(notification).toMatchObject({ merchantId: 'm', merchantOrderId: expect.stringMatching(/^a bx+$/) as string })
  expect((notification as { merchantOrderId: string }).merchantOrderId).toHaveLength(256)
})

test('a name such as __proto__ is a name like any other', () =>
  expect(parse(`{"__proto__":{"id":"x"},"constructor":1,"id":"${ORDER_ID}"}`)).toMatchObject({ kind: 'order', id: ORDER_ID }))

test('whatever bytes and whatever JSON come, reading them never fails and never makes money of them', () => {
  const anyValue = fc.jsonValue({ maxDepth: 3 })
  const mutated = fc
    .dictionary(fc.constantFrom(...Object.keys(told())), anyValue)
    .map((change) => Buffer.from(JSON.stringify(told(change))))
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    mutated,
  )
  fc.assert(
    fc.property(anyBody, fc.string({ unit: 'binary' }), (body, signature) => {
      const notification = parseNotification(body, ['RUB'])
      expect(['ping', 'order', 'unreadable']).toContain(notification.kind)
      if (notification.kind === 'order' && notification.amount) expect(notification.amount.minor > 0n).toBe(true)
      expect(verifySignature(body, signature, { key: 'k', algorithm: 'sha1' })).toBe(false)
    }),
    { numRuns: 500 },
  )
})

describe('the answer in time', () => {
  const silent = createLog('silent')

  test('is the receiver’s when it is there', async () =>
    expect(await answerInTime(() => Promise.resolve({ status: 'success' }), silent)).toEqual({ status: 'success' }))

  test('is out_of_service when the receiver fails, at once or later', async () => {
    const bug = new Error('bug')
    const failing = [() => Promise.reject(bug), () => new Promise<never>((_resolve, reject) => setTimeout(reject, 1, bug))]
    const atOnce = (): Promise<never> => {
      throw bug
    }
    for (const receive of [...failing, atOnce])
      expect(await answerInTime(receive, silent)).toMatchObject({ status: 'error', code: 'out_of_service' })
  })

  test('is out_of_service when the receiver takes too long, and its later failure harms nobody', async () => {
    let fail: (error: Error) => void = () => undefined
    const endless = new Promise<never>((_resolve, reject) => (fail = reject))
    expect(await answerInTime(() => endless, silent, 20)).toMatchObject({ status: 'error', code: 'out_of_service' })
    fail(new Error('too late'))
    await new Promise((resolve) => setImmediate(resolve))
  })
})
