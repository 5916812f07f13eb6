import type { Db } from '../../src/shared/database'
import { gatherReads, isOneOf, listOf, readRows } from '../../src/shared/gather-reads'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

interface Counter {
  name: string
  value: bigint
}

describe.each(ENGINES)('reads that travel together on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  let statements: string[][]

  beforeAll(async () => {
    database = await makeDatabase(engine, { migrated: false })
    db = database.open()
    await db.raw('create table counters (name varchar(20) primary key, value bigint not null)')
    await db('counters').insert([
      { name: 'a', value: 1 },
      { name: 'b', value: 2 },
    ])
  })
  beforeEach(() => (statements = []))
  afterAll(() => database.drop())

  const read = gatherReads<string, bigint | undefined>(async (where, on, names) => {
    statements.push([...names])
    if (names.includes('poison')) throw new Error('poison')
    const rows = await readRows<Counter>(where, { sql: `select * from counters where name ${isOneOf(on)}`, values: [listOf(on, names)] })
    return names.map((name) => rows.find((row) => row.name === name)?.value)
  })

  test('questions of the same moment share a statement, and each gets its own answer', async () => {
    expect(await Promise.all(['b', 'nobody', 'a', 'b'].map((name) => read(db, name)))).toEqual([2n, undefined, 1n, 2n])
    expect(statements).toEqual([['b', 'nobody', 'a', 'b']])
  })

  test('whoever asks after a commit sees it, also while earlier questions are under way', async () => {
    const earlier = Array.from({ length: 5 }, () => read(db, 'a'))
    await db('counters').where({ name: 'b' }).update({ value: 7 })
    expect(await read(db, 'b')).toBe(7n)
    expect(await Promise.all(earlier)).toEqual([1n, 1n, 1n, 1n, 1n])
  })

  test('a question that fails does not fail its neighbours', async () => {
    const [a, poison] = await Promise.allSettled([read(db, 'a'), read(db, 'poison')])
    expect([a, poison]).toMatchObject([
      { status: 'fulfilled', value: 1n },
      { status: 'rejected', reason: { message: 'poison' } },
    ])
    expect(statements).toEqual([['a', 'poison'], ['a'], ['poison']])
  })

  test('more questions than one statement takes are all answered', async () => {
    const answers = await Promise.all(Array.from({ length: 450 }, () => read(db, 'a')))
    expect(new Set(answers)).toEqual(new Set([1n]))
    expect(statements.map((names) => names.length)).toEqual([100, 100, 100, 100, 50])
  })

  test('every transaction reads for itself', async () => {
    await db.transaction(async (tx) => {
      expect(await Promise.all([read(tx, 'a'), read(tx, 'nobody')])).toEqual([1n, undefined])
    })
    expect(statements).toEqual([['a', 'nobody']])
  })
})
