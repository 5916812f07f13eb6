import type { Page, Route } from 'playwright-core'
import { describeInChromium } from '../support/chromium'
import { accessibilityFaults, sidewaysFaults, tabTo } from './checks'
import { addFrame, heard, Host, say } from './minapp-host'
import { button, faultsOf, linkOf, mail, pay, reach, Stage } from './minapp-stage'
import type { Made } from './minapp-stage'

const LOUNGE = 'Бизнес-зал аэропорта'

describeInChromium('the mini-app in a page of another site, where cookies of others are blocked', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open()
  }, 60_000)
  afterEach(async () => {
    await stage.world.sandbox.behave()
    expect(await stage.world.findings()).toEqual([])
  })
  afterAll(() => stage.close())

  test('buy in the mode order: the parent is given the payment link, and the way back shows what was bought', () =>
    stage.visit(async (page) => {
      const address = mail()
      const frame = await stage.show(page, { public: { userEmail: address, userName: 'Ольга', fullHeight: false } })
      expect(await frame.evaluate<string>(`document.cookie = 'a=1; SameSite=None; Secure'; document.cookie`)).toBe('')
      expect(await frame.locator('[name=email]').inputValue()).toBe(address)
      await frame.getByRole('button', { name: '1 000 ₽' }).click()
      expect(await button(frame)).toBe('Купить 1 000 ₽')
      await frame.locator('[name=amount]').fill('500,5')
      expect(await button(frame)).toBe('Купить 500,50 ₽')
      await frame.locator('[name=amount]').fill('500')
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      expect(await heard(page, 'done')).toHaveLength(1)
      await page.goto(await linkOf(page))
      await pay(page)
      const back = (await page.locator('a[href*="/minapp/success"]').first().getAttribute('href')) ?? ''
      const order = await stage.newest()
      expect(order).toMatchObject({ goods: 'code', memberId: null })
      await stage.shop.until(order, 'credited')
      expect(await page.context().cookies(stage.world.url)).toEqual([])

      const returned = await stage.host.show(page, back, { public: { locale: 'en-GB' } })
      await returned.getByRole('heading', { name: 'Paid: a code for 500 points' }).waitFor()
      await reach(returned, 'success')
      expect(await returned.locator('code.secret').innerText()).toMatch(/^(\w{4}-){3}\w{4}$/)
      await page.goto(back)
      await reach(page, 'success')
      expect(await page.locator('header .brand').isVisible()).toBe(true)
    }))

  test('add in the mode suborder, where the order at hand fits, and pay once for both', () =>
    stage.visit(async (page) => {
      const invoice = await stage.world.sandbox.invoice({ amount: '1000.00' })
      const metaData = [{ '@type': 'FlightReservation', legs: [{ from: { iataCode: 'LED' } }] }]
      const frame = await stage.show(page, {
        minappType: 'suborder',
        metaData,
        public: { orderContainerId: invoice.id, userEmail: mail() },
      })
      await frame.getByLabel(LOUNGE).check()
      expect(await frame.locator('[name=amount]').isVisible()).toBe(false)
      expect(await button(frame)).toBe('Добавить в заказ 2 900 ₽')
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'added')
      expect(await linkOf(page)).toContain(invoice.id)
      await page.goto(await linkOf(page))
      await pay(page)
      const order = await stage.shop.until(await stage.newest(), 'credited')
      expect(order).toMatchObject({ goods: 'voucher', containerId: invoice.id })
      const both = await stage.world.sandbox.read(invoice)
      expect([String(both.amount), both.status]).toEqual(['3900.00', 'paid'])
    }))

  test('what does not fit the order at hand is not offered, and with nothing else the parent is told so', () =>
    stage.visit(async (page) => {
      const frame = await stage.show(page, { metaData: [{ iataCode: 'ZZZ' }] })
      expect(await frame.getByLabel(LOUNGE).isVisible()).toBe(false)
      await stage.withoutRest(async () => {
        const empty = await stage.host.show(page, stage.minapp(), { metaData: [{ iataCode: 'ZZZ' }] })
        await reach(empty, 'unavailable')
        expect(await heard(page, 'unavailable')).toMatchObject([{ data: null }])
      })
    }))

  test('news of the payment that come late change the page by themselves; until then it says that nobody pays twice', () =>
    stage.visit(async (page) => {
      const frame = await stage.show(page, { public: { userEmail: mail() } })
      await frame.getByLabel('Кофе с собой').check()
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      const address = ((await (await answered).json()) as Made).back.success
      await stage.world.sandbox.misbehave({ on: 'notification', kind: 'delay', ms: 1_500, times: 1 })
      const order = await stage.newest()
      await page.clock.install()
      await page.goto(address)
      await reach(page, 'waiting')
      expect(await page.getByText('не платите ещё раз').isVisible()).toBe(false)
      await page.clock.fastForward(21_000)
      await page.getByText('не платите ещё раз').waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      await stage.shop.pays(order)
      await stage.shop.until(order, 'credited')
      await page.clock.fastForward(30_000)
      await reach(page, 'success')
      expect(await page.locator('code.secret').innerText()).toMatch(/^DEMO-COFFEE/)
    }))

  test('a parent that stays silent leaves the page by itself, with a header of its own; a late answer still counts', () =>
    stage.visit(async (page) => {
      const frame = await stage.host.show(page, stage.minapp(), { isSilent: true })
      await reach(frame, 'loading')
      expect(await frame.locator('.brand').isVisible()).toBe(false)
      await reach(frame, 'ready')
      expect(await frame.locator('.brand').isVisible()).toBe(true)
      await frame.locator('[name=amount]').fill('700')
      expect(await heard(page, 'height')).toEqual([])
      await say(page, 'init', { public: { minappType: 'order', userEmail: mail() }, private: { metaData: [] } })
      await frame.locator('body[data-host=framed]').waitFor()
      expect(await frame.locator('.brand').isVisible()).toBe(false)
      expect(await frame.locator('[name=amount]').inputValue()).toBe('700')
      expect(await button(frame)).toBe('Купить 700 ₽')
    }))

  test('strangers are not heard, not spoken to, and cannot frame it', async () => {
    const stranger = await Host.open()
    await stage.visit(async (page) => {
      const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
      await page.goto(`${stranger.origin}/?${new URLSearchParams({ src: stage.minapp(), data: '{}' }).toString()}`)
      await refused
      expect(await page.evaluate('heard')).toEqual([])
    })
    await stage.visit(async (page) => {
      const address = stage.minapp()
      const frame = await stage.host.show(page, address, { isSilent: true })
      const evil = await addFrame(page, `${stranger.origin}/?src=about:blank`)
      const data = { public: { minappType: 'order', userEmail: 'evil@example.test' }, private: { metaData: [] } }
      const lie = JSON.stringify({ id: new URL(address).searchParams.get('id'), action: 'init', data })
      await evil.evaluate(`parent.frames[0].postMessage(${lie}, '*')`)
      await frame.evaluate(`postMessage(${lie}, '*')`)
      await reach(frame, 'ready')
      await evil.evaluate(`parent.frames[0].postMessage(${lie}, '*')`)
      expect(await frame.locator('body').getAttribute('data-host')).toBe('alone')
      expect(await frame.locator('[name=email]').inputValue()).toBe('')
      await say(page, 'init', { ...data, public: { minappType: 'order', userEmail: 'good@example.test' } })
      await frame.locator('body[data-host=framed]').waitFor()
      expect(await frame.locator('[name=email]').inputValue()).toBe('good@example.test')
      expect(await evil.evaluate('heard')).toEqual([])
    })
    await stranger.close()
  })

  test('the height follows the content, up and down, and is not reported where the parent gives all of its own', () =>
    stage.visit(async (page) => {
      const frame = await stage.show(page, { public: { fullHeight: false } })
      const content = (): Promise<number> => frame.evaluate<number>('Math.ceil(document.body.getBoundingClientRect().height)')
      const high = `document.querySelector('iframe').clientHeight`
      await page.waitForFunction(`${high} === heard.findLast(({ action }) => action === 'height')?.data`)
      const before = await content()
      await frame.getByLabel('Кофе с собой').check()
      await page.waitForFunction(`${high} < ${String(before)}`)
      expect(await page.evaluate(high)).toBe(await content())
      await frame.getByLabel('Баллы программы').check()
      await page.waitForFunction(`${high} === ${String(before)}`)
      expect(await frame.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true)
      await stage.show(page, { public: { fullHeight: true } })
      expect(await heard(page, 'height')).toEqual([])
    }))

  test('a member is known by a code from a letter, step by step behind one button, and gets the points at once', () =>
    stage.visit(async (page) => {
      const { id, email } = await stage.member('Анна')
      const frame = await stage.show(page, { public: { userEmail: email } })
      await frame.locator('[name=amount]').fill('300')
      await frame.getByLabel('Я участник программы').check()
      expect(await button(frame)).toBe('Получить код')
      await frame.locator('button[type=submit]').click()
      await frame.locator('[name=code]').waitFor()
      await frame.locator('[name=code]').fill('000000')
      await frame.locator('[name=code]').press('Enter')
      await frame.locator('#minapp-alert').waitFor()
      expect(await heard(page, 'error')).toHaveLength(1)
      await frame.getByRole('button', { name: 'Прислать новый код' }).click()
      await frame.locator('#minapp-note').waitFor()
      await frame.locator('[name=code]').fill(await stage.digits())
      await frame.locator('[name=code]').press('Enter')
      await frame.getByText('Покупает Анна').waitFor()
      expect(await button(frame)).toBe('Купить 300 ₽')
      stage.world.clock.move(31 * 60_000) // Then nobody is known by the old code any more.
      await frame.locator('button[type=submit]').click()
      await frame.locator('[name=code]').waitFor()
      await frame.locator('[name=code]').fill(await stage.digits())
      await frame.locator('[name=code]').press('Enter')
      await frame.getByText('Здравствуйте, Анна').waitFor()
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      expect(await stage.newest()).toMatchObject({ memberId: id, goods: 'points' })
    }))

  test('an answer that never reaches the browser costs nothing: the same form again is the same order', () =>
    stage.visit(async (page) => {
      const frame = await stage.show(page, { public: { userEmail: mail() } })
      const fixed = `document.querySelector('[name=amount]').closest('[inert]') !== null`
      const losesAnswer = async (route: Route): Promise<void> => {
        await route.fetch()
        expect(await frame.evaluate(fixed)).toBe(true)
        await route.abort()
      }
      await page.route(`${stage.world.url}/minapp`, losesAnswer, { times: 1 })
      await frame.locator('[name=amount]').fill('123')
      await frame.locator('button[type=submit]').click()
      await frame.getByText('второго заказа не будет').waitFor()
      const lost = await stage.newest()
      expect(await frame.evaluate(fixed)).toBe(false)
      await frame.locator('button[type=submit]').click()
      await reach(frame, 'done')
      expect((await stage.newest()).number).toBe(lost.number)
      await say(page, 'paymentResult', 'completed')
      await reach(frame, 'waiting')
      await stage.shop.pays(lost)
      await reach(frame, 'success')
    }))

  test.each(['ru', 'en'] as const)('in %s every screen can be read, hit and understood, at 320 px as well', (locale) =>
    stage.visit(
      async (page) => {
        const other = locale === 'ru' ? 'en' : 'ru'
        const frame = await stage.show(page, { public: { locale: other } })
        expect([await frame.locator('html').getAttribute('lang'), await frame.title()]).toEqual([
          other,
          expect.stringContaining(other === 'ru' ? 'Баллы' : 'Points'),
        ])
        expect(await frame.locator('body').innerText()).toMatch(other === 'ru' ? /ПЕСОЧНИЦА[^]*Код обращения/ : /SANDBOX[^]*Reference code/)
        const { back } = await stage.order(page)
        // The words differ between the languages, not what they stand in.
        const how = { isQuick: locale === 'en' }
        await page.goto(`${stage.world.url}/minapp`)
        await reach(page, 'ready')
        expect(await page.locator('html').getAttribute('lang')).toBe(locale)
        for (const state of ['ready', 'loading', 'making', 'done', 'added', 'unavailable']) {
          await page.evaluate(`document.querySelector('main').dataset.state = '${state}'`)
          expect([state, await faultsOf(page, how)]).toEqual([state, []])
        }
        const pages = { waiting: back.success, failed: back.fail }
        for (const [state, address] of Object.entries(pages)) {
          await page.goto(address)
          await reach(page, state)
          expect([state, await faultsOf(page, how)]).toEqual([state, []])
        }
        await stage.shop.pays(await stage.newest())
        await page.goto(back.success)
        await reach(page, 'success')
        expect(await faultsOf(page)).toEqual([])
      },
      { language: locale, width: 320 },
    ),
  )

  test('by itself it is used with the keyboard alone, and leads to the payment page', () =>
    stage.visit(async (page) => {
      await page.goto(`${stage.world.url}/minapp`)
      await reach(page, 'ready')
      await tabTo(page, /^1 000 ₽$/)
      await page.keyboard.press('Space')
      expect(await page.locator('[name=amount]').inputValue()).toBe('1000')
      await tabTo(page, /^Эл\. почта$/)
      await page.keyboard.type(mail())
      await tabTo(page, /^Купить 1 000 ₽$/)
      await page.keyboard.press('Enter')
      await reach(page, 'pending')
      expect(new URL(page.url()).pathname).toMatch(/^\/order\//)
    }))

  test.each([900, 700, 600])('in a window %i px high neither the field at hand nor what is said stands behind the button', (height) =>
    stage.visit(async (page) => {
      await page.setViewportSize({ width: 480, height })
      await page.goto(`${stage.world.url}/minapp`)
      await reach(page, 'ready')
      await page.locator('[name=amount]').fill('300')
      await page.getByLabel('Я участник программы').focus()
      await page.keyboard.press('Space')
      await page.locator('[name=email]').fill(mail())
      await page.locator('[name=email]').press('Enter')
      await page.locator('#minapp-note').waitFor()
      expect(await behind(page, ['[name=code]', '#minapp-note'])).toEqual([])
      await page.locator('[name=code]').fill('000000')
      await page.locator('[name=code]').press('Enter')
      await page.locator('#minapp-alert').waitFor()
      expect(await behind(page, ['[name=code]', '#minapp-alert'])).toEqual([])
    }),
  )

  test('without scripts it is one page with the same fields, and leads to the payment page', () =>
    stage.visit(
      async (page) => {
        await page.goto(`${stage.world.url}/minapp`)
        expect(await sidewaysFaults(page)).toEqual([])
        await page.locator('[name=amount]').fill('250')
        await page.locator('[name=email]').fill(mail())
        await page.locator('button[type=submit]').click()
        await reach(page, 'pending')
      },
      { scripts: false, width: 320 },
    ))
})

/** Which of these stand behind the button that is always in sight, in part or as a whole. */
async function behind(page: Page, selectors: readonly string[]): Promise<string[]> {
  const top = (await page.locator('.total').boundingBox())?.y ?? 0
  const boxes = await Promise.all(selectors.map(async (selector) => ({ selector, box: await page.locator(selector).boundingBox() })))
  return boxes.filter(({ box }) => !box || box.y < 0 || box.y + box.height > top).map(({ selector }) => selector)
}
