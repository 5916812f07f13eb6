import { randomUUID } from 'node:crypto'
import type { Browser, Frame, Page } from 'playwright-core'
import { seedDemoCatalogue } from '../../src/demo/catalogue'
import type { Order } from '../../src/orders'
import { addMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { digitsOf } from '../../src/storefront'
import { Shop } from '../orders/shop'
import { launchChromium, newVisitor } from '../support/chromium'
import type { Visit } from '../support/chromium'
import { PASSWORD, World } from '../support/world'
import { accessibilityFaults, plain, sidewaysFaults, smallTargets } from './checks'
import { heard, Host } from './minapp-host'
import type { Hosting } from './minapp-host'

export interface Made {
  readonly back: { readonly success: string; readonly fail: string }
}

/** Guests may make but a few orders an hour, so each has an address of their own. */
export const mail = (): string => `${randomUUID()}@example.test`

export const reach = (where: Page | Frame, state: string): Promise<void> => where.locator(`main[data-state="${state}"]`).waitFor()

/** What the one button says. */
export const button = async (where: Page | Frame): Promise<string> =>
  plain(await where.locator('button[type=submit]').innerText()).replace('\n', ' ')

/** The payment link that the parent was given first. */
export const linkOf = async (page: Page): Promise<string> => String((await heard(page, 'done'))[0]?.data)

export async function pay(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Банковская карта/ }).click()
  await reach(page, 'paid')
}

/** What is wrong with a screen for somebody: nothing. */
export const faultsOf = async (page: Page, { isQuick = false } = {}): Promise<string[]> => [
  ...(isQuick ? [] : await accessibilityFaults(page)),
  ...(await sidewaysFaults(page)),
  ...(await smallTargets(page)),
]

/** A gateway that sells, a host page under another name, and a browser that blocks cookies of others. */
export class Stage {
  readonly shop: Shop

  private constructor(
    readonly world: World,
    readonly host: Host,
    private readonly browser: Browser,
  ) {
    this.shop = new Shop(world)
  }

  static async open(): Promise<Stage> {
    const host = await Host.open()
    const env = { MODE: 'demo', MINAPP_PARENT_ORIGINS: host.origin }
    const [world, browser] = await Promise.all([World.make({ env }), launchChromium(['--test-third-party-cookie-phaseout'])])
    await seedDemoCatalogue(world.parts, COMMAND_LINE)
    return new Stage(world, host, browser)
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.world.close()
    await this.host.close()
  }

  /** Somebody with a browser profile of their own. A script that fails, or that the page's own policy stops, fails the test. */
  async visit(test: (page: Page) => Promise<void>, how: Visit = {}): Promise<void> {
    const context = await newVisitor(this.browser, { width: 480, ...how })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content.Security|Uncaught/i.test(message.text()) && !message.text().includes('frame-ancestors'))
        faults.push(message.text())
    })
    await test(page)
    expect(faults).toEqual([])
    await context.close()
    // The next visitor comes from a network of their own.
    await this.world.db('order_buyers').update({ address_digest: randomUUID() })
  }

  minapp(): string {
    return `${this.world.url}/minapp?id=${randomUUID()}`
  }

  /** The mini-app in the host's page, ready. */
  async show(page: Page, hosting: Hosting = {}): Promise<Frame> {
    const frame = await this.host.show(page, this.minapp(), hosting)
    await reach(frame, 'ready')
    return frame
  }

  async newest(): Promise<Order> {
    const [row] = await this.world.db('orders').orderBy('id', 'desc').limit(1).select<{ number: string }[]>('number')
    return this.shop.order(row?.number ?? '')
  }

  /** An order as the form makes it. */
  async order(page: Page): Promise<Made> {
    const [offer] = await this.world.db('offers').where({ type: 'points' }).select<{ id: string }[]>('id')
    const form = { choice: offer?.id ?? '', amount: '77', who: 'guest', email: mail(), key: randomUUID() }
    const answer = await page.request.post(`${this.world.url}/minapp`, { form, headers: { accept: 'application/json' } })
    return (await answer.json()) as Made
  }

  async member(fullName: string): Promise<{ id: string; email: string }> {
    const person = { login: `m${randomUUID().slice(0, 8)}`, password: PASSWORD, fullName, email: mail() }
    return { id: (await addMember(this.world.parts, { ...person, actor: COMMAND_LINE })).id, email: person.email }
  }

  /** Meanwhile nothing is on sale but what stands beside a fitting order. */
  async withoutRest(work: () => Promise<void>): Promise<void> {
    const { db } = this.world
    const ids = (await db('offers').whereNull('meta_key').pluck('id')) as string[]
    await db('offers').whereIn('id', ids).update({ is_enabled: 0 })
    await work().finally(() => db('offers').whereIn('id', ids).update({ is_enabled: 1 }))
  }

  /** The digits in the newest letter with a one-time code. */
  async digits(): Promise<string> {
    const [asked] = await this.world.db('one_time_codes').orderBy('id', 'desc').select<{ id: string }[]>('id')
    return digitsOf(this.world.parts.storefront.oneTimeCodes, asked?.id ?? '')
  }
}
