import { readConfig } from '../../src/sandbox/config'
import { merchant, openShop, order, spaFor } from './shop'
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
  await world.control('PUT', '/settings', { notificationUrl: shop.url, refundAfterMs: null })
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

const XSS = '<script>alert(1)</script>"\'&<img src=x onerror=1>'
const page = async (path: string): Promise<string> => (await world.ask(path)).text

test("the payment page of an order shows what is in it, every way to pay, and the shop's own links", async () => {
  const { orderContainerId } = await order(world)
  const text = await page(`/order/${orderContainerId}`)
  for (const part of [
    'Заказ БР-2026-00417',
    'Массаж спины, 60 мин, сертификат',
    '12\u00a0200,00\u00a0₽',
    `action="/order/${orderContainerId}/card"`,
    `action="/order/${orderContainerId}/guarantee"`,
    `href="/order/${orderContainerId}/programme"`,
    'href="https://spa.example.test/pay/fail"',
    'href="https://spa.example.test/cart"',
  ]) {
    expect(text).toContain(part)
  }
  const partner = (await world.ask(`/order/${orderContainerId}/programme`)).headers.get('location') ?? ''
  expect(new URL(partner).searchParams.get('successUrl')).toBe('https://spa.example.test/pay/ok')
  await world.form(`/order/${orderContainerId}/card`, {})
  expect(await page(`/order/${orderContainerId}`)).toContain('href="https://spa.example.test/pay/ok"')
})

test('links that a browser must not follow are not offered, and nothing of an order becomes markup', async () => {
  const { orderContainerId } = await order(world, {
    successUrl: 'javascript:alert(1)',
    failUrl: 'javascript:alert(1)',
    returnUrl: '//x',
    merchantOrderId: XSS,
    description: XSS,
    basketItems: [{ ...spaFor(12200, 2200, 10000), name: XSS }],
  })
  await world.form(`/order/${orderContainerId}/card`, {})
  for (const path of [`/order/${orderContainerId}`, '/_sandbox/console/orders', '/_sandbox/console/notifications']) {
    const text = await page(path)
    expect(text).not.toMatch(/<script|<img|javascript:alert\(1\)"|undefined|\[object/)
  }
})

test('a guarantee fund that is short says so and pays nothing', async () => {
  const { id, orderContainerId } = await order(world, { customer: { vatNumber: '7700990010' } })
  await world.control('PUT', '/payers/7700990010', { balance: '1.00' })
  expect((await world.form(`/order/${orderContainerId}/guarantee`, {})).status).toBe(422)
  expect((await world.control('GET', `/orders/${id}`)).status).toBe('created')
})

test('the console pays, expires, refunds and resends through plain forms, in both languages', async () => {
  for (const path of ['orders', 'notifications']) {
    for (const lang of ['', '?lang=en']) expect(await page(`/_sandbox/console/${path}${lang}`)).toContain('aria-current="page"')
  }
  const [one, two] = [await order(world), await order(world)]
  await merchant(world, `/v3/billing/api/order/${two.id}/payment-method-action/send-code`, {
    paymentMethodId: '1',
    customer: { vatNumber: '7849990015' },
  })
  expect(await page('/_sandbox/console/orders')).toMatch(/Код подтверждения: \d{4}/)
  expect((await world.form(`/_sandbox/console/orders/${one.id}`, { action: 'card' })).status).toBe(303)
  expect((await world.form(`/_sandbox/console/orders/${two.id}`, { action: 'expire' })).status).toBe(303)
  expect((await world.form(`/_sandbox/console/orders/${two.id}`, { action: 'late' })).status).toBe(303)
  expect((await world.form(`/_sandbox/console/orders/${two.id}`, { action: 'explode' })).status).toBe(422)
  await shop.hears(2)
  const refund = {
    parentId: one.id,
    merchantOrderId: 'R1',
    amount: 100,
    vatAmount: 18.03,
    description: 'x',
    basketItems: [spaFor(100, 18.03, 81.97)],
  }
  const { id } = (await merchant(world, '/v3/billing/api/order/refund-order', refund)).body.data
  expect(await page('/_sandbox/console/orders?lang=en')).toContain('Refund R1: 100.00\u00a0₽, taken on')
  expect((await world.form(`/_sandbox/console/refunds/${id}`, {})).status).toBe(303)
  expect(await page('/_sandbox/console/orders?lang=en')).toContain('Refund R1: 100.00\u00a0₽, completed')
  const [attempt] = await world.controlList('/notifications')
  expect((await world.form(`/_sandbox/console/notifications/${attempt?.id ?? ''}`, {})).status).toBe(303)
  expect((await world.form('/_sandbox/console/notifications/ping', {})).status).toBe(303)
  const log = await page('/_sandbox/console/notifications?lang=en')
  for (const part of ['monitoring', 'by hand', 'accepted', 'X-Signature', '&#34;merchantOrderId&#34;']) expect(log).toContain(part)
})

test('the settings page offers the switches of notifications and refunds', async () => {
  const fields = {
    notificationAlgorithm: 'sha256',
    notificationDelay: '5',
    refundAfterMs: '7',
    notificationKey: '12345',
    strictMerchant: 'on',
  }
  expect((await world.form('/_sandbox/console/settings', fields)).status).toBe(303)
  expect(await world.control('GET', '/settings')).toMatchObject({ ...fields, notificationDelay: 5, refundAfterMs: 7, strictMerchant: true })
  for (const wrong of [{ refundAfterMs: -1 }, { notificationUrl: 'ftp://x' }, { notificationKey: '' }, { notificationAlgorithm: 'md5' }]) {
    expect((await world.ask('/_sandbox/settings', { method: 'PUT', body: JSON.stringify(wrong) })).status).toBe(422)
  }
})

test('the shop is read from the environment, the gateway included', () => {
  const own = { SANDBOX_MERCHANT_ID: 'm', SANDBOX_MERCHANT_TOKEN: 'token-of-the-shop', SANDBOX_NOTIFICATION_KEY: 'k' }
  expect(readConfig({ ...own, SANDBOX_NOTIFICATION_URL: 'http://x/n', INVOICEBOX_MERCHANT_ID: 'other' })).toEqual({
    port: 4100,
    merchantId: 'm',
    merchantToken: 'token-of-the-shop',
    notificationKey: 'k',
    notificationUrl: 'http://x/n',
  })
  expect(readConfig({ INVOICEBOX_MERCHANT_ID: 'g', INVOICEBOX_NOTIFICATION_KEY: 'gk' })).toMatchObject({
    merchantId: 'g',
    notificationKey: 'gk',
  })
  expect(() => readConfig({ SANDBOX_MERCHANT_TOKEN: 'a b', SANDBOX_NOTIFICATION_URL: 'ftp://x' })).toThrow(
    /SANDBOX_MERCHANT_TOKEN.*SANDBOX_NOTIFICATION_URL/,
  )
})
