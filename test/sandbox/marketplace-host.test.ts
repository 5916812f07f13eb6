import { PRESETS } from '../../src/sandbox/host/presets'
import { order } from './shop'
import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld({ partnerAuthUrl: 'http://partner.test:3000/in/{invoiceId}' })))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const XSS = '"><script>alert(1)</script>'
const MINAPPS = [
  { title: 'Билеты', url: 'http://one.test/app?shop=1' },
  { title: XSS, url: 'https://two.test/' },
]

const unescaped = (text: string): string =>
  text.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

interface HostScript {
  readonly id: string
  readonly src: string
  readonly frameOrigin: string
  readonly isWebView: boolean
  readonly containerId: string | null
  readonly texts: { readonly unavailable: string }
}

/** What a page tells its script, and what it would answer to `init`. */
async function hostOn(path: string): Promise<{ script: HostScript; initial: string; policy: string; text: string }> {
  const { text, headers, status } = await world.ask(path)
  expect(status).toBe(200)
  const part = (pattern: RegExp): string => unescaped(pattern.exec(text)?.[1] ?? '')
  return {
    script: JSON.parse(part(/data-host="([^"]*)"/)) as HostScript,
    initial: part(/<textarea[^>]*>([^<]*)</),
    policy: headers.get('content-security-policy') ?? '',
    text,
  }
}

const dataOn = async (path: string): Promise<{ public: Record<string, unknown>; private: { metaData: unknown[] } }> =>
  JSON.parse((await hostOn(path)).initial) as { public: Record<string, unknown>; private: { metaData: unknown[] } }

test("the marketplace opens the partner's own mini-app with an id of its own, in both languages", async () => {
  const { script, policy, text } = await hostOn('/marketplace')
  expect(script.src).toBe(`http://partner.test:3000/minapp?id=${script.id}`)
  expect(script.id).toMatch(/^m-[0-9a-f]{12}$/)
  expect((await hostOn('/marketplace')).script.id).not.toBe(script.id)
  expect(policy).toContain("script-src 'self'")
  expect(policy).toContain("frame-src 'self' http: https:;")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(text).toContain('src="/assets/host/main.js"')
  const english = await hostOn('/marketplace?lang=en')
  expect(english.text).toContain('<h1>Marketplace</h1>')
  expect(english.script.texts.unavailable).toBe('The mini-app has nothing to offer now and is closed.')
  expect((await world.ask('/assets/host/main.js')).status).toBe(200)
})

test('the mini-apps are a setting: listed, picked by number, their own query kept, markup in their titles harmless', async () => {
  await world.control('PUT', '/settings', { minapps: MINAPPS })
  const first = await hostOn('/marketplace')
  expect(first.script.src).toBe(`http://one.test/app?shop=1&id=${first.script.id}`)
  const second = await hostOn('/marketplace?app=1&lang=en')
  expect(second.script.frameOrigin).toBe('https://two.test')
  expect(second.text).not.toContain(XSS)
  expect(unescaped(second.text)).toContain('href="/marketplace?app=0&lang=en"')
  expect((await world.ask('/marketplace?app=7')).status).toBe(404)
  await world.control('PUT', '/settings', { minapps: [] })
  expect((await world.ask('/marketplace')).text).toContain('Мини-приложений нет')
  await world.control('PUT', '/settings', { minapps: null })
  expect(await world.control('GET', '/settings')).toMatchObject({ minapps: [{ url: 'http://partner.test:3000/minapp' }] })
})

test.each([
  [{ minapps: [{ title: 'x', url: 'javascript:alert(1)' }] }],
  [{ minapps: [{ title: '', url: 'http://x.test/' }] }],
  [{ minapps: 'none' }],
  [{ minappReturn: 'elsewhere' }],
])('a setting that cannot be is refused with a sentence: %j', async (settings) => {
  const { status, body } = await world.ask('/_sandbox/settings', { method: 'PUT', body: JSON.stringify(settings) })
  expect([status, body.error.code]).toEqual([422, 'validation'])
  expect(body.error.message).toMatch(/minapp/)
})

test('the settings page takes the list as JSON, and the word for the default', async () => {
  const save = (minapps: string) => world.form('/_sandbox/console/settings', { minapps, minappReturn: 'top' })
  expect((await save(JSON.stringify(MINAPPS))).status).toBe(303)
  expect(await world.control('GET', '/settings')).toMatchObject({ minapps: MINAPPS, minappReturn: 'top' })
  expect((await world.ask('/_sandbox/console/settings')).text).toContain('value="[{&#34;title&#34;:&#34;Билеты')
  expect((await save('default')).status).toBe(303)
  expect((await save('[oops')).status).toBe(422)
  expect(await world.control('GET', '/settings')).toMatchObject({ minapps: [{ url: 'http://partner.test:3000/minapp' }] })
})

