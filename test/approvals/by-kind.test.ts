import { inspect } from 'node:util'
import { LAPSES_AFTER_MS, listRequests, REQUEST_STATES } from '../../src/approvals'
import { iso } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const ROWS = 3_000
const AT = new Date('2026-03-02T09:00:00Z')
const idAt = (index: number): string => `01920000-0000-7000-8000-${String(index).padStart(12, '0')}`

/** Every third one is for points, and they are in every state by turns. */
const rowAt = (index: number) => {
  const state = REQUEST_STATES[index % REQUEST_STATES.length] ?? 'open'
  const isDecided = state !== 'open' && state !== 'lapsed'
  return {
    id: idAt(index),
    kind: index % 3 === 0 ? 'points_credited' : 'member_erased',
    payload: '{}',
    subject: 'member:x',
    reason: 'x',
    maker: 'staff:olga',
    idempotency_key: String(index),
    state,
    created_at: iso(AT),
    lapses_at: iso(new Date(AT.getTime() + LAPSES_AFTER_MS)),
    ...(isDecided && { decided_at: iso(AT), decider: 'staff:vera' }),
  }
}

describe.each(ENGINES)('requests of one kind on %s', (engine) => {
  let database: TestDatabase
  let db: Db

  beforeAll(async () => {
    database = await makeDatabase(engine)
    db = database.open()
    await db.batchInsert(
      'approvals',
      Array.from({ length: ROWS }, (_none, index) => rowAt(index)),
      50,
    )
  })
  afterAll(() => database.drop())

  test('they are read newest first in whatever state they are, page by page', async () => {
    const ids: string[] = []
    for (let before: string | undefined; ;) {
      const page = await listRequests(db, { kind: 'points_credited', before, limit: 300 })
      ids.push(...page.map(({ id }) => id))
      before = page.at(-1)?.id
      if (page.length < 300) break
    }
    expect(ids).toEqual(Array.from({ length: ROWS / 3 }, (_none, index) => idAt(ROWS - 3 - 3 * index)))
  })

  test('a page of them reads as many of each state as it holds, and never all of the kind', async () => {
    const sent: { sql: string; bindings: readonly unknown[] }[] = []
    db.on('query', (query: { sql: string; bindings: readonly unknown[] }) => sent.push(query))
    await listRequests(db, { kind: 'points_credited', limit: 51 })
    const { sql, bindings } = sent[0] ?? { sql: '', bindings: [] }
    const how = engine === 'sqlite' ? 'explain query plan' : 'explain'
    if (engine === 'postgres') await db.raw('analyze approvals')
    const told: unknown = await db.raw(`${how} ${sql.replace(/\$\d+/g, '?')}`, [...bindings] as never)
    const plan = inspect(engine === 'sqlite' ? told : (told as { rows: unknown }).rows, {
      depth: 5,
      breakLength: Infinity,
      maxArrayLength: null,
    })
    const bySearch = engine === 'sqlite' ? /approvals_by_kind \(kind=\? AND state=\?/g : /Index Cond: [^}]*kind[^}]*state/g
    expect([plan, plan.match(bySearch)?.length]).toEqual([plan, REQUEST_STATES.length])
  })
})
