import type { Browser, Page } from 'playwright-core'
import { ORDER, inTwoDays } from '../sandbox/shop'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { World } from '../support/world'
import { accessibilityFaults, sidewaysFaults, smallTargets } from './checks'

const TABS = ['invoices', 'orders', 'notifications', 'faults', 'requests', 'clock', 'fund', 'settings']

/** One paid, so that its notification shows, and one to be paid: the invoice of the latter. */
async function orderOfAShop(url: string): Promise<string> {
  const wish = { ...ORDER, expirationDate: inTwoDays(), notificationUrl: 'http://127.0.0.1:1/closed' }
  const create = async (): Promise<{ id: string; orderContainerId: string }> => {
    const headers = { authorization: 'Bearer sandbox-merchant-token-0001' }
    const answer = await fetch(`${url}/v3/billing/api/order/order`, { method: 'POST', headers, body: JSON.stringify(wish) })
    return ((await answer.json()) as { data: { id: string; orderContainerId: string } }).data
  }
  const { id } = await create()
  await fetch(`${url}/_sandbox/orders/${id}/pay`, { method: 'POST' })
  return (await create()).orderContainerId
}

describeInChromium("the sandbox's own pages", () => {
  let world: World
  let browser: Browser
  let page: Page
  const orders = new Map<string, string>()
  beforeAll(async () => {
    ;[world, browser] = await Promise.all([World.make(), launchChromium()])
    page = await (await newVisitor(browser)).newPage()
    const buyer = await world.member({ points: '1000.00' })
    const paid = await world.sandbox.invoice({ amount: '196.58' })
    await buyer.pays(paid)
    orders.set('paid', paid.id)
    for (const status of ['pending', 'canceled', 'partial'])
      orders.set(status, (await world.sandbox.invoice({ amount: '777.01', status })).id)
    orders.set('of a shop', await orderOfAShop(world.sandbox.url))
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'delay', ms: 100, times: 3 })
  })
  afterAll(async () => {
    await browser.close()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const PAGES = [
    { name: 'the start page', path: () => '/' },
    ...['pending', 'paid', 'canceled', 'partial', 'of a shop'].map((status) => ({
      name: `an order that is ${status}`,
      path: () => `/order/${orders.get(status) ?? ''}`,
    })),
    { name: 'an order that does not exist', path: () => '/order/unknown' },
    ...['success', 'fail', 'return'].map((landing) => ({
      name: `the shop after ${landing}`,
      path: () => `/merchant/${landing}?order=${orders.get('paid') ?? ''}`,
    })),
    { name: 'the console', path: () => '/_sandbox/' },
    ...TABS.map((tab) => ({ name: `the console: ${tab}`, path: () => `/_sandbox/console/${tab}` })),
  ]

  test.each(PAGES)(
    '$name fits a narrow window, has buttons large enough and satisfies the accessibility engine in both languages',
    async ({ path }) => {
      for (const language of ['ru', 'en']) {
        const address = new URL(path(), world.sandbox.url)
        address.searchParams.set('lang', language)
        await page.setViewportSize({ width: 1280, height: 900 })
        await page.goto(address.href)
        expect(await page.locator('html').getAttribute('lang')).toBe(language)
        expect(await accessibilityFaults(page)).toEqual([])
        for (const width of [640, 320]) {
          await page.setViewportSize({ width, height: 700 })
          expect({ width, faults: await sidewaysFaults(page) }).toEqual({ width, faults: [] })
        }
        expect(await smallTargets(page)).toEqual([])
      }
    },
  )
})
