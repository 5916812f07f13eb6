import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { createLog } from '../../src/shared/log'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'

describe.each(ENGINES)('many readers of one invoice on %s', (engine) => {
  let world: World
  let other: Parts
  beforeAll(async () => {
    world = await World.make({ engine })
    other = buildParts(world.parts.config, { clock: world.clock, log: createLog('silent') })
  })
  beforeEach(() => world.sandbox.behave())
  afterAll(async () => {
    await other.close()
    await world.close()
  })

  const asked = async (): Promise<number> => (await world.sandbox.requests()).length
  const invoice = (): Promise<{ id: string }> => world.sandbox.invoice({ amount: '196.58' })

  test('share one request, in one process and in two, and get the same invoice', async () => {
    const { id } = await invoice()
    await world.sandbox.misbehave({ on: 'business.get', kind: 'delay', ms: 200, times: 1 })
    const before = await asked()
    const readers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? world.parts : other).invoicebox)
    const answers = await Promise.all(readers.map((invoicebox) => invoicebox.readInvoice(id, { as: 'page', maxAgeMs: 5_000 })))
    expect((await asked()) - before).toBe(1)
    const [first] = answers
    expect(first?.outcome).toMatchObject({ kind: 'found', invoice: { id, amount: { minor: 19_658n, unit: 'RUB' } } })
    // Who pays is not stored, so those who did not read it themselves do not know.
    const known = (answer: (typeof answers)[number]): unknown =>
      answer.outcome.kind === 'found'
        ? { ...answer, outcome: { ...answer.outcome, invoice: { ...answer.outcome.invoice, customer: {} } } }
        : answer
    for (const answer of answers) expect(known(answer)).toEqual(first && known(first))
  })

  test('an answer is good as long as the reader says, and one who wants a reading of its own gets it', async () => {
    const { id } = await invoice()
    const before = await asked()
    await world.parts.invoicebox.readInvoice(id, { maxAgeMs: 5_000 })
    await other.invoicebox.readInvoice(id, { maxAgeMs: 5_000 })
    expect((await asked()) - before).toBe(1)
    await world.sandbox.change({ id }, { status: 'canceled' })
    expect((await other.invoicebox.readInvoice(id)).outcome).toMatchObject({ invoice: { status: 'canceled' } })
    // Everybody else profits from it.
    expect((await world.parts.invoicebox.readInvoice(id, { maxAgeMs: 5_000 })).outcome).toMatchObject({ invoice: { status: 'canceled' } })
    expect((await asked()) - before).toBe(2)
    world.clock.move(6_000)
    await world.parts.invoicebox.readInvoice(id, { maxAgeMs: 5_000 })
    expect((await asked()) - before).toBe(3)
  })

  test('an answer that says nothing is shared too: a page that cannot read its invoice costs one request, however often it is opened', async () => {
    const { id } = await invoice()
    await world.sandbox.misbehave({ on: 'business.get', kind: 'garbage', times: 10 })
    const before = await asked()
    for (const parts of [world.parts, other, world.parts]) {
      const { outcome } = await parts.invoicebox.readInvoice(id, { as: 'page', maxAgeMs: 5_000, evenFailed: true })
      expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'not-json' })
    }
    expect((await asked()) - before).toBe(1)
    // Whoever arrives or pays asks again.
    await world.sandbox.behave()
    expect((await other.invoicebox.readInvoice(id, { as: 'page', maxAgeMs: 5_000 })).outcome.kind).toBe('found')
  })

  test('a reader that died keeps the others waiting no longer than a read may take', async () => {
    const { id } = await invoice()
    const now = Math.max(Date.now(), world.clock.now().getTime())
    await world.db('invoice_reads').insert({ invoice_id: id, reader: 'dead', reading_until: now + 300, began_at: 0 })
    const { outcome } = await other.invoicebox.readInvoice(id, { as: 'page', maxAgeMs: 5_000 })
    expect(outcome.kind).toBe('found')
    expect(await world.db('invoice_reads').where({ invoice_id: id }).pluck('reader')).toEqual([null])
  })

  test('a slot that is already in hand goes before a page that waits for one', async () => {
    const { id } = await invoice()
    const permit = await world.parts.invoicebox.reserve({ as: 'payment', atLeast: 2 })
    if (!permit) throw new Error('There are slots.')
    const before = await asked()
    const page = world.parts.invoicebox.readInvoice(id, { as: 'page', maxAgeMs: 5_000 })
    const payment = world.parts.invoicebox.readInvoice(id, { as: 'payment', permit, maxAgeMs: 5_000 })
    expect((await Promise.all([page, payment])).map(({ outcome }) => outcome.kind)).toEqual(['found', 'found'])
    expect((await asked()) - before).toBeLessThanOrEqual(2)
    permit.giveBack()
  })
})
