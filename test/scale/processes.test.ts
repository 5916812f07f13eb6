import { Client } from 'pg'
import { migrationSource } from '../../src/shared/migrations'
import { isMigrated, migrateToLatest } from '../../src/shared/migrate'
import { openDatabase } from '../../src/shared/database'
import { Browser } from '../support/browser'
import type { Page } from '../support/browser'
import { makeDatabase } from '../support/databases'
import { startGateway } from '../support/gateway-process'
import type { GatewayProcess, ProcessOptions } from '../support/gateway-process'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { until } from '../support/until'
import { paymentOf, strikes } from '../payments/steps'
import { startBalancer } from './balancer'
import type { Balancer } from './balancer'
import { describeWithPooler, SERVER_CONNECTIONS, startPooler } from './pooler'
import type { Pooler } from './pooler'

/** Two web processes behind one address, and workers, all on one PostgreSQL. */
interface Site {
  readonly world: World
  readonly balancer: Balancer
  readonly processes: readonly GatewayProcess[]
}

async function openSite(roles: readonly ProcessOptions[], reach: (databaseUrl: string) => string): Promise<Site> {
  const world = await World.make({ engine: 'postgres' })
  const balancer = await startBalancer()
  const shared = { databaseUrl: reach(world.databaseUrl), publicUrl: balancer.url }
  const processes = await Promise.all(roles.map((role) => startGateway(world, { ...shared, ...role })))
  balancer.serve(processes.slice(0, 2).map(({ url }) => url))
  return { world, balancer, processes }
}

async function closeSite({ world, balancer, processes }: Site): Promise<string[]> {
  for (const { child } of processes) child.kill('SIGTERM')
  const ends = await Promise.all(processes.map(({ ended }) => ended))
  await balancer.close()
  await world.close()
  return ends
}

async function arrives({ balancer }: Site, buyer: Buyer, invoice: SandboxInvoice): Promise<{ browser: Browser; page: Page }> {
  const browser = new Browser(balancer.url)
  const page = await browser.open(`/pay?invoiceId=${invoice.id}`)
  return { browser, page: await browser.submit(page, '/sign-in', { login: buyer.login, password: PASSWORD }) }
}

function stories(site: () => Site): void {
  afterEach(async () => {
    site().balancer.pointAt()
    expect(await site().world.findings()).toEqual([])
  })

  test('a payment goes from one process to the other with each step, and is made once', async () => {
    const { world } = site()
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const { browser, page } = await arrives(site(), anna, invoice)
    expect(page.state).toBe('ready')
    expect((await browser.submit(page, /\/confirm$/)).state).toBe('paid')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })

  test('a session made at one process works at the other, and signing out there ends it here', async () => {
    const { world, balancer } = site()
    const anna = await world.member({ points: '500.00' })
    const browser = new Browser(balancer.url)
    balancer.pointAt(0)
    await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: anna.login, password: PASSWORD })
    balancer.pointAt(1)
    const account = await browser.open('/account')
    expect([account.status, new URL(account.url).pathname]).toEqual([200, '/account'])
    const cookie = { cookie: `gateway=${browser.cookie('gateway') ?? ''}` }
    await browser.submit(account, '/sign-out')
    balancer.pointAt(0)
    const stolen = await fetch(`${balancer.url}/account`, { headers: cookie, redirect: 'manual' })
    expect([stolen.status, stolen.headers.get('location')]).toEqual([303, expect.stringContaining('/sign-in')])
  })

  test('failed sign-ins are counted over both processes', async () => {
    const { world, balancer } = site()
    const anna = await world.member({ points: '0' })
    const browser = new Browser(balancer.url)
    const attempt = async (password: string): Promise<number> =>
      (await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: anna.login, password })).status
    const statuses: number[] = []
    for (let time = 0; time < 10; time++) {
      balancer.pointAt(time % 2)
      statuses.push(await attempt('a wrong password'))
    }
    expect(new Set(statuses)).toEqual(new Set([401]))
    for (const index of [0, 1]) {
      balancer.pointAt(index)
      expect(await attempt(PASSWORD)).toBe(429)
    }
  })

  test('a due payment is taken up by one worker, and the batches of all processes make one chain', async () => {
    const { world } = site()
    const anna = await world.member({ points: '500.00' })
    const invoices = await Promise.all([1, 2, 3].map(() => world.sandbox.invoice({ amount: '10.00' })))
    const arrivals = await Promise.all(invoices.map((invoice) => arrives(site(), anna, invoice)))
    for (const invoice of invoices) await strikes(world, invoice, { kind: 'lose-answer' })
    const pages = await Promise.all(arrivals.map(({ browser, page }) => browser.submit(page, /\/confirm$/)))
    // The workers ask again two seconds later, and a page may come after that.
    for (const { state } of pages) expect(['checking', 'paid']).toContain(state)
    for (const invoice of invoices) await until(async () => (await paymentOf(world, invoice)).state === 'captured')

    const asked = (await world.sandbox.requests()).filter(({ method }) => method === 'POST').map(({ path }) => path)
    for (const invoice of invoices) {
      expect(await paymentOf(world, invoice)).toMatchObject({ attempts: 2 })
      expect(asked.filter((path) => path.includes(invoice.id))).toHaveLength(2)
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    }
    expect(await anna.balance()).toEqual({ available: '470.00', held: '0.00' })

    await until(async () => (await world.db('ledger_unsealed').pluck('batch_id')).length === 0)
    const numbers = (await world.db('ledger_seals').orderBy('number').pluck('number')) as bigint[]
    expect(numbers).toEqual(numbers.map((_, index) => BigInt(index + 1)))
    expect(numbers).toHaveLength((await world.db('ledger_batches').pluck('id')).length)
  })
}

