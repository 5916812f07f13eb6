import type { Browser, BrowserContext, Page } from 'playwright-core'
import { addThreshold, checkThresholds } from '../../src/fund'
import { lockMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { parseMoney } from '../../src/shared/money'
import { accessibilityFaults, focused, momentsWithoutUtc, sidewaysFaults, smallTargets, untidyPlaces } from '../browser/checks'
import { fillPath, makeObjects } from '../routes/objects'
import { readRouteTable } from '../routes/table'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import type { Visit } from '../support/chromium'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

const table = readRouteTable()
afterAll(() => table.close())

/** Every page of the back office: what is no file to be saved, and needs nobody to be erased first. */
const PAGES = table.routes.filter(
  ({ method, path }) => method === 'get' && path.startsWith('/admin') && !/(\.(csv|pdf|txt)|\/erasure)$/.test(path),
)

describeInChromium('the pages of the back office for whoever works there all day', () => {
  let browser: Browser
  let world: World
  let context: BrowserContext | undefined
  beforeAll(async () => {
    ;[browser, world] = await Promise.all([launchChromium(), World.make()])
  })
  afterEach(() => context?.close())
  afterAll(async () => {
    await browser.close()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** Somebody of this role who has signed in and sits before a window. */
  async function seated(role: StaffRole, visit: Visit): Promise<Page> {
    const person = await StaffPerson.make(world, role)
    await person.signsIn()
    context = await newVisitor(browser, visit)
    await context.addCookies([{ name: 'gateway', value: person.browser.cookie('gateway') ?? '', url: world.url }])
    return context.newPage()
  }

  const shows = (page: Page, state: string): Promise<void> => page.locator(`main[data-state="${state}"]`).waitFor()

  test.each(['ru', 'en'] as const)(
    'on a wide screen no words are cut off, buttons stand together and are no wider than a hand, and every moment tells UTC (%s)',
    async (language) => {
      const login = `owner-${language}`
      const owner = await world.member({ points: '500.00', login })
      const objects = await makeObjects(PAGES, world, owner)
      await lockMember(world.parts, { login, reason: 'A test', actor: COMMAND_LINE })
      await addThreshold(world.parts, { amount: parseMoney('9000000.00', 'RUB'), author: COMMAND_LINE })
      await checkThresholds(world.parts)
      const page = await seated('admin', { width: 1280, language })
      const untidy: string[] = []
      for (const route of PAGES) {
        await page.goto(`${world.url}${fillPath(route, objects)}`)
        await page.evaluate(`document.querySelectorAll('main details').forEach((part) => (part.open = true))`)
        const seen = [...(await untidyPlaces(page)), ...(await momentsWithoutUtc(page))]
        untidy.push(...(await sidewaysFaults(page)), ...seen.map((fault) => `${route.path}: ${fault}`))
      }
      expect(untidy).toEqual([])
    },
    120_000,
  )

  test.each([
    { role: 'admin', groups: ['Деньги', 'Продажи', 'Управление'] },
    { role: 'support', groups: ['Деньги', 'Продажи'] }, // Of the third they may see one section, which is a plain link.
  ] as const)(
    'the keyboard alone reaches every section of the $role, and a menu that it leaves closes',
    async ({ role, groups }) => {
      const page = await seated(role, { width: 1280 })
      await page.goto(`${world.url}/admin`)
      expect(await page.locator('nav.sections summary').allInnerTexts()).toEqual(groups)
      const hrefs = await page.locator('nav.sections a').all()
      const all = await Promise.all(hrefs.map((link) => link.getAttribute('href')))
      const reached: (string | null)[] = []
      const menus: string[][] = []
      const openMenus = (): Promise<string[]> => page.locator('nav.sections details[open] > summary').allInnerTexts()
      await page.locator('nav.sections a').first().focus()
      for (;;) {
        const stop = page.locator('nav.sections :focus')
        if ((await stop.count()) === 0) break
        expect(await focused(page)).toMatchObject({ isVisible: true })
        if (await stop.and(page.locator('summary')).count()) {
          await page.keyboard.press('Enter')
          menus.push(await openMenus())
        } else reached.push(await stop.getAttribute('href'))
        const inside = await page.locator('nav.sections details:has(:focus) > summary').allInnerTexts()
        expect(await openMenus()).toEqual(inside)
        await page.keyboard.press('Tab')
      }
      expect([menus, reached, await openMenus()]).toEqual([groups.map((group) => [group]), all, []])
    },
    60_000,
  )

  test.each([360, 1280])(
    'a form that is refused says why and keeps what was typed, for the eye and for a screen reader (%d px)',
    async (width) => {
      const buyer = await world.member({ points: '0' })
      const page = await seated('operator', { width })
      await page.goto(`${world.url}/admin/members/${buyer.id}`)
      await page.locator('#credit-points').fill('сто')
      await page.locator('#credit-text').fill('По обращению')
      await page.getByRole('button', { name: 'Начислить баллы' }).click()
      await shows(page, 'error')
      const points = page.locator('[name=points]')
      expect([await points.inputValue(), await page.locator('[name=reason]').inputValue()]).toEqual(['сто', 'По обращению'])
      expect([await points.getAttribute('aria-invalid'), await points.getAttribute('aria-describedby')]).toEqual(['true', 'fault'])
      expect([...(await accessibilityFaults(page)), ...(await sidewaysFaults(page)), ...(await smallTargets(page))]).toEqual([])
      expect(width === 1280 ? await untidyPlaces(page) : []).toEqual([])
      await points.fill('100')
      await page.getByRole('button', { name: 'Продолжить' }).click()
      await shows(page, 'confirm')
      expect([...(await accessibilityFaults(page)), ...(await sidewaysFaults(page)), ...(await smallTargets(page))]).toEqual([])
    },
    60_000,
  )
})
