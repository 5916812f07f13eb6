import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { StaffRole } from '../../src/shared/actor'
import { accessibilityFaults, focused, headingOf, sidewaysFaults, smallTargets, stateOf, textOf } from '../browser/checks'
import { fillPath, makeObjects } from '../routes/objects'
import { readRouteTable } from '../routes/table'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import type { Visit } from '../support/chromium'
import { codeNow, StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

const table = readRouteTable()
afterAll(() => table.close())

/** Every page of the back office: what is no file to be saved, and needs nobody to be erased first. */
const PAGES = table.routes.filter(
  ({ method, path }) => method === 'get' && path.startsWith('/admin') && !/(\.(csv|pdf|txt)|\/erasure)$/.test(path),
)
const LISTS = PAGES.filter(({ path }) => !path.includes(':'))

describeInChromium('the back office in a real browser', () => {
  let browser: Browser
  let world: World
  let empty: World
  const contexts: BrowserContext[] = []
  beforeAll(async () => {
    ;[browser, world, empty] = [await launchChromium(), await World.make(), await World.make({ fund: '0' })]
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })
  afterAll(async () => {
    await browser.close()
    expect(await world.findings()).toEqual([])
    await world.close()
    await empty.close()
  })

  async function newPage(visit: Visit = {}): Promise<Page> {
    const context = await newVisitor(browser, visit)
    contexts.push(context)
    return context.newPage()
  }

  /** Somebody of this role who has signed in and sits before a window. */
  async function seated(role: StaffRole, visit: Visit = {}, at = world): Promise<{ page: Page; person: StaffPerson }> {
    const person = await StaffPerson.make(at, role)
    await person.signsIn()
    const page = await newPage(visit)
    await page.context().addCookies([{ name: 'gateway', value: person.browser.cookie('gateway') ?? '', url: at.url }])
    return { page, person }
  }

  const shows = (page: Page, state: string): Promise<void> => page.locator(`main[data-state="${state}"]`).waitFor()

  /** What is wrong with a page for somebody with a telephone, or with a screen reader. */
  async function faultsOf(page: Page, address: string): Promise<string[]> {
    const answer = await page.goto(address)
    const status = answer?.status() ?? 0
    const found = [...(await sidewaysFaults(page)), ...(await smallTargets(page)), ...(await accessibilityFaults(page))]
    return [...(status >= 400 ? [`answers ${String(status)}`] : []), ...found].map((fault) => `${address}: ${fault}`)
  }

  test('every list without anything in it says so, fits 360 px and has no accessibility fault', async () => {
    const { page } = await seated('admin', { width: 360 }, empty)
    const faults: string[] = []
    for (const { path } of LISTS) faults.push(...(await faultsOf(page, `${empty.url}${path}`)))
    expect(faults).toEqual([])
  }, 120_000)

  test('every page with something on it fits 360 px and has no accessibility fault', async () => {
    const owner = await world.member({ points: '500.00', login: 'a-member-with-a-rather-long-name@example.org' })
    const objects = await makeObjects(PAGES, world, owner)
    const { page } = await seated('admin', { width: 360, language: 'en' })
    const faults: string[] = []
    for (const route of PAGES) faults.push(...(await faultsOf(page, `${world.url}${fillPath(route, objects)}`)))
    expect(faults).toEqual([])
  }, 120_000)

  test('who has no right is told so on a page that leads on, and what does not exist as well', async () => {
    const { page } = await seated('viewer', { width: 360 })
    for (const [path, heading] of [
      ['/admin/staff', 'Нет доступа'],
      ['/admin/nothing-of-the-kind', 'Страница не найдена'],
    ] as const) {
      await page.goto(`${world.url}${path}`)
      expect([await stateOf(page), await headingOf(page)]).toEqual(['error', heading])
      expect([...(await sidewaysFaults(page)), ...(await accessibilityFaults(page))]).toEqual([])
    }
    await page.goto(`${world.url}/admin`)
    expect(await page.locator('a[href="/admin/staff"]').count()).toBe(0)
  }, 60_000)

  test('the sections of an admin stand in one line, open by keyboard, and close by Esc or a click elsewhere', async () => {
    const { page } = await seated('admin', { width: 1280 })
    await page.goto(`${world.url}/admin/audit`)
    const sections = page.locator('nav.sections')
    for (const language of ['en', 'ru']) {
      await page.goto(`${world.url}/admin/audit?lang=${language}`)
      expect([language, ((await sections.boundingBox())?.height ?? 0) < 60]).toEqual([language, true])
    }
    const [group, staff] = [page.locator('summary', { hasText: 'Управление' }), page.locator('a[href="/admin/staff"]')]
    expect([await group.getAttribute('aria-current'), await staff.isVisible()]).toEqual(['true', false])
    await group.focus()
    await page.keyboard.press('Enter')
    expect([await staff.isVisible(), await sidewaysFaults(page), await accessibilityFaults(page)]).toEqual([true, [], []])
    await page.keyboard.press('Escape')
    expect([await staff.isVisible(), await page.locator('summary:focus').textContent()]).toEqual([false, 'Управление'])
    await group.click()
    await page.mouse.click(5, 600)
    expect(await staff.isVisible()).toBe(false)
    await group.click()
    await staff.click()
    await shows(page, 'staff')
  }, 60_000)

  test('an admin sets up the second factor, adds an operator, and hands over a code for the first sign-in', async () => {
    const person = await StaffPerson.make(world, 'admin')
    const page = await newPage()
    await page.goto(`${world.url}/admin/staff`)
    await page.getByLabel('Логин').fill(person.actor.login)
    await page.getByLabel('Пароль').fill(PASSWORD)
    await page.getByRole('button', { name: 'Войти' }).click()
    await shows(page, 'enrol')
    expect([...(await sidewaysFaults(page)), ...(await accessibilityFaults(page))]).toEqual([])
    const secret = await page.locator('.secret').innerText()
    await page.getByLabel('Шесть цифр из приложения').fill(codeNow(secret, world.clock.now()))
    await page.getByRole('button', { name: 'Проверить и сохранить' }).click()
    await shows(page, 'recovery-codes')
    expect(await page.locator('.codes code').count()).toBe(10)
    // The way goes on to the page that was asked for before anybody was known.
    await page.getByRole('link', { name: 'Коды сохранены' }).click()
    await shows(page, 'staff')
    await page.locator('#new-login').fill('newcomer')
    await page.locator('#new-role').selectOption('operator')
    await page.locator('#new-text').fill('Новый сотрудник')
    await page.getByRole('button', { name: 'Добавить', exact: true }).click()
    await shows(page, 'confirm')
    expect(await textOf(page)).toContain('оператор')
    await page.getByRole('button', { name: 'Подтвердить' }).click()
    await shows(page, 'staff')
    await page.getByRole('link', { name: 'newcomer' }).click()
    await page.getByRole('button', { name: 'Выдать код для первого входа' }).click()
    await shows(page, 'staff-code')
    const code = await page.locator('.secret').innerText()
    expect(await faultsOf(page, `${world.url}/sign-in/set-up`)).toEqual([])

    const theirs = await newPage({ scripts: false })
    await theirs.goto(`${world.url}/sign-in/set-up`)
    for (const [label, text] of [
      ['Логин', 'newcomer'],
      ['Код для первого входа', code],
      ['Новый пароль', PASSWORD],
    ] as const)
      await theirs.getByLabel(label).fill(text)
    await theirs.getByRole('button', { name: 'Сохранить пароль' }).click()
    await theirs.getByLabel('Логин').fill('newcomer')
    await theirs.getByLabel('Пароль').fill(PASSWORD)
    await theirs.getByRole('button', { name: 'Войти' }).click()
    await shows(theirs, 'home')
  }, 60_000)

  test('an operator finds a member, credits a little alone, and much only with an approver', async () => {
    const buyer = await world.member({ points: '0', login: 'credited' })
    const { page } = await seated('operator')
    await page.goto(`${world.url}/admin`)
    await page.keyboard.press('/')
    await page.keyboard.type('credited')
    await page.keyboard.press('Enter')
    await shows(page, 'member')
    const card = page.url()
    const credit = async (points: string): Promise<void> => {
      await page.goto(card)
      await page.locator('#credit-points').fill(points)
      await page.locator('#credit-text').fill('По обращению')
      await page.getByRole('button', { name: 'Начислить баллы' }).click()
      await shows(page, 'confirm')
    }
    await credit('150')
    expect(await textOf(page)).toMatch(/0 баллов\s+150 баллов/)
    await page.getByRole('button', { name: 'Подтвердить' }).click()
    await shows(page, 'member')
    expect((await buyer.balance()).available).toBe('150.00')

    await credit('200000')
    await page.getByRole('button', { name: 'Отправить на согласование' }).click()
    await shows(page, 'member')
    expect((await buyer.balance()).available).toBe('150.00')

    const { page: approvers } = await seated('approver')
    await approvers.goto(`${world.url}/admin`)
    await approvers.getByRole('link', { name: /^Запросы ждут моего согласия/ }).click()
    await shows(approvers, 'approvals')
    await approvers.getByRole('link', { name: 'Начислить баллы' }).first().click()
    await shows(approvers, 'approval')
    await approvers.getByRole('button', { name: /^Согласовать/ }).click()
    expect((await buyer.balance()).available).toBe('200150.00')
    expect(await focused(approvers)).toMatchObject({ tag: 'P', name: 'Запрос согласован (выполнено).' })
  }, 60_000)

  test('support finds a payment by its number and sees no personal data; a viewer goes through the list by keys', async () => {
    const buyer = await world.member({ points: '100.00', login: 'somebody@example.org' })
    await buyer.pays(await world.sandbox.invoice({ amount: '10.00', number: 'SUPPORT-1' }))
    const { page } = await seated('support')
    await page.goto(`${world.url}/admin/search?q=SUPPORT-1`)
    await shows(page, 'payment')
    await page.goto(`${world.url}/admin/search?q=${buyer.id}`)
    await shows(page, 'member')
    expect(await textOf(page)).not.toContain('somebody@example.org')

    const { page: viewers } = await seated('viewer')
    await viewers.goto(`${world.url}/admin/payments`)
    await viewers.keyboard.press('j')
    expect(await focused(viewers)).toMatchObject({ tag: 'A', isVisible: true })
    await viewers.keyboard.press('?')
    expect(await viewers.locator('#keys').getAttribute('open')).not.toBeNull()
    await viewers.keyboard.press('Escape')
    await viewers.keyboard.press('j')
    await viewers.keyboard.press('k')
    await viewers.keyboard.press('Enter')
    await shows(viewers, 'payment')
  }, 60_000)

  test('a list that takes a while says so, and Back shows it as it was', async () => {
    const { page } = await seated('viewer')
    await page.goto(`${world.url}/admin/payments`)
    let answers: () => void = () => undefined
    const answered = new Promise<void>((resolve) => (answers = resolve))
    await page.route(/\/admin\/payments\?/, async (route) => {
      await answered
      await route.continue()
    })
    const said = page.evaluate(`new Promise((resolve) => {
      const look = () => (document.querySelector('main[aria-busy="true"]') ? resolve(document.querySelector('#loading').innerText) : setTimeout(look, 20))
      look()
    })`)
    await page.getByRole('button', { name: 'Показать' }).click({ noWaitAfter: true })
    expect(await said).toBe('Загружаем список…')
    answers()
    await page.waitForURL(/\/admin\/payments\?/)
    await page.locator('main:not([aria-busy])').waitFor()
    await page.goBack()
    await page.locator('main:not([aria-busy])').waitFor()
    expect(await page.locator('#loading').innerText()).toBe('')
  }, 60_000)

  test('an auditor has the books proved and reads who did what', async () => {
    const { page } = await seated('auditor')
    await page.goto(`${world.url}/admin`)
    await page.getByRole('button', { name: 'Проверить сейчас' }).click()
    await page.getByText('Да: все правила книг доказаны.').waitFor()
    await page.locator('summary', { hasText: 'Управление' }).click()
    await page.getByRole('link', { name: 'Журнал' }).click()
    await shows(page, 'audit')
    expect(await textOf(page)).toContain('Добавлен сотрудник')
  }, 60_000)
})
