import { describeInChromium } from '../support/chromium'
import { button, mail, pay, reach, Stage } from './minapp-stage'

const LOUNGE = 'Бизнес-зал аэропорта'

describeInChromium('the mini-app in the pages of the sandbox, in an application, and with parents that say little', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open()
  }, 60_000)
  afterEach(async () => {
    expect(await stage.world.findings()).toEqual([])
  })
  afterAll(() => stage.close())

  test('is opened in the marketplace, paid for, and comes back to what was bought', () =>
    stage.visit(
      async (page) => {
        await page.goto(`${stage.world.sandbox.url}/marketplace`)
        const minapp = page.frameLocator('iframe[data-frame]')
        await minapp.locator('main[data-state=ready]').waitFor()
        await minapp.locator('[name=amount]').fill('500')
        await minapp.locator('[name=email]').fill(mail())
        await minapp.locator('button[type=submit]').click()
        await reach(page, 'pending')
        await pay(page)
        await page.getByRole('link', { name: 'Вернуться в магазин' }).click()
        await page.frameLocator('iframe[data-frame]').locator('main[data-state=success] code.secret').waitFor()
      },
      { width: 900 },
    ))

  test('is opened beside an order that is being paid, and joins it', () =>
    stage.visit(
      async (page) => {
        const invoice = await stage.world.sandbox.invoice({ amount: '1000.00' })
        await page.goto(`${stage.world.sandbox.url}/order/${invoice.id}`)
        await page
          .getByRole('button', { name: 'Выбрать' })
          .or(page.getByRole('link', { name: 'Выбрать' }))
          .click()
        const minapp = page.frameLocator('iframe[data-frame]')
        await minapp.getByLabel('Кофе с собой').check()
        await minapp.locator('[name=email]').fill(mail())
        await minapp.getByRole('button', { name: /^Добавить в заказ/ }).click()
        await page.waitForURL(/#orders$/)
        await page.goto(invoice.paymentUrl)
        await pay(page)
        await stage.shop.until(await stage.newest(), 'credited')
      },
      { width: 900 },
    ))

  test('an answer with too little in it, or with metadata that nobody gets through, still gives a page to buy on', () =>
    stage.visit(async (page) => {
      for (const metaData of ['undefined', '[cycle]']) {
        const frame = await stage.host.show(page, stage.minapp(), { isSilent: true })
        await reach(frame, 'loading')
        const rest = metaData === 'undefined' ? '' : `, private: { metaData: ${metaData} }`
        await page.evaluate(`{ const cycle = {}; cycle.self = cycle; say('init', { public: { minappType: 'suborder' }${rest} }) }`)
        await frame.locator('body[data-host=framed]').waitFor()
        await reach(frame, 'ready')
        expect([await frame.getByLabel(LOUNGE).isVisible(), await button(frame)]).toEqual([false, 'Купить']) // There is no invoice to add to.
      }
    }))

  test('in the frame of a silent parent the payment page is a link to a window of its own', () =>
    stage.visit(async (page) => {
      const frame = await stage.host.show(page, stage.minapp(), { isSilent: true })
      await reach(frame, 'ready')
      await frame.locator('[name=amount]').fill('60')
      await frame.locator('[name=email]').fill(mail())
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      const opened = page.waitForEvent('popup')
      await frame.locator('[data-pay]').click()
      await reach(await opened, 'pending')
      expect(new URL(frame.url()).pathname).toBe('/minapp')
    }))

  test('an application that hosts it in a WebView is spoken to by its bridge, and may answer with an object or with text', async () => {
    for (const isText of [false, true])
      await stage.visit(async (page) => {
        await page.addInitScript('window.sent = []; window.ReactNativeWebView = { postMessage: (text) => sent.push(JSON.parse(text)) }')
        const address = stage.minapp()
        await page.goto(address)
        const data = { public: { minappType: 'order', userEmail: mail(), locale: 'en' }, private: { metaData: [] } }
        const answer = JSON.stringify({ id: new URL(address).searchParams.get('id'), action: 'init', data })
        await page.evaluate(`dispatchEvent(new MessageEvent('message', { data: ${isText ? JSON.stringify(answer) : answer} }))`)
        await reach(page, 'ready')
        expect([await page.locator('html').getAttribute('lang'), await button(page)]).toEqual(['en', 'Buy'])
        await page.locator('[name=amount]').fill('50')
        await page.locator('button[type=submit]').click()
        await reach(page, 'done')
        const sent = await page.evaluate<{ action: string }[]>('sent')
        expect(sent.map(({ action }) => action)).toEqual(expect.arrayContaining(['init', 'height', 'done']))
      })
    // Some applications put their bridge into every frame of a page that they show: there the parent is the page.
    await stage.visit(async (page) => {
      await page.addInitScript('window.ReactNativeWebView = { postMessage: () => undefined }')
      const frame = await stage.show(page, { public: { locale: 'en' } })
      expect(await frame.locator('body').getAttribute('data-host')).toBe('framed')
      await page.waitForFunction(`heard.some(({ action }) => action === 'height')`)
    })
  })

  test('a price that has changed since the page was made is shown, and taken when the button is pressed once more', () =>
    stage.visit(async (page) => {
      const frame = await stage.show(page, { public: { userEmail: mail() } })
      await frame.getByText('Кофе с собой').click()
      const coffee = stage.world.db('offers').where({ title_ru: 'Кофе с собой' })
      await coffee.clone().update({ price: 26_000 })
      await frame.locator('button[type=submit]').click()
      await frame.getByText('Цена изменилась: теперь 260').waitFor()
      expect([await button(frame), await frame.locator('.offer:has(:checked) .offer-price').innerText()]).toEqual([
        'Купить 260 ₽',
        '260\u00a0₽',
      ])
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      expect((await stage.newest()).amount.minor).toBe(26_000n)
      await coffee.clone().update({ price: 25_000 })
    }))

  test('where no letters go, nothing joins an invoice: it is an order of its own, and called so', () =>
    stage.visit(async (page) => {
      await page.route(/\/minapp\?/, async (route) => {
        const answer = await route.fetch()
        await route.fulfill({ response: answer, body: (await answer.text()).replace('data-letters="yes"', 'data-letters="no"') })
      })
      const invoice = await stage.world.sandbox.invoice({ amount: '700.00' })
      const frame = await stage.show(page, { minappType: 'suborder', public: { userEmail: mail(), orderContainerId: invoice.id } })
      await frame.locator('[name=amount]').fill('100')
      expect([await button(frame), await frame.locator('[name=container]').inputValue()]).toEqual(['Купить 100 ₽', ''])
    }))
})
