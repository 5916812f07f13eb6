import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { describeInChromium, launchChromium, newVisitor } from '../support/chromium'
import type { Language, Visit } from '../support/chromium'
import { World } from '../support/world'
import { accessibilityFaults, headingOf, plain, primaryActions, sidewaysFaults, smallTargets, stateOf, textOf } from './checks'
import { makeCast, seat } from './cast'
import type { Cast, Who } from './cast'
import { OTHER_SCENES, PAYMENT_SCENES, saysWhatMoved } from './scenes'
import type { Scene } from './scenes'
import { CHECKOUT_STATES } from '../../src/payments/checkout-state'

const LANGUAGES: readonly Language[] = ['ru', 'en']
/** The second is a window of 1280 px at 200 % zoom. */
const SIZES = [
  { name: '1280', width: 1280, height: 900 },
  { name: '200%', width: 640, height: 450 },
  { name: '390', width: 390, height: 800 },
  { name: '320', width: 320, height: 700 },
]

/** Set BROWSER_SHOTS to a folder to look at every state as the tests see it. */
const SHOTS = process.env.BROWSER_SHOTS
const shoot = async (page: Page, name: string): Promise<void> => {
  if (SHOTS === undefined) return
  mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: join(SHOTS, `${name.replaceAll(/[^\w%]+/g, '-')}.png`), fullPage: true })
}

test('every state of the payment page has a scene here', () => {
  expect(new Set(PAYMENT_SCENES.map(({ state }) => state))).toEqual(new Set(CHECKOUT_STATES))
})

describeInChromium('every page as a person sees it', () => {
  let browser: Browser
  let cast: Cast
  let visitors: Record<Language | 'withoutScripts', BrowserContext>
  beforeAll(async () => {
    browser = await launchChromium()
    cast = await makeCast(await World.make())
    const visitor = (visit: Visit): Promise<BrowserContext> => newVisitor(browser, visit)
    visitors = {
      ru: await visitor({}),
      en: await visitor({ language: 'en' }),
      withoutScripts: await visitor({ scripts: false, width: 320 }),
    }
  })
  afterAll(async () => {
    await browser.close()
    expect(await cast.world.findings()).toEqual([])
    await cast.world.close()
  })

  /** Opens the page, and nothing leads away from it afterwards: paid pages go on by themselves, others load again, and the engine may take longer than they wait. */
  async function opened(visitor: BrowserContext, who: Who, address: string): Promise<Page> {
    for (const left of visitor.pages()) await left.close()
    const page = await visitor.newPage()
    await seat(page, cast, who)
    let hasCome = false
    await page.route('**/*', async (route) => {
      if (!route.request().isNavigationRequest()) return route.continue()
      if (hasCome) return route.fulfill({ status: 204 })
      hasCome = true
      return route.continue()
    })
    await page.goto(address)
    return page
  }

  async function expectWords(page: Page, scene: Scene, language: Language): Promise<void> {
    const at = LANGUAGES.indexOf(language)
    expect(await stateOf(page)).toBe(scene.state)
    expect(await page.locator('html').getAttribute('lang')).toBe(language)
    expect(await headingOf(page)).toBe(scene.heading[at])
    expect(await textOf(page)).toMatch(saysWhatMoved(scene)[at] ?? '')
  }

  async function expectItFits(page: Page, name: string): Promise<void> {
    for (const size of SIZES) {
      await page.setViewportSize(size)
      expect({ size: size.name, faults: await sidewaysFaults(page) }).toEqual({ size: size.name, faults: [] })
      await shoot(page, `${name}-${size.name}`)
    }
    expect(await smallTargets(page)).toEqual([])
  }

  const primaryOf = ({ primary }: Scene, language: Language): string[] => (primary ? [primary[LANGUAGES.indexOf(language)] ?? ''] : [])

  describe.each([...PAYMENT_SCENES, ...OTHER_SCENES])('$name', (scene) => {
    let address: string
    beforeAll(async () => {
      address = new URL(await scene.reach(cast), cast.world.url).href
    })

    test.each(LANGUAGES)('says what is so, fits every window and satisfies the accessibility engine (%s)', async (language) => {
      const page = await opened(visitors[language], scene.who, address)
      await page.setViewportSize({ width: 1280, height: 900 })
      await expectWords(page, scene, language)
      expect((await primaryActions(page)).map(plain)).toEqual(primaryOf(scene, language))
      // The engine takes long: one language is looked at in a wide window, the other in the narrow one.
      if (language === 'ru') expect(await accessibilityFaults(page)).toEqual([])
      await expectItFits(page, `${scene.name}-${language}`)
      if (language === 'en') expect(await accessibilityFaults(page)).toEqual([])
    })

    test('is the same with scripts off', async () => {
      const page = await opened(visitors.withoutScripts, scene.who, address)
      await expectWords(page, scene, 'ru')
      expect(await sidewaysFaults(page)).toEqual([])
      // Only printing needs a script; the browser's own menu does it without.
      expect((await primaryActions(page)).map(plain)).toEqual(scene.state === 'receipt' ? [] : primaryOf(scene, 'ru'))
    })
  })
})
