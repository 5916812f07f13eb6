import type { Browser, BrowserContext, Page } from 'playwright-core'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import type { Visit } from '../support/chromium'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { focused, headingOf, holdsBack, stateOf, textOf } from './checks'

const MINUTE_MS = 60_000

describeInChromium('what moves on the payment page', () => {
  let world: World
  let browser: Browser
  let buyer: Buyer
  let context: BrowserContext | undefined
  beforeAll(async () => {
    ;[world, browser] = await Promise.all([World.make(), launchChromium()])
    buyer = await world.member({ points: '1000000.00' })
    await buyer.signsIn()
  })
  afterEach(async () => {
    await context?.close()
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await browser.close()
    await world.close()
  })

  const signedIn = { name: 'gateway' }
  async function newPage(visit: Visit = {}): Promise<Page> {
    context = await newVisitor(browser, visit)
    await context.addCookies([{ ...signedIn, value: buyer.browser.cookie('gateway') ?? '', url: world.url }])
    return context.newPage()
  }

  const shows = (page: Page, state: string): Promise<void> => page.locator(`main[data-state="${state}"]`).waitFor()
  const invoice = (of: Record<string, unknown> = {}): Promise<SandboxInvoice> => world.sandbox.invoice({ amount: '196.58', ...of })
  const deadline = (milliseconds: number): string => new Date(world.clock.now().getTime() + milliseconds).toISOString()

  async function opens(of: { partnerUrl: string }, visit: Visit & { mayLeave?: boolean } = {}): Promise<Page> {
    const page = await newPage(visit)
    await page.goto(of.partnerUrl)
    await shows(page, 'ready')
    if (!visit.mayLeave) await holdsBack(page, world.sandbox.url)
    return page
  }

  const SCRIPTS = [
    { name: 'with scripts', scripts: true },
    { name: 'with scripts off', scripts: false },
  ]

  describe.each(SCRIPTS)('$name', ({ scripts }) => {
    test('a buyer who declines goes back by the stored link, which the content policy lets the form lead to', async () => {
      const page = await opens(await invoice(), { scripts, mayLeave: true })
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      await page.getByRole('button', { name: 'Другой способ оплаты' }).click()
      await page.waitForURL(`${world.sandbox.url}/merchant/return?**`)
      expect(await headingOf(page)).toBe('Вы вернулись в магазин')
      expect(complaints).toEqual([])
    })

    test('the page that checks shows by itself that the payment went through, once Invoicebox answers', async () => {
      const unsure = await invoice()
      await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-answer', times: 1 })
      const page = await opens(unsure, { scripts })
      await page.locator('.primary').click()
      await shows(page, 'checking')
      await world.passes(2 * MINUTE_MS)
      await shows(page, 'paid')
      if (scripts) expect(await focused(page)).toMatchObject({ tag: 'H1', name: 'Оплачено' })
      expect(await world.sandbox.operationsOn(unsure)).toHaveLength(1)
    })

    test('Back after the payment shows no form that could pay again', async () => {
      const page = await opens(await invoice(), { scripts })
      await page.locator('.primary').click()
      await shows(page, 'paid')
      await page.goto(`${world.url}/account`)
      await page.goBack()
      await shows(page, 'paid')
      expect(await page.locator('form[action$="/confirm"]').count()).toBe(0)
      await page.goBack({ timeout: 2_000 }).catch(() => undefined) // There may be nothing further back.
      expect(await page.locator('form[action$="/confirm"]').count()).toBe(0)
    })

    test('a double click pays once', async () => {
      const once = await invoice()
      const page = await opens(once, { scripts })
      await page.locator('.primary').dblclick()
      await shows(page, 'paid')
      expect(await world.sandbox.operationsOn(once)).toHaveLength(1)
    })

    test('two tabs pay once: the second one shows what is so', async () => {
      const once = await invoice()
      const first = await opens(once, { scripts })
      const second = await first.context().newPage()
      await second.goto(once.partnerUrl)
      await shows(second, 'ready')
      await holdsBack(second, world.sandbox.url)
      await first.locator('.primary').click()
      await shows(first, 'paid')
      await second.locator('.primary').click()
      await shows(second, 'paid')
      expect(await world.sandbox.operationsOn(once)).toHaveLength(1)
    })

    test('whoever signs in on the payment page comes back to the same invoice, after a mistyped password too', async () => {
      const { partnerUrl, number } = await invoice()
      context = await newVisitor(browser, { scripts })
      const page = await context.newPage()
      await page.goto(partnerUrl)
      await shows(page, 'sign-in')
      const checkout = page.url()
      for (const password of ['mistyped', PASSWORD]) {
        await page.getByLabel('Логин').fill(buyer.login)
        await page.getByLabel('Пароль').fill(password)
        await page.getByRole('button', { name: 'Войти' }).click()
        if (password === 'mistyped') expect(await page.getByRole('alert').innerText()).toContain('не подошли')
      }
      await shows(page, 'ready')
      expect(page.url()).toBe(checkout)
      expect(await headingOf(page)).toBe(`Счёт № ${number}`)
    })

    test.each([
      { act: 'presses the button', again: (page: Page): Promise<unknown> => page.locator('.primary').click() },
      { act: 'reloads the page', again: (page: Page): Promise<unknown> => page.reload() },
    ])('whose session ended and who then $act signs in again and finds the same invoice', async ({ again }) => {
      const { partnerUrl, number } = await invoice()
      const page = await opens({ partnerUrl }, { scripts })
      await page.context().clearCookies(signedIn)
      await again(page)
      if ((await stateOf(page)) === 'error') {
        expect(await textOf(page)).toContain('Эта форма ничего не изменила')
        await page.locator('main').getByRole('link', { name: 'Войти' }).click()
      }
      await page.getByLabel('Логин').fill(buyer.login)
      await page.getByLabel('Пароль').fill(PASSWORD)
      await page.locator('main').getByRole('button', { name: 'Войти' }).click()
      await shows(page, 'ready')
      expect(await headingOf(page)).toBe(`Счёт № ${number}`)
    })
  })

  test('the keyboard and screen reader are taken to the heading when the state changes, and only then', async () => {
    const page = await opens(await invoice())
    expect((await focused(page)).tag).toBe('BODY')
    await page.reload()
    expect((await focused(page)).tag).toBe('BODY')
    await page.locator('.primary').click()
    await shows(page, 'paid')
    expect(await focused(page)).toMatchObject({ tag: 'H1', name: 'Оплачено' })
  })

  test.each([
    { left: 11 * MINUTE_MS, shown: false },
    { left: 9 * MINUTE_MS, shown: true },
  ])('the deadline stands still until ten minutes are left ($left ms left: countdown $shown)', async ({ left, shown }) => {
    // The browser has a clock of its own; the gateway's may have been moved by other tests.
    const page = await newPage()
    await page.clock.setSystemTime(world.clock.now())
    await page.goto((await invoice({ expirationDate: deadline(left) })).partnerUrl)
    await shows(page, 'ready')
    expect(await textOf(page)).toMatch(/Оплатить до \d\d\.\d\d\.\d\d \d\d:\d\d МСК/)
    expect(await page.getByRole('timer').isVisible()).toBe(shown)
    if (shown) expect(await page.getByRole('timer').innerText()).toMatch(/Осталось [89]:\d\d/)
  })

  test('an invoice whose time runs out while one looks at it turns into an expired one', async () => {
    const page = await newPage()
    await page.clock.install({ time: world.clock.now() })
    await page.goto((await invoice({ expirationDate: deadline(9 * MINUTE_MS) })).partnerUrl)
    await shows(page, 'ready')
    await world.passes(9 * MINUTE_MS)
    await page.clock.fastForward(9 * MINUTE_MS)
    await page.clock.runFor(5_000)
    await shows(page, 'expired')
    expect(await focused(page)).toMatchObject({ tag: 'H1' })
  })

  test.each([
    { reducedMotion: 'reduce', animation: 'none' },
    { reducedMotion: 'no-preference', animation: 'turn' },
  ] as const)(
    'with reduced motion "$reducedMotion" the sign of waiting has the animation "$animation"',
    async ({ reducedMotion, animation }) => {
      const { url } = await buyer.pays(await invoice({ amount: '777.01' }))
      const page = await newPage({ reducedMotion })
      await page.goto(url)
      await shows(page, 'checking')
      expect(await page.evaluate(`getComputedStyle(document.querySelector('.mark-wait svg')).animationName`)).toBe(animation)
      await world.passes(2 * MINUTE_MS)
    },
  )

  test('a printed receipt has the facts in black on white, and nothing to press', async () => {
    const { url } = await buyer.pays(await invoice({ number: '555' }))
    const page = await newPage()
    await page.goto(`${url}/receipt`)
    await shows(page, 'receipt')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('a:visible, button:visible').allInnerTexts()).toEqual(['Бонусная программа'])
    expect(await textOf(page)).toMatch(/555[\s\S]*196,58 ₽[\s\S]*196,58 балла/)
    const colours = `[...document.querySelectorAll('main *')].filter((element) => element.getClientRects().length > 0)
      .map((element) => getComputedStyle(element)).flatMap(({ color, backgroundColor }) => [color, backgroundColor])`
    const found = new Set(await page.evaluate<string[]>(colours))
    expect([...found].sort()).toEqual(['rgb(0, 0, 0)', 'rgba(0, 0, 0, 0)'])
    expect((await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  })
})
