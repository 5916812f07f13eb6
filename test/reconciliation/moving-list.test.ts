import { randomUUID } from 'node:crypto'
import { acceptDifference, listDifferences, reconcile, reconcileAll } from '../../src/reconciliation'
import { compareBooks } from '../../src/reconciliation/compare-books'
import { IdSet } from '../../src/reconciliation/id-set'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'

describe('the list of paid invoices moves while it is read', () => {
  let world: World
  let made: SandboxInvoice[]
  beforeAll(async () => {
    world = await World.make()
    made = await Promise.all(Array.from({ length: 120 }, () => world.sandbox.invoice({ amount: '10.00', status: 'paid' })))
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** What a comparison finds while something happens after its first page. */
  async function foundWhile(happens: (firstPage: readonly string[]) => Promise<unknown>): Promise<string[]> {
    const found: string[] = []
    for await (const portion of compareBooks(world.parts)) {
      const subjects = portion.found.map(({ subject }) => subject)
      if (found.length === 0) await happens(subjects)
      found.push(...subjects)
    }
    return found
  }
  const missedBy = (found: readonly string[]): string[] => made.map(({ id }) => id).filter((id) => !found.includes(id))

  test('one that is cancelled leaves it and moves the others up a place: none of them is missed', async () => {
    let left = { id: '' }
    const found = await foundWhile(async ([first = '']) => {
      left = { id: first }
      await world.sandbox.change(left, { status: 'canceled' })
    })
    expect(missedBy(found)).toEqual([])
    expect(new Set(found).size).toBe(found.length)
    await world.sandbox.change(left, { status: 'paid' })
  })

  test('forty that leave at once, and sixty that come in', async () => {
    const leaving: { id: string }[] = []
    const found = await foundWhile(async (firstPage) => {
      leaving.push(...firstPage.slice(0, 40).map((id) => ({ id })))
      await Promise.all(leaving.map((invoice) => world.sandbox.change(invoice, { status: 'canceled' })))
    })
    expect(missedBy(found)).toEqual([])
    for (const invoice of leaving) await world.sandbox.change(invoice, { status: 'paid' })
    const coming: SandboxInvoice[] = []
    const again = await foundWhile(async () => {
      coming.push(...(await Promise.all(Array.from({ length: 60 }, () => world.sandbox.invoice({ amount: '10.00', status: 'paid' })))))
    })
    expect(missedBy(again)).toEqual([])
    for (const invoice of coming) await world.sandbox.change(invoice, { status: 'canceled' })
  })

  test('another comparison that comes in between takes nothing away from what the first one tells', async () => {
    const first = await reconcileAll(world.parts, { author: COMMAND_LINE, resolves: false })
    const { differences } = await reconcile(world.parts, { author: COMMAND_LINE, resolves: false })
    const told: string[] = []
    for await (const some of first.differences()) told.push(...some.map(({ invoiceId }) => invoiceId))
    expect(differences.length).toBeGreaterThan(100)
    expect(told.sort()).toEqual(differences.map(({ invoiceId }) => invoiceId).sort())
  })

  test('a difference that the moving list kept back is asked about before it is closed', async () => {
    const compare = () => reconcile(world.parts, { author: COMMAND_LINE, resolves: false })
    await compare()
    const openIds = async () => (await listDifferences(world.db, {}, { limit: 500 })).flatMap(({ invoiceId }) => invoiceId ?? [])
    expect(missedBy(await openIds())).toEqual([])
    // One leaves and one comes in, so that the length of the list tells nothing.
    const [coming, ...others] = await openIds()
    await world.sandbox.change({ id: coming ?? '' }, { status: 'canceled' })
    const list = world.parts.invoicebox.listInvoices.bind(world.parts.invoicebox)
    const leaving = others.at(-1) ?? ''
    const invoicebox: typeof world.parts.invoicebox = {
      ...world.parts.invoicebox,
      listInvoices: async (query, asking) => {
        if (query.page === 2) {
          await world.sandbox.change({ id: leaving }, { status: 'canceled' })
          await world.sandbox.change({ id: coming ?? '' }, { status: 'paid' })
        }
        return list(query, asking)
      },
    }
    await reconcile({ ...world.parts, invoicebox }, { author: COMMAND_LINE, resolves: false })
    const open = await openIds()
    expect(missedBy(open)).toEqual([])
    const [accepted] = await listDifferences(world.db, {}, { limit: 1 })
    await acceptDifference(world.parts, { id: accepted?.id ?? '', remark: 'by card', author: COMMAND_LINE })
    await compare()
    expect(await openIds()).not.toContain(accepted?.invoiceId)
  })
})

test('a set of ids holds what was put in', () => {
  const ids = Array.from({ length: 50_000 }, () => randomUUID())
  const set = new IdSet()
  expect(ids.every((id) => set.add(id))).toBe(true)
  for (const odd of ['', 'odd', '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001'])
    expect([set.has(odd), set.add(odd), set.add(odd), set.has(odd)]).toEqual([false, true, false, true])
  expect(ids.some((id) => set.add(id))).toBe(false)
  expect(ids.every((id) => set.has(id))).toBe(true)
  expect(Array.from({ length: 50_000 }, () => randomUUID()).some((id) => set.has(id))).toBe(false)
})
