import { createRequestBudget } from '../../../src/invoicebox'
import type { BudgetSettings, Permit, RequestBudget } from '../../../src/invoicebox'
import { plus } from '../../../src/shared/clock'
import type { Db } from '../../../src/shared/database'
import { newId } from '../../../src/shared/ids'
import { createLog } from '../../../src/shared/log'
import { ENGINES, makeDatabase } from '../../support/databases'
import type { TestDatabase } from '../../support/databases'

/** Goes with real time until it is set. */
class SetClock {
  private offsetMs = 0
  now(): Date {
    return plus(new Date(), this.offsetMs)
  }
  set(milliseconds: number): void {
    this.offsetMs += milliseconds
  }
}

const ROOMY: BudgetSettings = { limit: { requests: 100, windowMs: 30_000 }, longestRequestMs: 30_000 }
const SMALL: BudgetSettings = { limit: { requests: 4, windowMs: 30_000 }, longestRequestMs: 30_000 }

describe.each(ENGINES)('the request budget on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  let clock: SetClock
  let budgets: RequestBudget[]
  beforeEach(async () => {
    database = await makeDatabase(engine)
    db = database.open()
    clock = new SetClock()
    budgets = []
  })
  afterEach(async () => {
    for (const budget of budgets) await budget.close()
    await database.drop()
  })

  /** As another process would have it: with a pool of its own. */
  function open(settings: BudgetSettings): RequestBudget {
    const budget = createRequestBudget(settings, { db: database.open(), clock, log: createLog('silent'), newId, instance: newId() })
    budgets.push(budget)
    return budget
  }
  const taken = async (budget: RequestBudget, slots = 1, waitMs = 0): Promise<Permit | null> =>
    (await budget.take({ as: 'payment', atLeast: slots, waitMs })).permit
  const inUse = async (): Promise<number> => (await db('request_slots')).length

  test('two processes together never exceed the limit in any window', async () => {
    const settings: BudgetSettings = { limit: { requests: 10, windowMs: 300 }, longestRequestMs: 1_000 }
    const sent: number[] = []
    const ask = async (budget: RequestBudget): Promise<void> => {
      const slot = (await taken(budget, 1, 10_000))?.spend()
      if (!slot) throw new Error('A short wait would have done.')
      sent.push(performance.now())
      await new Promise(setImmediate)
      slot.answered()
    }
    const [one, other] = [open(settings), open(settings)]
    await Promise.all(Array.from({ length: 40 }, (_, index) => ask(index % 2 === 0 ? one : other)))
    expect(sent).toHaveLength(40)
    // What was sent ten requests later was sent a window later. (The database counts whole milliseconds.)
    const spans = sent.slice(10).map((at, index) => at - (sent[index] ?? 0))
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(299)
  })

  test('both slots of a payment come together or not at all, and what is not used is free at once', async () => {
    const [one, other] = [open(SMALL), open(SMALL)]
    const first = await taken(one, 2)
    const second = await taken(other, 1)
    expect(first?.left).toBe(2)
    expect(await taken(other, 2)).toBeNull()
    const waiting = taken(other, 2, 10_000)
    second?.giveBack()
    expect((await waiting)?.left).toBe(2)
    first?.giveBack()
    first?.giveBack()
    expect((await taken(one, 2, 10_000))?.left).toBe(2)
  })

  test('a restart does not burst: slots stand in the database', async () => {
    const before = open(SMALL)
    const permit = await taken(before, 4)
    for (let slot = permit?.spend(); slot; slot = permit?.spend()) slot.answered()
    await before.close()
    expect(await taken(open(SMALL), 1)).toBeNull()
    expect(await inUse()).toBe(4)
  })

  test('callers of one moment are served by one transaction', async () => {
    const pool = database.open()
    const begun: string[] = []
    pool.on('query', ({ sql }: { sql: string }) => {
      if (sql.startsWith('BEGIN')) begun.push(sql)
    })
    const budget = createRequestBudget(ROOMY, { db: pool, clock, log: createLog('silent'), newId, instance: newId() })
    budgets.push(budget)
    const permits = await Promise.all(Array.from({ length: 20 }, () => taken(budget)))
    expect(permits.every((permit) => permit?.left === 1)).toBe(true)
    expect(begun).toHaveLength(1)
  })

  test('a 429 closes the bucket for every process, whatever slots it has in hand, and takes a fifth of them away', async () => {
    const [one, other] = [open(ROOMY), open(ROOMY)]
    const permit = await taken(one, 2)
    permit?.spend()?.limited(86_400_000)
    expect(permit?.spend()).toBeUndefined()
    expect(await one.take({ as: 'payment', waitMs: 1_000 })).toEqual({ permit: null, retryAfterMs: expect.any(Number) as number })
    const refused = await other.take({ as: 'payment', waitMs: 10_000 })
    expect(refused.permit).toBeNull()
    const use = await other.use()
    expect(use).toMatchObject({ limit: 100, allowed: 80 })
    expect(use?.closedForMs).toBeLessThanOrEqual(300_000)
    expect(use?.closedForMs).toBeGreaterThan(290_000)
  })

  test('a dead process keeps its slots no longer than a request may take and a window', async () => {
    await taken(open(SMALL), 4)
    const [row] = await db<{ free_at: bigint; taken_at: bigint }>('request_slots')
    expect(Number(row?.free_at) - Number(row?.taken_at)).toBe(15_000 + 30_000 + 1_000 + 30_030)
  })

  test('slots that a clock dated too far ahead are dated anew: they count on, and none for ever', async () => {
    const budget = open(SMALL)
    await taken(budget, 4)
    await db('request_slots').update({ free_at: db.raw('free_at + 3600000000') })
    await db('request_budget').update({ paced_until: db.raw('9000000000000000'), reduced_at: db.raw('9000000000000000') })
    expect(await taken(budget)).toBeNull()
    const [row] = await db<{ free_at: bigint; taken_at: bigint }>('request_slots')
    expect(Number(row?.free_at) - Number(row?.taken_at)).toBeLessThan(90_000)
    expect((await budget.use())?.allowed).toBe(4)
  })

  test('a database that is out is told to whoever waits, and the next caller finds it again', async () => {
    const pool = database.open()
    const budget = createRequestBudget(SMALL, { db: pool, clock, log: createLog('silent'), newId, instance: newId() })
    budgets.push(budget)
    await db.schema.renameTable('request_slots', 'away')
    await expect(taken(budget)).rejects.toMatchObject({ message: expect.stringMatching(/request_slots/) as string })
    await db.schema.renameTable('away', 'request_slots')
    expect((await taken(budget))?.left).toBe(1)
  })

  test('who waits when the process stops is sent away', async () => {
    const budget = open(SMALL)
    await taken(budget, 4)
    const waiting = budget.take({ as: 'background' })
    await budget.close()
    expect((await waiting).permit).toBeNull()
    expect((await budget.take({ as: 'payment' })).permit).toBeNull()
  })

  if (engine === 'sqlite')
    test('who asks while others wait for the one connection is served together with them', async () => {
      const pool = database.open()
      const budget = createRequestBudget(ROOMY, { db: pool, clock, log: createLog('silent'), newId, instance: newId() })
      budgets.push(budget)
      const somebodyElse = await pool.transaction()
      const begun: string[] = []
      pool.on('query', ({ sql }: { sql: string }) => {
        if (sql.startsWith('BEGIN')) begun.push(sql)
      })
      const first = taken(budget)
      await new Promise((resolve) => setTimeout(resolve, 50))
      const second = taken(budget)
      await somebodyElse.rollback()
      expect(await Promise.all([first, second])).toMatchObject([{ left: 1 }, { left: 1 }])
      // Nor does a look follow that nobody waits for.
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(begun).toHaveLength(1)
    })

  if (engine === 'sqlite')
    test('a clock that is set ahead frees no slot before its time, and each process may notice it', async () => {
      const [one, other] = [open(SMALL), open(SMALL)]
      const permit = await taken(one, 4)
      expect(await taken(other)).toBeNull()
      for (let slot = permit?.spend(); slot; slot = permit?.spend()) slot.answered()
      for (const jump of [3_600_000, 315_360_000_000, -315_360_000_000]) {
        clock.set(jump)
        expect(await taken(one)).toBeNull()
        expect(await taken(other)).toBeNull()
      }
    })
})
