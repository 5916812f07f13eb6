import type { Browser, FrameLocator, Locator, Page } from 'playwright-core'
import { order } from '../sandbox/shop'
import { openTestWorld, startClean } from '../sandbox/world'
import type { TestWorld } from '../sandbox/world'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { accessibilityFaults, sidewaysFaults, smallTargets, tabTo } from './checks'
import { openTinyMinapp } from './tiny-minapp'
import type { TinyMinapp } from './tiny-minapp'

// What runs inside a page is written as text: the tests are typed for Node, where there is no document.

describeInChromium('a mini-app made with the official package, in the pages of the sandbox', () => {
  let world: TestWorld
  let tiny: TinyMinapp
  let browser: Browser
  let page: Page
  let app: FrameLocator
  beforeAll(async () => {
    world = await openTestWorld()
    ;[tiny, browser] = await Promise.all([openTinyMinapp(world.sandbox.url), launchChromium()])
  })
  beforeEach(async () => {
    await startClean(world)
    await world.control('PUT', '/settings', { minapps: [{ title: 'Tiny', url: `${tiny.url}/minapp` }] })
    page = await (await newVisitor(browser, { language: 'en' })).newPage()
    app = page.frameLocator('[data-frame]')
  })
  afterEach(() => page.context().close())
  afterAll(async () => {
    await browser.close()
    await tiny.close()
    await world.close()
  })

  const open = async (path: string, mode: string): Promise<void> => {
    await page.goto(`${world.sandbox.url}${path}`)
    await app.locator('#mode', { hasText: mode }).waitFor()
  }
  /** What the inspector shows, oldest first: direction and action. */
  const messages = async (): Promise<string[]> => {
    const rows = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.message')].map((row) => row.querySelector('.message-direction').textContent.slice(0, 1) + row.querySelector('.message-action').textContent)`,
    )
    return rows.reverse()
  }
  const newest = (): Locator => page.locator('.message').first()
  /** Runs inside the mini-app's page. */
  const inApp = (expression: string): Promise<unknown> => app.locator('body').evaluate(expression)
  const says = (message: string): Promise<unknown> => inApp(`window.top.postMessage(${message}, '*')`)
  const idOf = async (): Promise<string> => String(await inApp('window.call.minapp.id'))
  const card = (): Locator => page.locator('form[action*="/card"] button')

  test('order: the parent is given the payment link, and the buyer comes back to the success page in the frame', async () => {
    await open('/marketplace?lang=en', 'order')
    expect(await app.locator('#name').innerText()).toBe('Ольга Смирнова')
    await app.locator('#buy').click()
    await page.waitForURL(/\/order\/[^/]+\?lang=en$/)
    await card().click()
    await page.locator('.outcome-paid a').click()
    await page.waitForURL(/\/marketplace\/return\//)
    await app.locator('h1', { hasText: 'Thank you' }).waitFor()
    await app.locator('#mode', { hasText: 'order' }).waitFor()
    expect(await page.locator('h1').innerText()).toBe('Paid: the shop shows its success page')
    expect(await messages()).toEqual(['·Opened', '←init', '→init', '←done', '·Opened', '←init', '→init'])
    expect(await page.locator('[data-count]').innerText()).toBe('messages: 5, remarks: 0')
    await page.locator('[data-clear]').click()
    expect(await messages()).toEqual([])
  })

  test('suborder, with the keyboard alone: both orders are on the payment page, and one payment tells the shop of each', async () => {
    const main = await order(world, { notificationUrl: `${tiny.url}/paid`, metaData: { reservationId: 'K7Q2ZD' } })
    await page.goto(`${world.sandbox.url}/order/${main.orderContainerId}?lang=en`)
    await tabTo(page, /^Choose: Tiny$/)
    await page.keyboard.press('Enter')
    await app.locator('#lodging', { hasText: 'true' }).waitFor()
    expect(await app.locator('#mode').innerText()).toBe('suborder')
    await app.locator('#buy').focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/order\/[^/]+\?lang=en#orders$/)
    expect(await page.locator('#orders ~ h3').count()).toBe(2)
    expect(await page.locator('.invoice-amount').innerText()).toBe('12,300.00\u00a0₽')
    await card().click()
    await page.locator('.outcome-paid').waitFor()
    const paid = await world.controlList('/orders')
    expect(paid.map(({ status, amount }) => [status, amount])).toEqual([
      ['completed', '100.00'],
      ['completed', '12200.00'],
    ])
    const told = (await world.controlList('/notifications')) as unknown as { orderId: string }[]
    expect(new Set(told.map(({ orderId }) => orderId))).toEqual(new Set(paid.map(({ id }) => id)))
  })

  test('checkout: the mini-app stays alive under the payment page and hears how it went', async () => {
    await open('/marketplace?lang=en', 'order')
    const payment = page.frameLocator('[data-checkout] iframe')
    await app.locator('#checkout').click()
    await payment.locator('form[action*="/card"] button').waitFor()
    await page.keyboard.press('Escape')
    await app.locator('#result', { hasText: 'pending' }).waitFor()
    await app.locator('#checkout').click()
    await payment.locator('form[action*="/card"] button').click()
    await app.locator('#result', { hasText: 'completed' }).waitFor()
    expect(await page.locator('[data-said]').innerText()).toBe('The payment has ended: completed.')
    await page.locator('[name=status]').selectOption('hold')
    await page.locator('[data-result] button').click()
    await app.locator('#result', { hasText: 'hold' }).waitFor()
  })

  test('in the imitated WebView text comes out and objects go in, there and back again', async () => {
    await open('/marketplace?lang=en&view=webview', 'order')
    expect(await inApp('window.parent === window && typeof window.ReactNativeWebView.postMessage')).toBe('function')
    await says(`{ id: 'm', action: 'done', data: null }`)
    await page.getByText('A WebView passes text only').waitFor()
    await inApp(`window.ReactNativeWebView.postMessage('{oops')`)
    await page.getByText('The text from the WebView is no JSON.').waitFor()
    await app.locator('#buy').click()
    await page.waitForURL(/\/order\//)
    await card().click()
    await page.locator('.outcome-paid a').click()
    await app.locator('h1', { hasText: 'Thank you' }).waitFor()
    await app.locator('#mode', { hasText: 'order' }).waitFor()
  })

  test('height, link, error and silence are obeyed; every init is answered, with what the person has typed', async () => {
    await open('/marketplace?lang=en&preset=content-height', 'order')
    await app.locator('#more').click()
    await page.waitForFunction(`document.querySelector('[data-frame]').clientHeight > 900`)
    const [popup] = await Promise.all([page.waitForEvent('popup'), app.locator('#rules').click()])
    await popup.waitForURL(`${tiny.url}/rules`)
    await popup.close() // A page behind another one is drawn rarely, and everything below would wait for that.
    const id = JSON.stringify(await idOf())
    await says(`{ id: ${id}, action: 'error', data: 'Tickets are sold out' }`)
    await page.locator('.notice-bad', { hasText: 'Tickets are sold out' }).waitFor()
    await says(`{ id: ${id}, action: 'error', data: null }`)
    await page.locator('.notice-bad', { hasText: 'Something went wrong' }).waitFor()
    await page.locator('[data-initial]').fill('{"public":{"minappType":"order","userName":"Bob"},"private":{"metaData":[]}}')
    await says(`{ id: ${id}, action: 'init' }`)
    await page.getByText('init once more: answered once more.').waitFor()
    await page.locator('[data-reopen]').click()
    await app.locator('#name', { hasText: 'Bob' }).waitFor()
    for (const [typed, said] of [
      ['', 'The field is empty'],
      ['{', 'The initial data is no JSON'],
    ] as const) {
      await page.locator('[data-initial]').fill(typed)
      await page.locator('[data-reopen]').click()
      await page.locator('.message-note', { hasText: said }).waitFor()
      expect(await app.locator('#mode').innerText()).toBe('…')
    }
  })

  test.each([
    [`action: 'unavailable', data: null`, 'The mini-app has nothing to offer now and is closed.'],
    [`action: 'done', data: null`, 'The order is made. There is nothing to pay through Invoicebox.'],
  ])('%s closes the mini-app and says so', async (message, said) => {
    await open('/marketplace?lang=en', 'order')
    await says(`{ id: ${JSON.stringify(await idOf())}, ${message} }`)
    await page.locator('[data-said]', { hasText: said }).waitFor()
    expect(await page.locator('[data-stage]').isVisible()).toBe(false)
  })

  test('what breaks the protocol is remarked on and not obeyed', async () => {
    const elsewhere = await order(world)
    const { orderContainerId } = await order(world)
    await open(`/order/${orderContainerId}?minapp=0&lang=en`, 'suborder')
    const id = JSON.stringify(await idOf())
    const before = page.url()
    for (const [message, remark] of [
      [`'init'`, 'A message must be an object.'],
      [`{ action: 'done', data: null }`, 'There is no id'],
      [`{ id: 'm-1', action: 'done', data: null }`, 'Another id'],
      [`{ id: ${id}, action: 'toString' }`, 'The protocol has no such action.'],
      [`{ id: ${id}, action: 'height', data: '640' }`, 'A height is a number'],
      [`{ id: ${id}, action: 'done', data: 'javascript:alert(1)' }`, 'done takes an http payment link or null.'],
      [`{ id: ${id}, action: 'link', data: '/rules' }`, 'link takes a whole http address.'],
      [`{ id: ${id}, action: 'error', data: '' }`, 'error takes a text that is not empty'],
      [`{ id: ${id}, action: 'height', data: 700, more: 1 }`, 'More fields'],
    ] as const) {
      await says(message)
      await newest().getByText(remark).waitFor()
    }
    for (const [link, said] of [
      ['https://evil.test/order/1', 'This is no link to a payment page of this sandbox'],
      [`${world.sandbox.url}/order/${elsewhere.orderContainerId}`, 'The order is in another invoice'],
    ] as const) {
      await says(`{ id: ${id}, action: 'done', data: '${link}' }`)
      await page.locator('.notice-bad', { hasText: said }).waitFor()
      await newest().getByText(said).waitFor()
    }
    expect(page.url()).toBe(before)
    expect(await page.locator('[data-stage]').isVisible()).toBe(true)
  })

  test('neither another window nor a frame that has gone to another origin is obeyed, and the latter is told nothing', async () => {
    await open('/marketplace?lang=en', 'order')
    const id = await idOf()
    await page.evaluate(`window.postMessage({ id: '${id}', action: 'unavailable', data: null }, '*')`)
    await newest().getByText('Not obeyed: a message of another window').waitFor()
    const stranger = tiny.url.replace('localhost', '127.0.0.1')
    await inApp(`void (window.location.href = '${stranger}/minapp?id=${id}')`)
    await newest().getByText(`Not obeyed: the frame shows a page of another origin, ${stranger}`).waitFor()
    expect(await app.locator('#mode').innerText()).toBe('…')
    expect(await page.locator('[data-stage]').isVisible()).toBe(true)
  })

  test('each page fits a narrow window, has targets large enough and satisfies the accessibility engine in both languages', async () => {
    const { orderContainerId } = await order(world)
    for (const [path, mode, lang] of [
      [`/order/${orderContainerId}?minapp=0`, 'suborder', 'ru'],
      [`/order/${orderContainerId}?minapp=0`, 'suborder', 'en'],
      ['/marketplace?preset=hostile', 'order', 'ru'],
      ['/marketplace?view=webview', 'order', 'en'],
    ] as const) {
      await page.setViewportSize({ width: 1280, height: 900 })
      await open(`${path}&lang=${lang}`, mode)
      expect(await accessibilityFaults(page)).toEqual([])
      for (const width of [640, 320]) {
        await page.setViewportSize({ width, height: 700 })
        expect({ path, width, faults: await sidewaysFaults(page) }).toEqual({ path, width, faults: [] })
      }
      expect(await smallTargets(page)).toEqual([])
    }
    await app.locator('#checkout').click()
    await page.frameLocator('[data-checkout] iframe').locator('h1').waitFor()
    // The payment page in its frame has landmarks like those of the page around it: to the engine they are one page.
    expect((await accessibilityFaults(page)).filter((fault) => !fault.startsWith('landmark-unique'))).toEqual([])
    expect(await sidewaysFaults(page)).toEqual([])
  })
})
