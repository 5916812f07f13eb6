import { setTimeout as pause } from 'node:timers/promises'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { allIsWell } from './steps'

describe.each(ENGINES)('what a payment costs on %s', (engine) => {
  let world: World
  let questions: string[]
  beforeAll(async () => {
    world = await World.make({ engine })
    world.db.on('query', ({ sql }: { sql: string }) => void questions.push(sql))
  })
  beforeEach(async () => {
    questions = []
    await allIsWell(world)
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const asked = async (): Promise<number> => (await world.sandbox.requests()).length
  /** Statements that `work` sent to the database. */
  async function roundTrips(work: () => Promise<unknown>): Promise<string[]> {
    await world.parts.ledger.idle()
    // What became of earlier requests is noted by itself, up to a second later.
    while ((await world.db('request_slots').where({ answered: 0 })).length > 0) await pause(20)
    questions = []
    await work()
    return [...questions]
  }

  test.each([
    { name: 'two requests to Invoicebox when the invoice was read within the last five seconds', reads: 0, requests: 2 },
    { name: 'three when it has to be read again', reads: 6_000, requests: 3 },
  ])('$name', async ({ reads, requests }) => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const before = await asked()
    const ready = await anna.opens(invoice)
    world.clock.move(reads)
    const paid = await anna.confirms(ready)
    expect(paid.state).toBe('paid')
    for (let visits = 0; visits < 3; visits++) await anna.browser.open(paid.url)
    expect((await asked()) - before).toBe(requests)
  })

  test('a refused payment costs one read more, and showing its page none', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const before = await asked()
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { status: 'canceled' })
    const refused = await anna.confirms(ready)
    await anna.browser.open(refused.url)
    expect(refused.state).toBe('cancelled')
    expect((await asked()) - before).toBe(3)
  })

  test('the second look at twelve captures is one request', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoices = await Promise.all(Array.from({ length: 12 }, () => world.sandbox.invoice({ amount: '10.00' })))
    for (const invoice of invoices) expect((await anna.pays(invoice)).state).toBe('paid')
    const before = await asked()
    await world.passes(15_000)
    expect((await asked()) - before).toBe(1)
    await world.passes(86_400_000)
    expect((await asked()) - before).toBe(1)
    expect(await world.db('payments').where({ state: 'captured' }).whereNull('checked_at')).toEqual([])
  })

  test('a page costs at most four database round trips, the session included, one more the first time, and asks Invoicebox nothing while the snapshot is fresh', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const arrived = await anna.browser.open(invoice.partnerUrl)
    const before = await asked()
    expect((await roundTrips(() => world.browser().open(arrived.url))).length).toBeLessThanOrEqual(4)

    await anna.signsIn()
    const pages: string[][] = []
    const look = async (): Promise<string | undefined> => {
      let state: string | undefined
      pages.push(await roundTrips(async () => (state = (await anna.browser.open(arrived.url)).state)))
      return state
    }
    expect(await look()).toBe('ready') // The first look of a member binds the checkout to them.
    expect(await look()).toBe('ready')
    expect(await asked()).toBe(before)
    const paid = await anna.confirms(await anna.browser.open(arrived.url))
    expect(paid.state).toBe('paid')
    expect(await look()).toBe('paid')
    const most = (index: number): number => (index === 0 ? 5 : 4)
    pages.forEach((page, index) => expect(page.length <= most(index) ? [] : page).toEqual([]))
  })
})
