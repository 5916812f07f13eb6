import { randomUUID } from 'node:crypto'
import { createApp } from '../../src/app'
import { readConfig } from '../../src/config'
import { depositFund } from '../../src/fund'
import { memberAccount, readAccount, verifyLedger } from '../../src/ledger'
import { addMember, creditMember } from '../../src/members'
import { verifyOrders } from '../../src/orders'
import { checkCaptured, recoverPayments, showPayments, verifyPayments } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { startSandbox } from '../../src/sandbox'
import { COMMAND_LINE } from '../../src/shared/actor'
import { listOpenAlerts } from '../../src/shared/alerts'
import type { Db, Engine } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { buildParts } from '../../src/wiring'
import type { Parts, Replacements } from '../../src/wiring'
import { untoldWords } from './audited'
import { Browser } from './browser'
import type { Page } from './browser'
import { makeDatabase } from './databases'
import { SandboxControl } from './sandbox-control'
import { listenOn } from './listen'

/** A clock that goes with real time and can be moved. */
export class MovableClock {
  private offsetMs = 0
  now(): Date {
    return new Date(Date.now() + this.offsetMs)
  }
  move(milliseconds: number): void {
    this.offsetMs += milliseconds
  }
}

export interface WorldOptions {
  readonly engine?: Engine
  readonly fund?: string
  readonly env?: Readonly<Record<string, string>>
  readonly faultPoint?: (step: FaultPoint) => void | Promise<void>
  readonly timeouts?: Replacements['timeouts']
}

/** Sandbox, database and gateway, joined by real HTTP, with nobody's data but this test's. */
export class World {
  private constructor(
    readonly parts: Parts,
    readonly sandbox: SandboxControl,
    readonly clock: MovableClock,
    readonly url: string,
    readonly databaseUrl: string,
    private readonly closers: (() => Promise<unknown>)[],
  ) {}

  get db(): Db {
    return this.parts.db
  }

  static async make(options: WorldOptions = {}): Promise<World> {
    const database = await makeDatabase(options.engine ?? 'sqlite')
    const clock = new MovableClock()
    const web = await listenOn()
    const sandbox = await startSandbox({ port: 0, seed: 1, partnerAuthUrl: `${web.url}/pay` })
    const parts = buildParts(
      readConfig(
        {
          MODE: 'sandbox',
          PORT: String(web.port),
          PUBLIC_URL: web.url,
          DATABASE_URL: database.url,
          INVOICEBOX_API_URL: sandbox.url,
          INVOICEBOX_TOKEN: sandbox.token,
          SANDBOX_PORT: String(sandbox.port),
          // Counted as in earnest, and never in the way: a second's window, since the clock moves and the window does not.
          INVOICEBOX_RATE_LIMIT: '999999/1',
          ...options.env,
        },
        {},
      ),
      {
        clock,
        log: createLog('silent'),
        timeouts: { writeMs: 1_500, readMs: 1_500, headersMs: 1_500, bodyMs: 1_000, pauseMs: 10, ...options.timeouts },
        ...(options.faultPoint ? { faultPoint: options.faultPoint } : {}),
      },
    )
    web.serve(createApp(parts).app)
    const world = new World(parts, new SandboxControl(sandbox.url), clock, web.url, database.url, [
      () => web.close(),
      () => parts.close(),
      () => sandbox.close(),
      () => database.drop(),
    ])
    await world.sandbox.unlimited()
    if (options.fund !== '0') await world.deposit(options.fund ?? '1000000.00')
    return world
  }

  async deposit(amount: string): Promise<void> {
    await depositFund(this.parts, { amount: parseMoney(amount, 'RUB'), reason: 'test', key: randomUUID(), actor: COMMAND_LINE })
  }

  async member(of: { points: string; login?: string }): Promise<Buyer> {
    const login = of.login ?? `m${randomUUID().slice(0, 8)}`
    const { id } = await addMember(this.parts, { login, password: PASSWORD, actor: COMMAND_LINE })
    if (of.points !== '0')
      await creditMember(this.parts, {
        login,
        amount: parseMoney(of.points, 'PTS'),
        reason: 'test',
        key: randomUUID(),
        actor: COMMAND_LINE,
      })
    return new Buyer(this, id, login)
  }

  /** Time goes by, for the gateway and the sandbox, and the background jobs do what has become due. */
  async passes(milliseconds: number): Promise<void> {
    this.clock.move(milliseconds)
    await this.sandbox.advanceClock(milliseconds)
    while ((await recoverPayments(this.parts)) > 0);
    while ((await checkCaptured(this.parts)) > 0);
  }

  payments(): ReturnType<typeof showPayments> {
    return showPayments(this.db, { limit: 100 })
  }

  alerts(): ReturnType<typeof listOpenAlerts> {
    return listOpenAlerts(this.db)
  }

  async fund(): Promise<{ balance: string; held: string }> {
    const { balance, held } = await readAccount(this.db, 'fund')
    return { balance: toDecimal(balance), held: toDecimal(held) }
  }

  /** What is wrong with the books, and what the audit log says that nobody could read: nothing, after every test that moves money. */
  async findings(): Promise<string[]> {
    await this.parts.ledger.idle()
    const findings = [...(await verifyLedger(this.db)), ...(await verifyPayments(this.db)), ...(await verifyOrders(this.db))]
    return [...findings.map(({ text }) => text), ...(await untoldWords(this.db))]
  }

  browser(): Browser {
    return new Browser(this.url)
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close()
  }
}

export const PASSWORD = 'a long test password'

/** A member with a browser of their own. */
export class Buyer {
  readonly browser: Browser
  private isSignedIn = false

  constructor(
    private readonly world: World,
    readonly id: string,
    readonly login: string,
  ) {
    this.browser = world.browser()
  }

  async balance(): Promise<{ available: string; held: string }> {
    const { available, held } = await readAccount(this.world.db, memberAccount(this.id))
    return { available: toDecimal(available), held: toDecimal(held) }
  }

  /** Arrives with the invoice, signs in if need be, and looks at the checkout page. */
  async opens(invoice: { partnerUrl: string }): Promise<Page> {
    let page = await this.browser.open(invoice.partnerUrl)
    if (page.state === 'sign-in') page = await this.browser.submit(page, '/sign-in', { login: this.login, password: PASSWORD })
    this.isSignedIn = true
    return page
  }

  async signsIn(): Promise<Page> {
    if (this.isSignedIn) return this.browser.open('/account')
    const page = await this.browser.open('/sign-in')
    this.isSignedIn = true
    return this.browser.submit(page, '/sign-in', { login: this.login, password: PASSWORD })
  }

  /** Opens the invoice and presses the one button. Returns the page on which the buyer ends up. */
  async pays(invoice: { partnerUrl: string }): Promise<Page> {
    return this.confirms(await this.opens(invoice))
  }

  confirms(page: Page): Promise<Page> {
    return this.browser.submit(page, /\/confirm$/)
  }
}
