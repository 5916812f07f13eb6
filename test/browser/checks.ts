import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What the accessibility engine finds wrong, a line for each place. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const only = { runOnly: RULES, resultTypes: ['violations' as const], elementRef: false } // What passed would take most of the time to tell.
  const { violations } = await new AxeBuilder({ page }).options(only).setLegacyMode().analyze()
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}

// What runs inside the page is written as text: the tests are typed for Node, where there is no document.

/** What sticks out of the window sideways: nothing, or a reader has to scroll in two directions. */
export async function sidewaysFaults(page: Page): Promise<string[]> {
  await page.waitForLoadState() // The words are there before the style sheets that give them their width.
  return page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const sticksOut = (element) => {
      const { left, right, width } = element.getBoundingClientRect()
      return width > 0 && (right > clientWidth + 0.5 || left < -0.5) && !element.closest('.visually-hidden, .skip, .table-wrap, .list thead, svg')
    }
    const wide = [...document.body.querySelectorAll('*')].filter(sticksOut).map((element) => element.outerHTML.slice(0, 120))
    return scrollWidth > clientWidth ? ['the page is ' + (scrollWidth - clientWidth) + ' px too wide', ...wide] : wide
  })()`)
}

/** What one has to hit and is smaller than 44 px: buttons, links that look like them, fields. Of a choice the words around it are hit as well. */
export const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate<
    string[]
  >(`[...document.querySelectorAll('button, .button, .tool, .brand, label:has([type=radio]), input:not([type=hidden], [type=checkbox], label > [type=radio]), select')]
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (Math.round(box.height) < 44 || Math.round(box.width) < 44))
    .map(({ element, box }) => Math.round(box.width) + ' x ' + Math.round(box.height) + ': ' + element.outerHTML.slice(0, 120))`)

/** What looks broken on a wide screen: words that a field cuts off, buttons of one line of filters in two lines, and a button of a form as wide as a table. */
export const untidyPlaces = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const pen = document.createElement('canvas').getContext('2d')
    const tell = (what, element) => what + ': ' + element.outerHTML.slice(0, 120)
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.getBoundingClientRect().width > 0)
    const isCut = (element) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(element)
      pen.font = font
      const words = element.placeholder || element.selectedOptions?.[0]?.text || ''
      const arrowOrCross = 20
      return pen.measureText(words).width > element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - arrowOrCross
    }
    const isScattered = (form) => new Set([...form.querySelectorAll('.button')].map((one) => Math.round(one.getBoundingClientRect().top))).size > 1
    return [
      ...seen('input[placeholder], select').filter(isCut).map((element) => tell('words are cut off', element)),
      ...seen('.filters').filter(isScattered).map((element) => tell('buttons stand apart', element)),
      ...seen('main .button').filter((element) => element.getBoundingClientRect().width > 480).map((element) => tell('a stretched button', element)),
    ]
  })()`)

/**
 * Moments in the operator's zone that do not tell their time in UTC to whoever rests the pointer on them. A choice of a list is left out: there is nothing to rest on.
 * Each is told with what stands around it, an hour and a minute in either language being enough to know a moment by.
 */
export const momentsWithoutUtc = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const MOMENT = /(\\d\\d\\.\\d\\d\\.\\d\\d|\\d{1,2}\\s[A-Z][a-z]{2}\\s\\d{4},)\\s\\d\\d:\\d\\d/
    const UTC = /\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z/
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
    const silent = []
    while (texts.nextNode()) {
      const { textContent, parentElement } = texts.currentNode
      if (!MOMENT.test(textContent) || UTC.test(textContent) || parentElement.closest('option')) continue
      if (!UTC.test(parentElement.closest('[title]')?.title ?? '')) silent.push(textContent.trim().slice(0, 120))
    }
    return silent
  })()`)

/**
 * Holds back whatever leads from a page to this site: a paid page goes on by itself after three seconds, and a busy machine may take longer to look at it.
 * @returns lets go what was held, and holds nothing any more
 */
export async function holdsBack(page: Page, site: string): Promise<() => void> {
  let letGo = (): void => undefined
  const over = new Promise<void>((resolve) => (letGo = resolve))
  await page.route(`${site}/**`, async (route) => {
    await over
    await route.continue()
  })
  return letGo
}

/** The primary buttons that one sees. */
export const primaryActions = (page: Page): Promise<string[]> => page.locator('main .primary:visible').allInnerTexts()

export const stateOf = (page: Page): Promise<string | null> => page.locator('main').getAttribute('data-state')

/** Texts as a person reads them: a no-break space is a space. */
export const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ').trim()

export const headingOf = async (page: Page): Promise<string> => plain(await page.locator('h1').innerText())

export const textOf = async (page: Page): Promise<string> => plain(await page.locator('main').innerText())

export interface Focused {
  readonly tag: string
  readonly name: string
  /** A line of at least 2 px around it that is not transparent. */
  readonly isVisible: boolean
}

/** What has the keyboard's focus, and whether one sees it. */
export const focused = (page: Page): Promise<Focused> =>
  page.evaluate<Focused>(`(() => {
    const element = document.activeElement
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element)
    const label = element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent || ''
    return {
      tag: element.tagName,
      name: label.replace(/[\\s\\u00a0]+/g, ' ').trim(),
      isVisible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && !/, 0\\)$/.test(outlineColor),
    }
  })()`)

const MOST_STOPS = 60

/** Presses Tab until this has the focus, and makes sure that the focus was seen at every stop on the way. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const stops: string[] = []
  while (stops.length < MOST_STOPS) {
    await page.keyboard.press('Tab')
    const stop = await focused(page)
    stops.push(stop.name)
    expect(stop).toMatchObject({ isVisible: true })
    if (name.test(stop.name)) return
  }
  throw new Error(`Tab does not lead to ${String(name)}, only to ${stops.join(', ')}`)
}
