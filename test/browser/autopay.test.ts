import type { Browser, BrowserContext, Page } from 'playwright-core'
import { bill, company, rule } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { accessibilityFaults, headingOf, sidewaysFaults, textOf } from './checks'

describeInChromium('the story of automatic payment', () => {
  let world: World
  let browser: Browser
  let acme: Company
  let context: BrowserContext | undefined
  beforeAll(async () => {
    ;[world, browser] = await Promise.all([World.make({ env: { MODE: 'demo' } }), launchChromium()])
  })
  afterEach(async () => {
    await context?.close()
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await browser.close()
    await world.close()
  })

  async function seated(scripts: boolean): Promise<Page> {
    const person = await StaffPerson.make(world, 'operator')
    await person.signsIn()
    await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: person.actor.id })
    context = await newVisitor(browser, { scripts, width: 320 })
    await context.addCookies([{ name: 'gateway', value: person.browser.cookie('gateway') ?? '', url: world.url }])
    return context.newPage()
  }

  const shows = (page: Page, state: string): Promise<void> => page.locator(`main[data-state="${state}"]`).waitFor()
  const presses = (page: Page, name: string): Promise<void> =>
    page.locator('main').getByRole('button', { name, exact: true }).first().click()

  /** The accessibility engine needs scripts itself. */
  async function isFit(page: Page, scripts: boolean): Promise<void> {
    if (scripts) expect([...(await sidewaysFaults(page)), ...(await accessibilityFaults(page))]).toEqual([])
  }

  async function starts(page: Page): Promise<void> {
    await page.goto(`${world.url}/admin/autopay/runs`)
    await presses(page, 'Прочитать и оплатить сейчас')
    await shows(page, 'autopay-run')
  }

  test.each([{ scripts: true }, { scripts: false }])(
    'write a rule, try it dry, switch it on, approve one, watch the run, stop it (scripts $scripts)',
    async ({ scripts }) => {
      acme = await company(world, { on: false })
      await rule(world, acme, { description: 'Мебель', do: 'ask', priority: 9 })
      await bill(world, acme, { amount: '1500.00', description: 'Аренда, ноябрь', number: '417-1' })
      await bill(world, acme, { amount: '2000.00', description: 'Мебель, столы', number: '418-1' })
      const page = await seated(scripts)
      await starts(page)
      expect(await textOf(page)).toContain('Ждёт: 2')

      await page.goto(`${world.url}/admin/autopay/rules/new`)
      await page.getByLabel('Название').fill('Аренда')
      await page.getByLabel('Описание').fill('аренда')
      await page.getByLabel('Сумма до, ₽', { exact: true }).fill('5000')
      await page.locator('#rule-perDay').fill('5000')
      await page.locator('#rule-do').selectOption('pay')
      await page.locator('#rule-reason-text').fill('Договор на год')
      await presses(page, 'Далее')
      await shows(page, 'confirm')
      await page.locator('main .primary').click()
      await shows(page, 'autopay-rule')
      await presses(page, 'Проверить на прошлых счетах')
      await shows(page, 'autopay-try')
      expect(await textOf(page)).toContain('417-1')
      await isFit(page, scripts)
      await page.locator('#on-reason-text').fill('Проверено')
      await presses(page, 'Включить правило')
      if ((await page.locator('main').getAttribute('data-state')) === 'confirm') await page.locator('main .primary').click()
      await shows(page, 'autopay-rule')

      await page.goto(`${world.url}/admin/autopay/queue/mine`)
      await isFit(page, scripts)
      await page.getByRole('link', { name: '418-1' }).click()
      await shows(page, 'autopay-invoice')
      expect(await headingOf(page)).toBe('Счёт 418-1')
      await page.locator('#approve-text').fill('Заказывали в октябре')
      await presses(page, 'Согласовать')
      await shows(page, 'confirm')
      await page.locator('main .primary').click()
      await shows(page, 'autopay-invoice')
      expect(await textOf(page)).toMatch(/к оплате/)

      await page.goto(`${world.url}/admin/autopay`)
      await isFit(page, scripts)
      await page.getByText('Включить или выключить').click()
      await page.locator('#switch-on-reason').fill('Начинаем')
      await presses(page, 'Включить автооплату')
      await starts(page)
      expect(await textOf(page)).toContain('Оплачено: 2 на 3 500,00 ₽')

      await presses(page, 'Остановить автооплату')
      const late = await bill(world, acme, { amount: '10.00', description: 'Аренда, декабрь' })
      await starts(page)
      expect(await world.sandbox.operationsOn(late)).toEqual([])
      expect(await textOf(page)).toContain('Ждёт: 1')
      await page.goto(`${world.url}/admin/autopay/plan`)
      await isFit(page, scripts)
    },
    60_000,
  )
})
