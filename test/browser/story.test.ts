import type { Browser, Page } from 'playwright-core'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import { PASSWORD, World } from '../support/world'
import { headingOf, holdsBack, sidewaysFaults, stateOf, tabTo, textOf } from './checks'

/** How a person works a page. */
interface Hands {
  fill(page: Page, label: RegExp, text: string): Promise<void>
  press(page: Page, name: RegExp): Promise<void>
}

const withMouse: Hands = {
  fill: (page, label, text) => page.getByLabel(label).fill(text),
  press: (page, name) => page.getByRole('button', { name }).or(page.getByRole('link', { name })).click(),
}

const withKeyboard: Hands = {
  async fill(page, label, text) {
    await tabTo(page, label)
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(text)
  },
  async press(page, name) {
    await tabTo(page, name)
    await page.keyboard.press('Enter')
  },
}

/** The page leads on by itself after a while, so on a slow machine there may be nothing left to press. */
const unlessThere = (page: Page, address: string) => (error: unknown) => {
  if (page.url() !== address) throw error
}

const WAYS = [
  { way: 'with scripts', scripts: true, hands: withMouse },
  { way: 'with scripts off', scripts: false, hands: withMouse },
  { way: 'with the keyboard alone', scripts: true, hands: withKeyboard },
].flatMap((way) => [
  { ...way, width: 1280, presses: way.hands === withKeyboard },
  { ...way, width: 320, presses: true }, // The others wait to be led back.
])

describeInChromium('a member pays an invoice in a real browser', () => {
  let world: World
  let browser: Browser
  beforeAll(async () => {
    ;[world, browser] = await Promise.all([World.make(), launchChromium()])
  })
  afterAll(async () => {
    await browser.close()
    await world.close()
  })

  test.each(WAYS)(
    '$way, $width px wide: from the sandbox to our page and back to «Оплачен»',
    async ({ scripts, hands, width, presses }) => {
      const buyer = await world.member({ points: '25000.00' })
      const context = await newVisitor(browser, { scripts, width })
      const page = await context.newPage()
      const arrive = async (state: string): Promise<void> => {
        await page.locator(`main[data-state="${state}"]`).waitFor()
        expect(await sidewaysFaults(page)).toEqual([])
      }

      await page.goto(world.sandbox.url)
      expect(await sidewaysFaults(page)).toEqual([])
      await hands.fill(page, /^Сумма, ₽/, '1 240,50')
      await hands.press(page, /^Выставить счёт$/)
      await arrive('pending')
      const paymentPage = page.url()
      const title = await headingOf(page)
      await hands.press(page, /^Оплатить баллами программы$/)

      await arrive('sign-in')
      expect(await headingOf(page)).toBe('Войдите, чтобы оплатить 1 240,50 ₽')
      expect(await textOf(page)).toContain(title)
      await hands.fill(page, /^Логин$/, buyer.login)
      await hands.fill(page, /^Пароль$/, PASSWORD)
      await hands.press(page, /^Войти$/)

      await arrive('ready')
      expect(await headingOf(page)).toBe(title)
      expect((await textOf(page)).replaceAll('\n', ' ')).toMatch(/Сейчас 25 000 баллов Спишется 1 240,50 балла Останется 23 759,50 балла/)
      const goesOn = await holdsBack(page, world.sandbox.url)
      await hands.press(page, /^Оплатить 1\s240,50\sбалла$/)

      await arrive('paid')
      goesOn()
      if (presses) await hands.press(page, /^Вернуться к счёту$/).catch(unlessThere(page, paymentPage))
      await page.waitForURL(paymentPage)
      expect(await stateOf(page)).toBe('paid')
      expect(await textOf(page)).toMatch(/Оплачен\s/)

      await page.goto(`${world.url}/account`)
      const account = await textOf(page)
      expect(account).toContain('23 759,50 балла')
      expect(account).toContain(`Оплата счёта ${title.replace('Счёт ', '')}`)
      expect(await buyer.balance()).toEqual({ available: '23759.50', held: '0.00' })
      expect(await world.sandbox.operationsOn({ id: paymentPage.split('/').at(-1) ?? '' })).toHaveLength(1)
      expect(await world.findings()).toEqual([])
      await context.close()
    },
  )
})
