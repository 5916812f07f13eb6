import { createHmac } from 'node:crypto'
import { codeOf, merchant, openShop, order, shopError } from './shop'
import type { Shop } from './shop'
import { until } from '../support/until'
import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
let shop: Shop
beforeAll(async () => {
  world = await openTestWorld()
  shop = await openShop()
})
beforeEach(async () => {
  await startClean(world)
  await world.control('PUT', '/settings', { notificationUrl: shop.url, notificationKey: 'a-key-of-the-shop' })
  shop.heard.length = 0
  shop.answers.length = 0
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

interface Attempt {
  readonly id: string
  readonly notificationId: string
  readonly orderId: string
  readonly attempt: number
  readonly isByHand: boolean
  readonly url: string
  readonly status: number | null
  readonly answer: string
  readonly code: string | null
  readonly outcome: string
  readonly reason: string | null
  readonly at: string
  readonly fault: string | null
}

const log = async (): Promise<readonly Attempt[]> => (await world.controlList('/notifications?limit=100')) as unknown as Attempt[]
const outcomes = async (): Promise<string[]> => (await log()).map(({ outcome }) => outcome)
const settled = (count: number) => until(async () => (await outcomes()).filter((outcome) => outcome !== 'waiting').length === count)
const advance = (seconds: number) => world.control('PUT', '/clock', { advanceSeconds: seconds })
const pay = (id: string) => world.control('POST', `/orders/${id}/pay`)
const sign = (body: string, key = 'a-key-of-the-shop', algorithm = 'sha1') => createHmac(algorithm, key).update(body, 'utf8').digest('hex')

test('however an order is paid, the shop is told once; the log says what was sent and answered', async () => {
  const paid = [
    await order(world),
    await order(world),
    await order(world, { customer: { type: 'legal', vatNumber: '7700990010' } }),
    await order(world),
  ]
  await world.form(`/order/${paid[0]?.orderContainerId ?? ''}/card`, {})
  await world.confirm(paid[1]?.orderContainerId ?? '', 'op-1')
  await world.form(`/order/${paid[2]?.orderContainerId ?? ''}/guarantee`, {})
  await world.control('PATCH', `/invoices/${paid[3]?.orderContainerId ?? ''}`, { status: 'paid' })
  await shop.hears(4)
  await settled(4)
  expect(new Set(shop.heard.map(({ json }) => json['id']))).toEqual(new Set(paid.map(({ id }) => id)))
  const [newest] = await log()
  expect(newest).toMatchObject({
    attempt: 1,
    url: shop.url,
    status: 200,
    answer: '{"status":"success"}',
    code: 'success',
    outcome: 'accepted',
  })
  for (const { body, headers } of shop.heard) expect(headers['x-signature']).toBe(sign(body))
})

test("an order's own address and another algorithm are used", async () => {
  const other = await openShop()
  await world.control('PUT', '/settings', { notificationAlgorithm: 'sha256' })
  await pay((await order(world, { notificationUrl: other.url })).id)
  const [heard] = await other.hears(1)
  expect(heard?.headers['x-signature']).toBe(sign(heard?.body ?? '', 'a-key-of-the-shop', 'sha256'))
  expect(shop.heard).toHaveLength(0)
  await settled(1)
  await other.close()
})

test('a shop out of service is told ten times more within a day, and then no more', async () => {
  shop.answers.push(...Array.from({ length: 20 }, () => shopError('out_of_service')))
  await pay((await order(world)).id)
  await settled(1)
  await advance(24 * 3_600)
  await settled(11)
  await advance(30 * 24 * 3_600)
  expect(shop.heard).toHaveLength(11)
  expect(new Set(shop.heard.map(({ body, headers }) => `${body}${String(headers['x-signature'])}`)).size).toBe(1)
  expect((await log()).map(({ attempt }) => attempt)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('the repeats are spread over 24 hours: the second comes after five minutes, not before', async () => {
  shop.answers.push({ status: 500, body: '{"status":"success"}' })
  await pay((await order(world)).id)
  await settled(1)
  await advance(4 * 60)
  expect(await outcomes()).toEqual(['failed'])
  await advance(61)
  await settled(2)
  expect(await outcomes()).toEqual(['accepted', 'failed'])
  await advance(24 * 3_600)
  expect(shop.heard).toHaveLength(2)
})

test.each([
  [{ status: 500, body: '{"status":"success"}' }, 'failed', null],
  [{ body: '<html>' }, 'failed', null],
  [{ body: '{}' }, 'failed', null],
  [{ body: '{"status":"error"}' }, 'failed', 'out_of_service'],
  [shopError('order_wrong_amount'), 'declined', 'order_wrong_amount'],
  [shopError('order_already_paid'), 'declined', 'order_already_paid'],
  [shopError('order_not_found'), 'declined', 'order_not_found'],
  [shopError('signature_error'), 'declined', 'signature_error'],
  [shopError('order_wrong_status'), 'declined', 'order_wrong_status'],
  [shopError('shipping_unavailable'), 'declined', 'shipping_unavailable'],
])('%j means %s', async (answer, outcome, code) => {
  shop.answers.push(answer)
  const { id } = await order(world)
  await pay(id)
  await settled(1)
  expect((await log())[0]).toMatchObject({ outcome, code })
  await advance(300)
  await settled(outcome === 'failed' ? 2 : 1)
})

test('silence, a closed door and no address at all are failures', async () => {
  await world.control('PUT', '/settings', { notificationTimeoutMs: 30 })
  shop.answers.push({ body: '', isSilent: true })
  await pay((await order(world)).id)
  await pay((await order(world, { notificationUrl: 'http://127.0.0.1:1/closed' })).id)
  await world.control('PUT', '/settings', { notificationUrl: '' })
  await pay((await order(world)).id)
  await settled(3)
  const reasons = (await log()).map(({ reason }) => reason)
  expect(new Set(reasons)).toEqual(new Set(['no answer in time', expect.stringMatching(/./), 'no notificationUrl']))
  expect(await outcomes()).toEqual(['failed', 'failed', 'failed'])
})

test('resending by hand repeats the same bytes, by the id of the attempt, the notification or the order', async () => {
  const { id } = await order(world)
  await pay(id)
  await settled(1)
  const [first] = await log()
  for (const name of [first?.id, first?.notificationId, id]) {
    expect(await world.control('POST', `/notifications/${name ?? ''}/resend`)).toMatchObject({
      isByHand: true,
      outcome: 'accepted',
      status: 200,
    })
  }
  expect(new Set(shop.heard.map(({ body }) => body)).size).toBe(1)
  expect(shop.heard).toHaveLength(4)
  expect(codeOf(await world.ask('/_sandbox/notifications/nothing/resend', { method: 'POST' }))).toEqual([404, 'not_found', undefined])
})

test('a delayed notification waits for the clock and shows in the log meanwhile', async () => {
  await world.control('PUT', '/settings', { notificationDelay: 3_600_000 })
  await pay((await order(world)).id)
  expect(await outcomes()).toEqual(['waiting'])
  expect(shop.heard).toHaveLength(0)
  await advance(3_601)
  await settled(1)
  expect(await outcomes()).toEqual(['accepted'])
})

test('the monitoring test names no order and changes nothing', async () => {
  const attempt = await world.control('POST', '/notifications/ping')
  expect(attempt).toMatchObject({ orderId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', status: 200, outcome: 'accepted' })
  expect(shop.heard[0]?.json).toMatchObject({
    id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    merchantOrderId: '',
    status: 'completed',
    amount: 0,
    basketItems: [],
  })
  expect(shop.heard[0]?.headers['x-signature']).toBe(sign(shop.heard[0]?.body ?? ''))
})

test('canceled orders are told only with the switch', async () => {
  const cancel = (id: string) => merchant(world, `/v3/billing/api/order/order/${id}`, undefined, 'DELETE')
  await cancel((await order(world)).id)
  await world.control('PUT', '/settings', { notifyCanceled: true })
  const { id } = await order(world)
  await cancel(id)
  const [heard] = await shop.hears(1)
  expect(heard?.json).toMatchObject({ id, status: 'canceled' })
  expect(await log()).toHaveLength(1)
})

const strike = (kind: string, more = {}) => world.control('POST', '/faults', { on: 'notification', kind, times: 1, ...more })

test.each([
  ['wrong-amount', { amount: '1.00' }, { amount: 1 }],
  ['wrong-currency', {}, { currencyId: 'USD' }],
  ['wrong-status', {}, { status: 'success' }],
  ['wrong-merchant', {}, {}],
  ['unknown-order', {}, {}],
  ['other-payment', {}, { merchantOrderId: 'БР-2026-00417' }],
])('%s says something else, rightly signed', async (kind, more, expected) => {
  const { id } = await order(world)
  await strike(kind, more)
  await pay(id)
  const [{ body, headers, json } = { body: '', headers: {}, json: {} }] = await shop.hears(1)
  expect(json).toMatchObject(expected)
  expect(headers['x-signature']).toBe(sign(body))
  if (kind === 'unknown-order' || kind === 'other-payment') expect(json['id']).not.toBe(id)
})

test.each([
  ['wrong-signature', (body: string) => sign(body)],
  ['no-signature', () => undefined],
  ['reserialize', (body: string) => sign(body)],
])('%s breaks the signature', async (kind, honest) => {
  await strike(kind)
  await pay((await order(world)).id)
  const [{ body, headers } = { body: '', headers: {} as Record<string, string> }] = await shop.hears(1)
  if (kind === 'no-signature') expect(headers['x-signature']).toBe(honest(body))
  else expect(headers['x-signature']).not.toBe(honest(body))
})

test('lost ones never come; doubled ones come at once; a lost answer brings a repeat; a late one comes by the clock', async () => {
  await strike('lose')
  await pay((await order(world)).id)
  await settled(1)
  await advance(24 * 3_600)
  expect([await outcomes(), shop.heard.length]).toEqual([['lost'], 0])
  await strike('duplicate', { copies: 5 })
  await pay((await order(world, { expirationDate: '2099-01-01T00:00:00Z' })).id)
  await shop.hears(5)
  await settled(6)
  expect(new Set(shop.heard.map(({ body }) => body)).size).toBe(1)
  await strike('lose-answer')
  await pay((await order(world, { expirationDate: '2099-01-01T00:00:00Z' })).id)
  await settled(7)
  await advance(301)
  await shop.hears(7)
  await settled(8)
  await strike('delay', { ms: 60_000 })
  await pay((await order(world, { expirationDate: '2099-01-01T00:00:00Z' })).id)
  expect(shop.heard).toHaveLength(7)
  await advance(61)
  await shop.hears(8)
})

test('a reordered one comes after the next', async () => {
  const [first, second] = [await order(world), await order(world)]
  await strike('reorder', { ms: 600_000, invoiceId: first.id })
  await pay(first.id)
  await until(async () => (await log())[0]?.fault === 'reorder')
  await pay(second.id)
  const heard = await shop.hears(2)
  expect(heard.map(({ json }) => json['id'])).toEqual([second.id, first.id])
})

test('with shipment control the page waits for the shop; a shop that cannot deliver must cancel, and only then may it', async () => {
  await world.control('PUT', '/settings', { shippingControl: true, cancelNeedsShippingUnavailable: true, notificationDelay: 60_000 })
  const { id, orderContainerId } = await order(world)
  const cancel = () => merchant(world, `/v3/billing/api/order/order/${id}`, undefined, 'DELETE')
  const state = async () => /<main [^>]*data-state="([^"]*)"/.exec((await world.ask(`/order/${orderContainerId}`)).text)?.[1]
  await world.confirm(orderContainerId, 'op-1')
  expect(await state()).toBe('waiting')
  expect((await world.ask(`/order/${orderContainerId}`)).headers.get('refresh')).toBe('2')
  expect(codeOf(await cancel())).toEqual([422, 'wrong_order_status', undefined])
  shop.answers.push(shopError('shipping_unavailable'))
  await advance(61)
  await settled(1)
  expect(await state()).toBe('unavailable')
  expect((await world.ask(`/order/${orderContainerId}`)).text).toContain('https://spa.example.test/pay/fail')
  expect((await cancel()).body.data.status).toBe('canceled')
  expect(await world.balance()).toBe('1000000.00')
})
