import { until } from '../support/until'
import { World } from '../support/world'
import { bill, company, rule, runs } from './organisations'

/** A hundred requests in 30 seconds, ten times as fast: what matters is the ratio of invoices to requests. */
const [REQUESTS, SECONDS, DUE] = [100, 3, 130]

describe('many invoices due at once, at the limit of requests', () => {
  let world: World
  beforeAll(async () => {
    const env = { INVOICEBOX_RATE_LIMIT: `${REQUESTS}/${SECONDS}` }
    // As patient as in earnest: a crowded machine is no answer that was lost.
    world = await World.make({ env, fund: '1000000.00', timeouts: { writeMs: 20_000, readMs: 20_000, headersMs: 20_000, bodyMs: 20_000 } })
    await world.sandbox.settings({ rateLimit: `${REQUESTS}/${SECONDS}` })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('one confirm each besides the list pages, never above the limit, and a buyer is served meanwhile', async () => {
    const acme = await company(world)
    await rule(world, acme)
    await Promise.all(Array.from({ length: DUE }, (_, index) => bill(world, acme, { amount: `${index + 1}.00` })))
    const anna = await world.member({ points: '500.00' })
    const ready = await anna.opens(await world.sandbox.invoice({ amount: '100.00' }))
    const running = runs(world, { organisationId: acme.id })
    await until(
      async () => (await world.db('payments').whereNotNull('organisation_id').limit(1)).length > 0,
      'the first payment of the run',
    )
    expect((await anna.confirms(ready)).state).toBe('paid')
    const { items, problem } = await running

    expect(problem).toBeNull()
    expect(items).toHaveLength(DUE)
    // On such a machine a reading may also grow too old before its turn, twice: then the next run pays it.
    const late = items.filter(({ outcome }) => outcome !== 'paid')
    expect(late.filter(({ outcome }) => outcome !== 'waiting')).toEqual([])
    const asked = await world.sandbox.requests()
    const confirms = asked.filter(({ path, method }) => method === 'POST' && path.endsWith('/confirm'))
    expect(asked.filter(({ status }) => status === 429)).toEqual([])
    expect(confirms).toHaveLength(DUE + 1 - late.length)
    expect(new Set(confirms.map(({ path }) => path)).size).toBe(confirms.length)
    // Intake pages, the buyer's readings, and one page for each chunk: at most ten slots are given out together, one of which reads, and fewer while a buyer needs some.
    expect(asked.length - confirms.length).toBeLessThanOrEqual(DUE / 4)
    const left = late.length === 0 ? [] : (await runs(world, { organisationId: acme.id })).items
    expect(left.map(({ invoiceId, outcome }) => [invoiceId, outcome]).sort()).toEqual(
      late.map(({ invoiceId }) => [invoiceId, 'paid']).sort(),
    )
  })
})
