import type { Browser, BrowserContext, Page } from 'playwright-core'
import { focused } from '../browser/checks'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

describeInChromium('where somebody with a keyboard or a screen reader is after a form was sent', () => {
  let browser: Browser
  let world: World
  let context: BrowserContext
  beforeAll(async () => {
    ;[browser, world] = await Promise.all([launchChromium(), World.make()])
  })
  afterEach(() => context.close())
  afterAll(async () => {
    await browser.close()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const shows = (page: Page, state: string): Promise<void> => page.locator(`main[data-state="${state}"]`).waitFor()

  async function operatorsPage(scripts: boolean): Promise<Page> {
    const person = await StaffPerson.make(world, 'operator')
    await person.signsIn()
    context = await newVisitor(browser, { scripts, width: 360 })
    await context.addCookies([{ name: 'gateway', value: person.browser.cookie('gateway') ?? '', url: world.url }])
    return context.newPage()
  }

  /** What has the focus, which the window shows. */
  async function whereOneIs(page: Page): Promise<string> {
    await page.locator('main :focus').waitFor({ timeout: 10_000 })
    expect(await page.evaluate<number>('document.activeElement.getBoundingClientRect().top')).toBeGreaterThanOrEqual(0)
    return `${(await focused(page)).tag}: ${(await focused(page)).name}`
  }

  test.each([
    { how: 'with scripts', scripts: true },
    { how: 'without scripts', scripts: false },
  ])(
    'a refusal leads to the field at fault or to why, a preview to its heading, and a deed that is done to the sentence that says so ($how)',
    async ({ scripts }) => {
      const { id } = await world.member({ points: '10.00' })
      const page = await operatorsPage(scripts)
      const credits = async (form: 'credit' | 'debit', points: string): Promise<void> => {
        await page.goto(`${world.url}/admin/members/${id}`)
        await page.locator(`#${form}-points`).fill(points)
        await page.locator(`#${form}-text`).fill('По обращению')
        await page.keyboard.press('Enter')
      }
      await credits('credit', 'сто')
      await shows(page, 'error')
      expect(await whereOneIs(page)).toBe('INPUT: Баллы')
      await credits('debit', '5000')
      await shows(page, 'error')
      expect(await whereOneIs(page)).toBe('P: Доступных средств не хватает. Ничего не списано.')
      await credits('credit', '5')
      await shows(page, 'confirm')
      expect(await whereOneIs(page)).toBe('H1: Проверьте, что изменится')
      await page.keyboard.press('Tab')
      expect(await focused(page)).toMatchObject({ name: 'Подтвердить', isVisible: true })
      await page.keyboard.press('Enter')
      await shows(page, 'member')
      expect(await whereOneIs(page)).toBe('P: Готово.')
      await page.goto(`${world.url}/admin/members/${id}`)
      expect((await focused(page)).tag).toBe('BODY')
    },
    60_000,
  )

  test('whoever is not let in goes on in the first field, which tells why', async () => {
    context = await newVisitor(browser, { scripts: false })
    const page = await context.newPage()
    await page.goto(`${world.url}/sign-in`)
    await page.getByLabel('Логин').fill('nobody')
    await page.getByLabel('Пароль').fill('a wrong password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await whereOneIs(page)).toBe('INPUT: Логин')
    expect(await page.getByLabel('Логин').getAttribute('aria-describedby')).toBe('alert')
  }, 60_000)

  test('an operation whose name takes two lines keeps clear of its date on a narrow screen', async () => {
    const buyer = await world.member({ points: '500.00' })
    await buyer.pays(await world.sandbox.invoice({ amount: '12.00', number: '2026-11-23/СЧ-0042' }))
    context = await newVisitor(browser, { width: 320 })
    await context.addCookies([{ name: 'gateway', value: buyer.browser.cookie('gateway') ?? '', url: world.url }])
    const page = await context.newPage()
    await page.goto(`${world.url}/account`)
    const heights = await page.evaluate<[number, number][]>(`[...document.querySelectorAll('a.entry-what')].map((link) => {
      const words = document.createRange()
      words.selectNodeContents(link)
      return [words.getBoundingClientRect().bottom, link.nextElementSibling.getBoundingClientRect().top]
    })`)
    expect(heights).toHaveLength(1)
    for (const [bottom, next] of heights) expect(bottom).toBeLessThanOrEqual(next + 2)
  }, 60_000)
})
