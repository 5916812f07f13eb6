import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from '../support/browser'
import type { Arena } from './arena'
import { arrive, hasButton, signIn } from './buyers'
import type { Diary, Tab } from './buyers'
import type { Scene } from './plan'

/** The buttons of a scene are pressed, in the way of its story. */
export async function pay(arena: Arena, diary: Diary, scene: Scene): Promise<void> {
  await pause(scene.afterMs)
  const tabs = diary.tabs.filter((tab) => tab.scene === scene)
  await Promise.all(tabs.map((tab) => pressOnce(arena, diary, tab)))
  const [tab] = tabs
  if (!tab || scene.story !== 'comes-back') return
  const again = await arrive(diary, tab)
  if (hasButton(again)) await diary.press(tab, again)
}

async function pressOnce(arena: Arena, diary: Diary, tab: Tab): Promise<void> {
  const { scene } = tab
  const page = hasButton(tab.page) ? tab.page : await tryAgain(diary, tab)
  if (!hasButton(page)) return
  const times = scene.story === 'double-click' ? 2 : 1
  const answers = await Promise.all(Array.from({ length: times }, () => diary.press(tab, page)))
  const answer = await insist(arena, diary, tab, answers[0])
  if (scene.story === 'replayed-form' && answer) await diary.press(tab, page)
}

/** A page that could not show the invoice is loaded once more. */
async function tryAgain(diary: Diary, tab: Tab): Promise<Page | undefined> {
  const { page } = tab
  return page?.state === 'unavailable' ? diary.see(tab, 'arrival', () => tab.browser.open(page.url)) : page
}

/** Whoever got no page, or an error, comes back to the checkout; whoever insists presses the button that it shows then, once. */
async function insist(arena: Arena, diary: Diary, tab: Tab, answer: Page | undefined): Promise<Page | undefined> {
  const seen = answer && answer.status < 500 ? answer : await comeBack(arena, diary, tab)
  if (!tab.scene.insists || !hasButton(seen)) return seen
  return diary.press(tab, seen)
}

const MOST_RETURNS = 3

async function comeBack(arena: Arena, diary: Diary, tab: Tab): Promise<Page | undefined> {
  for (let times = 0; times < MOST_RETURNS; times++) {
    await arena.slot(tab.slot).ready()
    const page = await signIn(diary, tab, 'return', await diary.see(tab, 'return', () => tab.browser.open(tab.page?.url ?? '/')))
    if (page && page.status < 500) return page
    await pause(100)
  }
  return undefined
}

/** Long after, forms that were sent already are sent once more, as a browser does that restores its tabs. */
export async function replayForms(diary: Diary): Promise<void> {
  for (const tab of diary.tabs) if (tab.scene.story === 'replayed-form' && hasButton(tab.page)) await diary.press(tab, tab.page)
}

/** At rest every buyer who has pressed a button looks at the checkout once more. */
export async function lookAtTheEnd(diary: Diary): Promise<void> {
  const pressed = new Map(diary.consents.map((consent) => [`${consent.login} ${consent.checkoutId ?? ''}`, consent]))
  await Promise.all(
    [...pressed.values()].map(async ({ login, invoiceId, checkoutId }) => {
      const tab = diary.tabs.find((candidate) => candidate.login === login && candidate.invoice.id === invoiceId)
      if (!tab || checkoutId === undefined) return
      const page = await diary.see(tab, 'end', () => tab.browser.open(`/pay/${checkoutId}`))
      await signIn(diary, tab, 'end', page)
    }),
  )
}