describe('two web processes and two workers on one PostgreSQL', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite([{}, {}, { role: 'worker' }, { role: 'worker' }], (url) => url)
  })
  afterAll(async () => {
    expect(await closeSite(site)).toEqual(Array(4).fill('0'))
  })
  stories(() => site)
})

describeWithPooler('two gateways through a connection pooler in transaction mode', () => {
  let site: Site
  let pooler: Pooler
  beforeAll(async () => {
    pooler = await startPooler()
    site = await openSite([{ withWorker: true }, { withWorker: true }], (url) => pooler.urlOf(url))
  })
  afterAll(async () => {
    expect(await closeSite(site)).toEqual(['0', '0'])
    await pooler.stop()
  })
  stories(() => site)

  test('many payments at once share its few connections', async () => {
    const { world } = site
    const buyers = await Promise.all(Array.from({ length: 12 }, () => world.member({ points: '100.00' })))
    const paid = await Promise.all(
      buyers.map(async (buyer) => {
        const { browser, page } = await arrives(site, buyer, await world.sandbox.invoice({ amount: '10.00' }))
        return (await browser.submit(page, /\/confirm$/)).state
      }),
    )
    expect(paid).toEqual(Array(12).fill('paid'))
    const [pool] = await poolsOf(pooler, world.databaseUrl)
    expect(pool).toMatchObject({ pool_mode: 'transaction' })
    expect(Number(pool?.sv_active) + Number(pool?.sv_idle) + Number(pool?.sv_used)).toBeLessThanOrEqual(SERVER_CONNECTIONS)
    expect(Number(pool?.cl_active)).toBeGreaterThan(SERVER_CONNECTIONS)
  })

  test('what a transaction sets ends with it: the next client of the connection waits as the server does', async () => {
    const db = openDatabase(pooler.urlOf(site.world.databaseUrl))
    const lockTimeout = async (of: typeof db): Promise<unknown> => (await of.raw<{ rows: unknown[] }>('show lock_timeout')).rows
    expect(await db.transaction((tx) => lockTimeout(tx))).toEqual([{ lock_timeout: '5s' }])
    expect(await lockTimeout(db)).toEqual([{ lock_timeout: '0' }])
    await db.destroy()
  })

  test('migrations go through it, also of two processes at once', async () => {
    const database = await makeDatabase('postgres', { migrated: false })
    const url = pooler.urlOf(database.url)
    expect(await isMigrated(url)).toBe(false)
    const applied = await Promise.all([migrateToLatest(url), migrateToLatest(url)])
    expect(applied.flat()).toEqual(await migrationSource.getMigrations([]))
    expect(await isMigrated(url)).toBe(true)
    await database.drop()
  })
})

/** What the pooler says of the connections to a database. */
async function poolsOf(pooler: Pooler, databaseUrl: string): Promise<Record<string, string>[]> {
  const url = new URL(pooler.urlOf(databaseUrl))
  const name = url.pathname.slice(1)
  url.pathname = '/pgbouncer'
  const console = new Client({ connectionString: url.href })
  await console.connect()
  const { rows } = await console.query<Record<string, string>>('show pools')
  await console.end()
  return rows.filter(({ database }) => database === name)
}
