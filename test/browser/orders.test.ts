import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { COMMAND_LINE } from '../../src/shared/actor'
import { buyVoucher, importCodes, saveShop } from '../../src/storefront'
import { VOUCHER } from '../storefront/offers'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from '../orders/shop'
import { accessibilityFaults, headingOf, holdsBack, sidewaysFaults, smallTargets, textOf } from './checks'

/** A word that fits into no narrow column. */
const LONG = 'Электростальский оздоровительно-развлекательный центр'.slice(0, 50)

describeInChromium('a member buys points in a real browser', () => {
  let world: World
  let shop: Shop
  let browser: Browser
  beforeAll(async () => {
    ;[world, browser] = await Promise.all([World.make({ env: { MODE: 'demo' } }), launchChromium()])
    shop = new Shop(world)
  })
  afterAll(async () => {
    await browser.close()
    await world.close()
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })

  const arrive = async (page: Page, state: string): Promise<void> => {
    await page.locator(`main[data-state="${state}"]`).waitFor()
    expect(await sidewaysFaults(page)).toEqual([])
  }
  const signIn = async (page: Page, login: string): Promise<void> => {
    await page.getByLabel(/^Логин$/).fill(login)
    await page.getByLabel(/^Пароль$/).fill(PASSWORD)
    await page.getByRole('button', { name: /^Войти$/ }).click()
  }
  const sound = async (page: Page): Promise<void> => {
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await smallTargets(page)).toEqual([])
  }
  const atAccount = async (page: Page, { login }: Buyer): Promise<void> => {
    await page.goto(`${world.url}/account`)
    await signIn(page, login)
    await arrive(page, 'account')
  }

  test.each([
    { scripts: true, width: 1280 },
    { scripts: false, width: 320 },
  ])('tops up what is missing and pays the invoice in one go (scripts: $scripts, $width px wide)', async ({ scripts, width }) => {
    const buyer = await world.member({ points: '100.00' })
    const invoice = await world.sandbox.invoice({ amount: '1340.00', number: '324' })
    const context = await newVisitor(browser, { scripts, width })
    const page = await context.newPage()
    await page.goto(invoice.partnerUrl)
    await signIn(page, buyer.login)
    await arrive(page, 'not-enough')
    expect(await page.locator('main .primary').allInnerTexts()).toEqual(['Пополнить на 1\u00a0240\u00a0₽'])
    if (scripts) await sound(page)
    await page.getByRole('button', { name: /^Пополнить на 1\s240\s₽$/ }).click()

    await arrive(page, 'pending')
    await page.getByRole('button', { name: /^Банковская карта/ }).click()
    await arrive(page, 'paid')
    const [order] = await world.db('orders').where({ member_id: buyer.id }).select<{ number: string }[]>('number')
    await shop.until(await shop.order(order?.number ?? ''), 'credited')
    await page.goto(`${world.url}/account/top-ups/${order?.number ?? ''}`)
    await arrive(page, 'credited')
    if (scripts) await sound(page)
    await page.getByRole('link', { name: 'Вернуться к счёту и оплатить' }).click()

    await arrive(page, 'ready')
    await holdsBack(page, world.sandbox.url)
    await page.getByRole('button', { name: /^Оплатить 1\s340\sбаллов$/ }).click()
    await arrive(page, 'paid')
    expect(await buyer.balance()).toEqual({ available: '0.00', held: '0.00' })
    await context.close()
  })

  test('waits for a notification that is late, and says so until it comes', async () => {
    const buyer = await world.member({ points: '0' })
    await world.sandbox.misbehave({ on: 'notification', kind: 'delay', ms: 2_000, times: 1 })
    const context = await newVisitor(browser, { width: 320 })
    const page = await context.newPage()
    await atAccount(page, buyer)
    await sound(page)
    await page.getByLabel(/^Сумма, ₽/).fill('500')
    await page.getByRole('button', { name: /^Пополнить$/ }).click()
    await arrive(page, 'pending')
    const [row] = await world.db('orders').where({ member_id: buyer.id }).select<{ number: string }[]>('number')
    const order = await shop.order(row?.number ?? '')

    await page.goto(`${world.url}/account/top-ups/${order.number}`)
    await arrive(page, 'waiting')
    expect(await headingOf(page)).toBe('Ждём оплату. Баллы придут сами')
    await sound(page)
    await page.locator('svg.qr').waitFor()
    await shop.pays(order)
    await arrive(page, 'credited')
    expect(await headingOf(page)).toBe('Баллы зачислены: 500 баллов')
    await page.goto(`${world.url}/account`)
    expect(await textOf(page)).toContain('Пополнение')
    await context.close()
  })

  test('gets the money back from a member of staff', async () => {
    const buyer = await world.member({ points: '0' })
    const order = await shop.bought(buyer, '200.00')
    const { actor } = await StaffPerson.make(world, 'operator')
    const context = await newVisitor(browser)
    const page = await context.newPage()
    await page.goto(`${world.url}/sign-in`)
    await signIn(page, actor.login)
    await page.goto(`${world.url}/admin/orders`)
    await arrive(page, 'orders')
    await sound(page)
    await page.getByRole('link', { name: order.number }).click()
    await arrive(page, 'order')
    await page.getByText('Вернуть деньги').first().click()
    await sound(page)
    await page.getByLabel(/^Сумма возврата/).fill('50')
    await page.locator('form[action$="/refund"] [name=reason]').fill('Ошибка в сумме')
    await page.locator('form[action$="/refund"] button').click()
    await arrive(page, 'confirm')
    await page.locator('form[action$="/refund"] button').click()
    await arrive(page, 'order')
    expect(await textOf(page)).toContain(`${order.number}-R1: принят`)
    await page.goto(`${world.url}/admin/notifications`)
    await arrive(page, 'notifications')
    await sound(page)
    expect(await buyer.balance()).toEqual({ available: '150.00', held: '0.00' })
    await context.close()
  })

  describe('every page about the catalogue is sound on a narrow screen and fits a wide one', () => {
    const offerId = randomUUID()
    let buyer: Buyer
    let order: Awaited<ReturnType<typeof buyVoucher>>
    let context: BrowserContext
    let page: Page
    beforeAll(async () => {
      const by = { author: COMMAND_LINE, reason: 'A test' } as const
      await world.parts.deeds.offers.change.perform({ ...VOUCHER, offerId, titleRu: LONG, titleEn: LONG }, { ...by, key: offerId })
      await importCodes(world.parts, { offerId, text: `V-${offerId}`, ...by })
      const place = { address: 'Невский проспект, дом 1', link: 'https://shop.example/', position: 1, isShown: true }
      await saveShop(world.parts, { shopId: randomUUID(), title: { ru: LONG, en: LONG }, text: { ru: LONG, en: LONG }, ...place, ...by })
      buyer = await world.member({ points: '0' })
      order = await buyVoucher(world.parts, { offerId, buyer: { memberId: buyer.id }, language: 'ru' })
      await shop.pays(order)
      await shop.until(order, 'credited')
    })
    beforeEach(async () => {
      context = await newVisitor(browser, { width: 320 })
      page = await context.newPage()
    })
    afterEach(() => context.close())

    const looks = async (path: string, state: string, language = 'ru'): Promise<void> => {
      await page.goto(`${world.url}${path}${path.includes('?') ? '&' : '?'}lang=${language}`)
      await arrive(page, state)
      await page.evaluate(`document.querySelectorAll('main details').forEach((part) => (part.open = true))`)
      await sound(page)
      await page.setViewportSize({ width: 1280, height: 800 })
      expect(await sidewaysFaults(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 800 })
    }
    const asOperator = async (): Promise<void> => {
      const { actor } = await StaffPerson.make(world, 'operator')
      await page.goto(`${world.url}/sign-in?lang=ru`)
      await signIn(page, actor.login)
      await page.locator('main[data-state]').waitFor()
    }

    test.each([
      { path: '/where-to-spend', language: 'ru' },
      { path: '/where-to-spend?q=zzz', language: 'en' },
    ])('for everybody: $path in $language', ({ path, language }) => looks(path, 'where-to-spend', language))

    test("for a member: a code, and a purchase of one's own", async () => {
      await page.goto(`${world.url}/sign-in?lang=ru`)
      await signIn(page, buyer.login)
      await arrive(page, 'account')
      await looks('/account/redeem', 'redeem', 'en')
      await page.locator('[name=code]').fill('nothing')
      await page.locator('form[action="/account/redeem"] button').click()
      await page.getByRole('alert').waitFor()
      await sound(page)
      await looks(`/account/top-ups/${order.number}`, 'credited')
      expect(await textOf(page)).toContain(`V-${offerId}`)
    })

    test.each([
      { what: 'the catalogue', path: () => '/admin/catalogue', state: 'catalogue', language: 'en' },
      { what: 'an offer', path: () => `/admin/catalogue/${offerId}`, state: 'offer', language: 'ru' },
      { what: 'the shops', path: () => '/admin/shops', state: 'shops', language: 'en' },
    ])('for staff: $what', async ({ path, state, language }) => {
      await asOperator()
      await looks(path(), state, language)
    })

    test('for staff: an order, and its refund', async () => {
      await asOperator()
      await looks(`/admin/orders/${order.number}`, 'order')
      expect(await sidewaysFaults(page)).toEqual([])
      await page.locator('[name=unused]').check()
      await page.locator('form[action$="/refund"] [name=reason]').fill('Не использован')
      await page.locator('form[action$="/refund"] button').click()
      await arrive(page, 'confirm')
      await sound(page)
      await page.locator('form[action$="/refund"] button').click()
      await arrive(page, 'order')
      expect(await world.parts.fulfilment.look(world.db, order)).toMatchObject({ use: 'withdrawn' })
    })
  })
})
