import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { sign } from '../../src/invoicebox'
import type { Notification, Reply } from '../../src/invoicebox'
import { topUp } from '../../src/orders'
import type { Order } from '../../src/orders'
import { notificationRoutes } from '../../src/orders/notification-routes'
import { createLog } from '../../src/shared/log'
import { parseMoney } from '../../src/shared/money'
import { openSite } from '../http/site'
import { ask } from '../routes/client'
import { contents } from '../routes/contents'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { MERCHANT_ID } from './support/merchant'

const PATH = '/invoicebox/notifications'
const KEY = { key: 'sandbox-sign-key', algorithm: 'sha1' } as const
const SUCCESS = { status: 'success' }
const NOT_SIGNED = { status: 'error', code: 'signature_error', message: expect.any(String) as string }
const OUT_OF_SERVICE = { status: 'error', code: 'out_of_service', message: expect.any(String) as string }

/** As PHP writes it: escaped slashes, literal Cyrillic. */
const written = (fields: object): Buffer => Buffer.from(JSON.stringify(fields).replaceAll('/', '\\/'))

interface Sent {
  readonly body: Buffer
  readonly signature?: string | undefined
}

describe('the door of a gateway that sells points', () => {
  let world: World
  let anna: Buyer
  let order: Order
  let pool: Pool

  beforeAll(async () => {
    world = await World.make()
    // The notification is to come from the test, not from the sandbox.
    await world.sandbox.settings({ notificationUrl: '', notificationDelay: 3_600_000 })
    anna = await world.member({ points: '0' })
    order = await topUp(world.parts, { memberId: anna.id, amount: parseMoney('1240', 'RUB'), language: 'ru' })
    pool = new Pool(world.url, { connections: 16, pipelining: 1 })
  }, 30_000)
  afterAll(async () => {
    await pool.close()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const paid = (more: object = {}): Buffer =>
    written({
      id: order.invoiceboxId,
      status: 'completed',
      merchantId: MERCHANT_ID,
      merchantOrderId: order.number,
      amount: 1240,
      currencyId: 'RUB',
      createdAt: '2026-03-05T09:30:00+00:00',
      description: 'Баллы «Мили» / points',
      paymentUrl: order.paymentUrl,
      customer: { type: 'private', name: 'Смирнова Ольга', phone: '79217654321' },
      ...more,
    })
  const signed = (body: Buffer): Sent => ({ body, signature: sign(body, KEY) })

  async function send({ body, signature }: Sent): Promise<Reply> {
    const headers = { 'content-type': 'application/json', ...(signature === undefined ? {} : { 'x-signature': signature }) }
    const answer = await pool.request({ method: 'POST', path: PATH, headers, body })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
    return (await answer.body.json()) as Reply
  }

  /** Many at once, as fast as the door takes them. @returns how often each reply was given */
  async function flood(many: number, make: (index: number) => Sent): Promise<Record<string, number>> {
    const replies: Record<string, number> = {}
    let next = 0
    const sender = async (): Promise<void> => {
      for (let index = next++; index < many; index = next++) {
        const reply = await send(make(index))
        const name = reply.status === 'error' ? reply.code : reply.status
        replies[name] = (replies[name] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: 16 }, sender))
    return replies
  }

  /** Bytes that Invoicebox has not signed, each in another way. */
  const FORGERIES: readonly ((index: number) => Sent)[] = [
    () => ({ body: paid() }),
    () => ({ body: paid(), signature: '' }),
    () => ({ body: paid(), signature: randomBytes(20).toString('hex') }),
    () => ({ body: paid(), signature: sign(paid(), { ...KEY, algorithm: 'sha256' }) }),
    () => ({ body: paid(), signature: sign(paid(), { ...KEY, key: 'another-key' }) }),
    () => ({ body: paid(), signature: createHmac('sha1', 'sandbox-merchant-token-0001').update(paid()).digest('hex') }),
    () => ({ body: paid({ amount: 1240.01 }), signature: sign(paid(), KEY) }),
    () => ({ body: Buffer.from(JSON.stringify(JSON.parse(paid().toString()))), signature: sign(paid(), KEY) }),
    (index) => ({ body: flipped(paid(), index), signature: sign(paid(), KEY) }),
    (index) => ({ body: paid().subarray(0, index % paid().length), signature: sign(paid(), KEY) }),
    () => ({ body: Buffer.concat([paid(), Buffer.from(' ')]), signature: sign(paid(), KEY) }),
    () => ({ body: Buffer.alloc(0), signature: sign(paid(), KEY) }),
    () => ({ body: randomBytes(300), signature: randomBytes(20).toString('base64') }),
    (index) => ({ body: paid(), signature: sign(paid(), KEY).slice(0, index % 40) }),
  ]

  test('ten thousand forged and mangled notifications change nothing and are all answered', async () => {
    const before = await contents(world.db)
    const replies = await flood(10_000, (index) => (FORGERIES[index % FORGERIES.length] as (at: number) => Sent)(index))
    expect(replies).toEqual({ signature_error: 10_000 })
    expect(await contents(world.db)).toEqual(before)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  }, 60_000)

  test('odd requests are answered 200 with the documented JSON as well, and change nothing', async () => {
    const body = paid()
    const signature = sign(body, KEY)
    const before = await contents(world.db)
    const post = async (headers: Record<string, string | string[]>, sent?: Buffer) => {
      const answer = await ask(world.url, { method: 'POST', path: PATH, headers, ...(sent ? { body: sent } : {}) })
      return [answer.status, JSON.parse(answer.text) as unknown]
    }
    expect(await post({})).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': '\u00ef'.repeat(40) }, body)).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': [signature, signature] }, body)).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': signature }, Buffer.alloc(200_000, 'x'))).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': signature, 'transfer-encoding': 'chunked' }, Buffer.alloc(200_000, 'x'))).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': signature, 'content-encoding': 'gzip' }, body)).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': signature, 'content-encoding': 'x-odd' }, body)).toEqual([200, NOT_SIGNED])
    expect(await post({ 'x-signature': signature, 'content-length': '5' }, body.subarray(0, 5))).toEqual([200, NOT_SIGNED])
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await ask(world.url, { method, path: PATH })).status).toBe(404)
    expect(await contents(world.db)).toEqual(before)
  })

  test('what Invoicebox signed is taken whatever the type, in chunks, in capitals and with anybody’s cookies; the answer to a ping changes nothing', async () => {
    const ping = written({
      id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
      merchantOrderId: '',
      merchantId: MERCHANT_ID,
      status: 'completed',
      amount: 0,
    })
    const before = await contents(world.db)
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'transfer-encoding': 'chunked' },
      { cookie: 'session=stolen', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      {},
    ]) {
      const answer = await ask(world.url, {
        method: 'POST',
        path: PATH,
        body: ping,
        headers: { ...headers, 'x-signature': sign(ping, KEY).toUpperCase() },
      })
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, SUCCESS])
      expect(answer.headers['set-cookie']).toBeUndefined()
    }
    expect(
      await send(signed(written({ id: 'ffffffff-ffff-ffff-ffff-ffffffffffff', merchantOrderId: '', merchantId: 'another' }))),
    ).toMatchObject({ code: 'order_not_found' })
    expect(await send(signed(Buffer.from('{')))).toEqual(OUT_OF_SERVICE)
    expect(await contents(world.db)).toEqual(before)
  })

  test('a thousand copies of the real one credit once; whatever is replayed among them gets its documented answer', async () => {
    const kinds: readonly (() => Sent)[] = [
      () => signed(paid()),
      () => signed(paid({ amount: 1240.01 })),
      () => signed(paid({ merchantOrderId: `TU-${randomUUID()}` })),
      () => signed(paid({ merchantId: randomUUID() })),
      () => ({ body: paid({ amount: 1 }), signature: sign(paid(), KEY) }),
    ]
    const replies = await flood(1_000, (index) => (kinds[index % kinds.length] as () => Sent)())
    expect(replies).toEqual({ success: 200, order_wrong_amount: 200, order_not_found: 400, signature_error: 200 })
    expect(await anna.balance()).toEqual({ available: '1240.00', held: '0.00' })
    expect(await send(signed(paid({ id: randomUUID() })))).toMatchObject({ code: 'order_already_paid' })
    expect(await anna.balance()).toEqual({ available: '1240.00', held: '0.00' })
  }, 60_000)
})

