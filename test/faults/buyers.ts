import type { Browser, Page } from '../support/browser'
import type { SandboxInvoice } from '../support/sandbox-control'
import type { Arena } from './arena'
import { MEMBERS } from './make-plan'
import type { Scene } from './plan'
import { PASSWORD, loginOf } from './stores'

/** A page that a member got to see, and when they asked for it and had it, in one order for the whole schedule. */
export interface Told {
  readonly scene: string
  readonly login: string
  readonly invoiceId: string
  /** The id in the page's address; undefined for a page that is no checkout. */
  readonly checkoutId: string | undefined
  readonly state: string | undefined
  readonly status: number
  readonly after: 'arrival' | 'button' | 'return' | 'end'
  readonly asked: number
  readonly had: number
}

/** A form that a member sent: what stood beside the button. Points and kopecks, in hundredths. */
export interface Consented {
  readonly scene: string
  readonly login: string
  readonly invoiceId: string
  readonly checkoutId: string | undefined
  readonly points: bigint | undefined
  readonly amount: bigint | undefined
}

/** An invoice opened in a browser. */
export interface Tab {
  readonly scene: Scene
  readonly login: string
  readonly invoice: SandboxInvoice
  readonly slot: number
  readonly browser: Browser
  page: Page | undefined
}

/** What happened to the buyers of a schedule. */
export class Diary {
  readonly told: Told[] = []
  readonly consents: Consented[] = []
  readonly invoices = new Map<string, SandboxInvoice[]>()
  readonly tabs: Tab[] = []
  private time = 0

  /** Notes the page that comes of it; undefined when the connection broke. */
  async see(tab: Tab, after: Told['after'], ask: () => Promise<Page>): Promise<Page | undefined> {
    const asked = ++this.time
    const page = await this.quietly(ask)
    if (page) this.note(tab, after, page, asked)
    return page
  }

  /** The same, without a note. */
  quietly(ask: () => Promise<Page>): Promise<Page | undefined> {
    return ask().catch((error: unknown) => {
      if (isLost(error)) return undefined
      throw error
    })
  }

  private note({ scene, login, invoice }: Tab, after: Told['after'], page: Page, asked: number): void {
    const { state, status } = page
    this.told.push({
      scene: scene.name,
      login,
      invoiceId: invoice.id,
      checkoutId: checkoutOf(page),
      state,
      status,
      after,
      asked,
      had: ++this.time,
    })
  }

  /** Sends the form of a page that was seen. */
  async press(tab: Tab, page: Page): Promise<Page | undefined> {
    const { scene, login, invoice } = tab
    this.consents.push({ scene: scene.name, login, invoiceId: invoice.id, checkoutId: checkoutOf(page), ...numbersOn(page) })
    return this.see(tab, 'button', () => tab.browser.submit(page, /\/confirm$/))
  }
}

/** What `fetch` throws when the other side went away. */
const isLost = (error: unknown): boolean => (error as Error).message === 'fetch failed'

const checkoutOf = (page: Page): string | undefined => /\/pay\/([0-9a-f-]{36})/.exec(page.url)?.[1]

export const hasButton = (page: Page | undefined): page is Page => page !== undefined && /action="[^"]*\/confirm"/.test(page.html)

/** The price beside the button and the invoice's amount, as a person reads them. */
function numbersOn({ html }: Page): Pick<Consented, 'points' | 'amount'> {
  const numbers = [...html.matchAll(/<dd>([^<]*)<\/dd>/g)].map(([, text = '']) => inHundredths(text))
  const amount = /<p class="invoice-amount">(?:<span[^>]*>[^<]*<\/span>)?([^<]*)</.exec(html)?.[1]
  return { points: numbers[1], amount: amount === undefined ? undefined : inHundredths(amount) }
}

function inHundredths(text: string): bigint | undefined {
  const [, whole = '', decimals = ''] = /^(\d+)(?:,(\d{2}))?/.exec(text.replace(/[\s\u00a0\u202f]|&nbsp;/g, '')) ?? []
  return whole === '' ? undefined : BigInt(whole) * 100n + BigInt(decimals || '0')
}

/** Issues the invoices of a scene and opens them: the tabs whose buttons will be pressed. */
export async function openScene(arena: Arena, diary: Diary, scene: Scene, early: () => Promise<void>): Promise<void> {
  const invoices = await Promise.all(scene.amounts.map((amount) => arena.invoicebox.invoice(amount)))
  diary.invoices.set(scene.name, invoices)
  await early()
  const logins = scene.members.map((member) => loginOf(member < MEMBERS ? member : MEMBERS + arena.nextPoor()))
  const isDouble = scene.story === 'two-tabs' || scene.story === 'two-members' || scene.story === 'money-for-one'
  for (let number = 0; number < (isDouble ? 2 : 1); number++) {
    const login = logins[number] ?? logins[0]
    const invoice = invoices[number] ?? invoices[0]
    if (login === undefined || invoice === undefined) throw new Error(`Scene ${scene.name} has nobody, or nothing to pay.`)
    const slot = scene.slots[number] ?? 0
    const tab: Tab = { scene, login, invoice, slot, browser: arena.browser(login, slot), page: undefined }
    diary.tabs.push(tab)
    tab.page = await arrive(diary, tab)
  }
}

/** Comes with the invoice, from an address of their own: arrivals are counted by address. Signs in where need be. */
export async function arrive(diary: Diary, tab: Tab): Promise<Page | undefined> {
  const from = { headers: { 'x-forwarded-for': addressOf(tab.invoice.id) } }
  const page = await diary.see(tab, 'arrival', () => tab.browser.open(`/pay?invoiceId=${tab.invoice.id}`, from))
  return signIn(diary, tab, 'arrival', page)
}

/** One sign-in at a time in a browser: each changes the session, and with it the forms that were shown before. */
const signingIn = new WeakMap<Browser, Promise<Page | undefined>>()

/** Signs in on a page that asks for it, unless another tab has done so meanwhile. */
export function signIn(diary: Diary, tab: Tab, after: Told['after'], page: Page | undefined): Promise<Page | undefined> {
  if (page?.state !== 'sign-in') return Promise.resolve(page)
  const turn = (signingIn.get(tab.browser) ?? Promise.resolve(undefined)).then(() => signInHere(diary, tab, after, page.url))
  signingIn.set(
    tab.browser,
    turn.catch(() => undefined),
  )
  return turn
}

const MOST_TRIES = 4

/** A tab that is opened at the same moment begins a session of its own, and the form that was shown before is refused: then it is filled in once more. */
async function signInHere(diary: Diary, tab: Tab, after: Told['after'], url: string): Promise<Page | undefined> {
  const { browser, login } = tab
  let page: Page | undefined
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    page = await diary.see(tab, after, () => browser.open(url))
    if (page?.state !== 'sign-in') return page
    const shown = page
    const answer = await diary.quietly(() => browser.submit(shown, '/sign-in', { login, password: PASSWORD }))
    if (answer?.status === 200) return diary.see(tab, after, () => Promise.resolve(answer))
  }
  return page
}

const addressOf = (id: string): string =>
  `10.${[0, 2, 4]
    .map((at) =>
      parseInt(
        id
          .replaceAll('-', '')
          .slice(-8)
          .slice(at, at + 2),
        16,
      ),
    )
    .join('.')}`
