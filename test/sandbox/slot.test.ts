import { openShop, order, postOrder, spaFor } from './shop'
import type { Shop } from './shop'
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
  await world.control('PUT', '/settings', { notificationUrl: shop.url, minapps: [{ title: 'Трансфер', url: 'http://taxi.test/app' }] })
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

const page = (id: string, query = '', headers: Record<string, string> = {}) => world.ask(`/order/${id}${query}`, { headers })
const initialOf = (text: string): unknown => JSON.parse((/<textarea[^>]*>([^<]*)</.exec(text)?.[1] ?? '').replaceAll('&#34;', '"'))

test('an unpaid invoice offers additional services without a script; the one that is picked opens within the page', async () => {
  const metaData = { '@type': 'LodgingReservation', reservationId: 'K7Q2ZD' }
  const { orderContainerId: id } = await order(world, { metaData })
  const closed = await page(id)
  expect(closed.text).toContain(`href="/order/${id}?minapp=0#services"`)
  expect(closed.text).not.toMatch(/<script|<iframe/)
  expect(closed.headers.get('content-security-policy')).not.toContain('script-src')
  const open = await page(id, '?minapp=0')
  expect(open.headers.get('content-security-policy')).toContain("frame-src 'self' http: https:;")
  expect(open.text).toContain('data-src="http://taxi.test/app?id=m-')
  expect(open.text).not.toContain('Q-24')
  expect(initialOf(open.text)).toMatchObject({
    public: { minappType: 'suborder', orderContainerId: id, fullHeight: false, locale: 'ru' },
    private: { metaData: [metaData] },
  })
  expect(initialOf((await page(id, '?minapp=0&preset=bare&lang=en')).text)).toEqual({
    public: { minappType: 'suborder', orderContainerId: id },
    private: { metaData: [] },
  })
  expect((await page(id, '?minapp=5')).text).not.toContain('<iframe')
})

test('what can no longer be paid takes no more orders', async () => {
  for (const status of ['paid', 'canceled', 'partial']) {
    const { id } = await world.invoice({ status })
    expect((await page(id, '?minapp=0')).text).not.toContain('id="services"')
  }
})

test('in the frame of a host page it is bare, and what leads elsewhere opens in a tab of its own', async () => {
  const { orderContainerId: id } = await order(world)
  const { text, headers } = await page(id, '', { 'sec-fetch-dest': 'iframe' })
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
  expect(text).not.toMatch(/id="services"|id="cheats"|class="top"/)
  expect(text).toContain(`href="/order/${id}/programme" target="_blank"`)
})

test('both orders are on the page; one payment pays both and tells of each', async () => {
  const main = await order(world)
  const { orderContainerId } = main
  const added = await order(world, {
    orderContainerId,
    merchantOrderId: 'taxi-1',
    amount: 100,
    vatAmount: 18.03,
    basketItems: [{ ...spaFor(100, 18.03, 81.97), name: 'Трансфер' }],
  })
  expect(added.orderContainerId).toBe(orderContainerId)
  const { text } = await page(orderContainerId)
  for (const part of ['Заказ БР-2026-00417', 'Заказ taxi-1', 'Трансфер', '12\u00a0300,00\u00a0₽']) expect(text).toContain(part)
  await world.form(`/order/${orderContainerId}/card`, {})
  const heard = (await shop.hears(2)).map(({ json }) => [json['id'], json['status'], json['amount'], json['orderContainerId']])
  expect(new Set(heard.map(String))).toEqual(
    new Set([String([main.id, 'completed', 12200, orderContainerId]), String([added.id, 'completed', 100, orderContainerId])]),
  )
  expect((await postOrder(world, { orderContainerId, merchantOrderId: 'taxi-2' })).body.error.code).toBe('wrong_order_status')
})

test('an invoice may have been issued in the past', async () => {
  const { id } = await world.invoice({ createdAt: '2026-01-02T03:04:05+00:00' })
  expect(await world.control('GET', `/invoices/${id}`)).toMatchObject({ createdAt: '2026-01-02T03:04:05+00:00', status: 'pending' })
  expect((await world.api(`/v3/business/api/invoice/${id}`)).body.data).toMatchObject({ createdAt: '2026-01-02T03:04:05+00:00' })
  const change = await world.ask(`/_sandbox/invoices/${id}`, { method: 'PATCH', body: '{"createdAt": "2026-01-01"}' })
  expect(change.status).toBe(422)
})