test('every preset says what its name promises', async () => {
  const invoice = await world.invoice()
  const preset = (name: string) => dataOn(`/marketplace?preset=${name}`)
  expect((await preset('order')).public).toEqual({
    minappType: 'order',
    shopId: 31,
    userEmail: 'o.smirnova@example.test',
    userName: 'Ольга Смирнова',
    userPhone: '+79217654321',
    fullHeight: true,
    locale: 'ru',
  })
  expect((await preset('suborder')).public).toMatchObject({ minappType: 'suborder', orderContainerId: invoice.id, fullHeight: false })
  expect((await preset('content-height')).public).toMatchObject({ minappType: 'order', fullHeight: false })
  expect(await preset('bare')).toEqual({ public: { minappType: 'order' }, private: { metaData: [] } })
  expect((await preset('hostile')).public).toMatchObject({ fullHeight: 'yes', shopId: expect.stringContaining('OR 1=1') as string })
  expect((await preset('other-locale')).public).toMatchObject({ locale: 'en' })
  expect((await preset('other-locale&lang=en')).public).toMatchObject({ locale: 'ru' })
  expect(JSON.stringify((await preset('fits')).private)).toContain('K7Q2ZD')
  expect(JSON.stringify((await preset('differs')).private)).not.toContain('K7Q2ZD')
  expect((await hostOn('/marketplace?preset=silent')).initial).toBe('')
  expect((await preset('nonsense')).public).toMatchObject({ minappType: 'order' })
  const { text } = await hostOn('/marketplace?preset=hostile')
  expect(text).not.toContain('<script>alert')
  for (const name of PRESETS) expect(text).toContain(`<option value="${name}"`)
})

test('without an unpaid invoice there is nothing to add an order to', async () => {
  expect((await hostOn('/marketplace')).text).not.toContain('value="suborder"')
  expect((await dataOn('/marketplace?preset=suborder')).public).toMatchObject({ minappType: 'order' })
})

describe('back from payment (Q-66)', () => {
  const OWN = { successUrl: 'https://spa.example.test/done?x=1', failUrl: 'https://spa.example.test/no' }
  const openFromHost = (container: string) =>
    world.form('/marketplace/payment?lang=en', { container, app: '1', query: '?app=1&preset=bare&lang=en' })
  const linkOf = (text: string): string => unescaped(/outcome-paid[\s\S]*?href="([^"]*)"/.exec(text)?.[1] ?? '')

  test('whoever came from a mini-app comes back into its frame, also by way of the partner', async () => {
    await world.control('PUT', '/settings', { minapps: MINAPPS })
    const { orderContainerId: id } = await order(world, OWN)
    const opened = await openFromHost(id)
    expect([opened.status, opened.headers.get('location')]).toEqual([303, `/order/${id}?lang=en`])
    const partner = (await world.ask(`/order/${id}/programme`)).headers.get('location') ?? ''
    expect(new URL(partner).searchParams.get('failUrl')).toBe(`${world.sandbox.url}/marketplace/return/${id}?to=fail&lang=en`)
    expect(new URL(partner).searchParams.get('returnUrl')).toBe('https://spa.example.test/cart')
    await world.form(`/order/${id}/card`, {})
    const back = linkOf((await world.ask(`/order/${id}`)).text)
    expect(back).toBe(`${world.sandbox.url}/marketplace/return/${id}?to=success&lang=en`)
    const { script, initial, text } = await hostOn(back)
    expect(script.src).toBe(`https://spa.example.test/done?x=1&id=${script.id}`)
    expect(script.frameOrigin).toBe('https://spa.example.test')
    expect(JSON.parse(initial)).toMatchObject({ public: { minappType: 'order' }, private: { metaData: [] } })
    expect(text).toContain('href="https://spa.example.test/done?x=1"')
    expect((await hostOn(`/marketplace/return/${id}?to=fail`)).script.src).toMatch(/^https:\/\/spa\.example\.test\/no\?id=/)
  })

  test("by the switch they go to the shop's page in place of the host's", async () => {
    await world.control('PUT', '/settings', { minapps: MINAPPS, minappReturn: 'top' })
    const { orderContainerId: id } = await order(world, OWN)
    await openFromHost(id)
    await world.form(`/order/${id}/card`, {})
    expect(linkOf((await world.ask(`/order/${id}`)).text)).toBe(OWN.successUrl)
  })

  test('nobody came from a mini-app, or its shop names no page: the usual way back', async () => {
    const plain = await order(world, OWN)
    const silent = await order(world, { successUrl: null, failUrl: 'javascript:alert(1)' })
    await openFromHost(silent.orderContainerId)
    for (const { orderContainerId: id } of [plain, silent]) {
      const reply = await world.ask(`/marketplace/return/${id}?to=fail`)
      expect([reply.status, reply.headers.get('location')]).toEqual([303, `/merchant/fail?order=${id}`])
    }
    expect((await world.ask('/marketplace/return/unknown')).status).toBe(404)
  })

  test('a page of another site sends nobody to a payment page in the name of a mini-app', async () => {
    const { orderContainerId } = await order(world, OWN)
    const headers = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
    const body = new URLSearchParams({ container: orderContainerId, app: '0', query: '' })
    expect((await world.ask('/marketplace/payment', { method: 'POST', headers, body })).status).toBe(403)
  })
})

test('the state of a payment page in the words of paymentResult', async () => {
  const stateOf = async (id: string): Promise<unknown> => (await world.ask(`/order/${id}/state`)).body
  for (const [status, said] of [
    ['pending', 'pending'],
    ['paid', 'completed'],
    ['canceled', 'canceled'],
    ['partial', 'unknown'],
  ]) {
    expect(await stateOf((await world.invoice({ status })).id)).toEqual({ status: said })
  }
  const { id } = await world.invoice({ expirationDate: '2001-01-01' })
  expect(await stateOf(id)).toEqual({ status: 'expired' })
  expect((await world.ask('/order/unknown/state')).status).toBe(404)
  await world.control('PUT', '/settings', { shippingControl: true, notificationDelay: 1_000_000 })
  const { orderContainerId } = await order(world)
  await world.form(`/order/${orderContainerId}/card`, {})
  expect(await stateOf(orderContainerId)).toEqual({ status: 'hold' })
})
