import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startSandbox } from '../../src/sandbox'
import type { RunningSandbox } from '../../src/sandbox'
import { openDatabase } from '../../src/shared/database'
import type { Db, Engine } from '../../src/shared/database'
import type { Browser } from '../support/browser'
import { Clocks } from './clocks'
import { Invoicebox } from './invoicebox'
import { freePort } from '../support/free-port'
import { QuickBrowser } from './quick-browser'
import { Slot, SpareProcesses } from './slot'
import { makePostgresStore, makeSqliteStore } from './stores'
import type { Store } from './stores'

/** A rate that makes nearly every price a rounded one. */
export const POINTS_PER_RUBLE = '0.333333'

/** A database is used for so many schedules: a process that has served for a while answers a page in a fraction of the time, and proving the books reads all of them. */
const SCHEDULES_PER_DATABASE = 24
const SLOTS: Readonly<Record<Engine, number>> = { sqlite: 1, postgres: 2 }

export interface ArenaOptions {
  readonly engine: Engine
  /** For the databases, the clocks and the logs. */
  readonly folder: string
  /** The compiled child program. */
  readonly program: string
}

/** What lives on between schedules: Invoicebox, the database, the gateway processes and spare ones. */
export class Arena {
  databaseUrl = ''
  private budget = ''
  private databases = 0
  private schedules = 0
  private poorUsed = 0
  private hasKeptCode = false
  private eye: Db | undefined
  private browsers = new Map<string, Browser>()

  private constructor(
    readonly engine: Engine,
    private readonly logs: string,
    private readonly box: RunningSandbox,
    readonly invoicebox: Invoicebox,
    private readonly store: Store,
    readonly slots: readonly Slot[],
    private readonly spares: SpareProcesses,
    readonly clocks: Clocks,
  ) {}

  static async make({ engine, folder, program }: ArenaOptions): Promise<Arena> {
    const logs = join(folder, 'logs')
    mkdirSync(logs, { recursive: true })
    const box = await startSandbox({ port: 0, seed: 1 })
    const invoicebox = new Invoicebox(box.url)
    const store = await (engine === 'sqlite'
      ? makeSqliteStore(join(folder, 'files'))
      : makePostgresStore(join(folder, 'cluster'), await freePort()))
    const spares = new SpareProcesses(program, logs, SLOTS[engine])
    const files = Array.from({ length: SLOTS[engine] }, (_, slot) => join(folder, `clock-${slot}`))
    const slots = await Promise.all(files.map((file) => Slot.make(spares, environment(box), file)))
    return new Arena(engine, logs, box, invoicebox, store, slots, spares, new Clocks(files, invoicebox))
  }

  /** Everything as a schedule finds it: Invoicebox empty, the processes awake, now and then a new database. `alone`: a new database now. */
  async begin({ budget }: { budget: string }, alone = false): Promise<void> {
    const isNew = alone || this.databaseUrl === '' || this.schedules >= SCHEDULES_PER_DATABASE || this.budget !== budget
    this.budget = budget
    await this.invoicebox.startAfresh(`${(this.slots[0] as Slot).url}/pay`)
    await this.clocks.startAfresh(isNew)
    if (isNew) await this.takeNewDatabase()
    this.schedules += 1
  }

  slot(number: number): Slot {
    return this.slots[number % this.slots.length] as Slot
  }

  /** A browser of a member at a process; it stays signed in as long as its session lasts. */
  browser(login: string, slot: number): Browser {
    const { url } = this.slot(slot)
    const name = `${login} ${url}`
    const browser = this.browsers.get(name) ?? new QuickBrowser(url)
    this.browsers.set(name, browser)
    return browser
  }

  /** The number of a poor member who has spent nothing yet. */
  nextPoor(): number {
    return this.poorUsed++
  }

  async restartDatabase(mode: 'fast' | 'immediate'): Promise<void> {
    await this.closeEye()
    if (this.engine === 'postgres') return this.store.restart(mode)
    const process = this.slot(0).awake
    process?.signal(mode === 'fast' ? 'SIGTERM' : 'SIGKILL')
    await process?.ended
    await this.slot(0).ready()
  }

  /** Looks into the database as another process would. The line is kept: opening one costs the server as much as a page. */
  async look<T>(read: (db: Db) => Promise<T>): Promise<T> {
    this.eye ??= openDatabase(this.databaseUrl, { poolSize: 1, patient: true })
    return read(this.eye)
  }

  private async closeEye(): Promise<void> {
    await this.eye?.destroy()
    this.eye = undefined
  }

  /** After a schedule: what the processes have compiled by then is what the next ones will need. Once is enough. */
  keepCode(): void {
    if (this.hasKeptCode) return
    this.hasKeptCode = true
    this.slot(0).awake?.keepCode()
  }

  /** Ends everything. The files stay. */
  async close(): Promise<void> {
    await Promise.all([...this.slots.map((slot) => slot.end()), this.spares.end(), this.closeEye()])
    await this.store.stop()
    await this.box.close()
  }

  private async takeNewDatabase(): Promise<void> {
    await Promise.all([...this.slots.map((slot) => slot.end()), this.closeEye()])
    if (this.databases > 0) await this.store.drop(nameOf(this.databases))
    for (const log of readdirSync(this.logs)) rmSync(join(this.logs, log))
    this.databaseUrl = await this.store.fresh(nameOf(++this.databases))
    this.schedules = 0
    this.poorUsed = 0
    this.browsers = new Map()
    await Promise.all(this.slots.map((slot) => slot.begin({ DATABASE_URL: this.databaseUrl, INVOICEBOX_RATE_LIMIT: this.budget })))
  }
}

const nameOf = (database: number): string => `gateway-${database}`

/** One proxy is trusted, so that every buyer may come from an address of their own. */
const environment = (box: RunningSandbox): Readonly<Record<string, string>> => ({
  MODE: 'sandbox',
  INVOICEBOX_API_URL: box.url,
  INVOICEBOX_TOKEN: box.token,
  SANDBOX_PORT: String(box.port),
  POINTS_PER_RUBLE,
  TRUST_PROXY: '1',
  LOG_LEVEL: 'info',
})