/** One bit of it is another one. */
function flipped(body: Buffer, index: number): Buffer {
  const other = Buffer.from(body)
  const at = index % other.length
  other[at] = (other[at] ?? 0) ^ (1 << (index % 8))
  return other
}

describe('a door in trouble', () => {
  const body = written({ id: 'a', merchantOrderId: 'b', merchantId: 'c', status: 'completed', amount: 1, currencyId: 'RUB' })
  const signature = sign(body, KEY)

  async function behind(receive: (notification: Notification) => Promise<Reply>, more: { mostAtWork?: number; key?: null } = {}) {
    const { mostAtWork, ...deps } = more
    const routes = notificationRoutes({ key: KEY, currencies: ['RUB'], log: createLog('silent'), withinMs: 50, receive, ...deps })
    const site = await openSite(routes, mostAtWork === undefined ? {} : { mostAtWork })
    const post = async (): Promise<[number, unknown]> => {
      const answer = await fetch(site.visitor().base + PATH, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'x-signature': signature },
      })
      return [answer.status, await answer.json()]
    }
    return { post, close: () => site.close() }
  }

  test('is out of service when nobody answers in time, when something fails, and under too much load', async () => {
    let release: () => void = () => undefined
    const endless = await behind(() => new Promise((resolve) => (release = () => resolve({ status: 'success' }))), { mostAtWork: 1 })
    const first = endless.post()
    expect([await first, await Promise.all([endless.post(), endless.post()])]).toEqual([
      [200, OUT_OF_SERVICE],
      [
        [200, OUT_OF_SERVICE],
        [200, OUT_OF_SERVICE],
      ],
    ])
    release()
    await endless.close()
    const failing = await behind(() => Promise.reject(new Error('the database is away')))
    expect(await failing.post()).toEqual([200, OUT_OF_SERVICE])
    await failing.close()
  })

  test('takes nothing where no key was agreed', async () => {
    let received = 0
    const receive = (): Promise<Reply> => {
      received += 1
      return Promise.resolve({ status: 'success' })
    }
    const keyless = await behind(receive, { key: null })
    expect(await keyless.post()).toEqual([200, NOT_SIGNED])
    expect(received).toBe(0)
    await keyless.close()
  })
})
