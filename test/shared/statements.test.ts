import { brokenUniqueRule, inTransaction } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { insertMissingRows, insertRows, insertions, rowsAsArray, runLast, runTogether } from '../../src/shared/statements'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.each(ENGINES)('the last statements of a transaction on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  beforeAll(async () => {
    database = await makeDatabase(engine, { migrated: false })
    db = database.open()
    await db.raw('create table things (id varchar(36) primary key, amount bigint unique)')
  })
  afterAll(() => database.drop())
  beforeEach(() => db('things').delete())

  const last = (...rows: readonly Record<string, string | bigint>[]): Promise<void> =>
    inTransaction(db, (tx) =>
      runLast(
        tx,
        rows.flatMap((row) => insertions(engine, [['things', [row]]])),
      ),
    )

  test('are committed', async () => {
    await last({ id: 'a' }, { id: 'b' })
    expect(await db('things').orderBy('id').pluck('id')).toEqual(['a', 'b'])
  })

  test('are all taken back with the one that fails, whose reason is told, and the connection serves the next', async () => {
    for (let round = 0; round < 12; round++) {
      const failed = await failure(last({ id: 'a', amount: 1n }, { id: 'b', amount: 1n }, { id: 'c', amount: 3n }))
      expect(brokenUniqueRule(failed)).toMatch(/amount/)
      await inTransaction(db, async (tx) => expect(await tx('things').pluck('id')).toEqual([]))
    }
  })

  test('are refused in our words where a statement has them', async () => {
    await last({ id: 'a', amount: 1n })
    const refused = inTransaction(db, async (tx) => {
      const [statement] = insertions(engine, [['things', [{ id: 'b', amount: 1n }]]])
      await runLast(
        tx,
        statement ? [{ ...statement, refusalFor: (error) => (brokenUniqueRule(error) ? new Error('taken') : undefined) }] : [],
      )
    })
    expect(await failure(refused)).toEqual(new Error('taken'))
    expect(await db('things').pluck('id')).toEqual(['a'])
  })

  test('are not sent at all when a row has other columns than the first, whichever it lacks or has more', async () => {
    for (const odd of [{ id: 'b' }, { id: 'b', amount: 2n, third: 3n }, { id: 'b', other: 2n }] as Record<string, string | bigint>[]) {
      const rows = [{ id: 'a', amount: 1n }, odd]
      const told = await failure(inTransaction(db, (tx) => insertRows(tx, 'things', rows)))
      expect(told).toMatchObject({ message: expect.stringMatching(/^bug: .*id, amount/) as string })
      expect(await failure(inTransaction(db, (tx) => insertMissingRows(tx, 'things', rows)))).toEqual(told)
    }
    expect(await db('things').pluck('id')).toEqual([])
  })

  if (engine === 'postgres')
    test('fail with the COMMIT that finds them wrong, and nothing is sent behind it', async () => {
      await db.raw('create table things_later (id integer unique deferrable initially deferred)')
      const twice = { sql: 'insert into things_later values (1), (1)', values: [] }
      expect(brokenUniqueRule(await failure(inTransaction(db, (tx) => runLast(tx, [twice]))))).toBe('things_later_id_key')
      const behind = inTransaction(db, async (tx) => {
        await runLast(tx, [{ sql: 'insert into things_later values (2)', values: [] }])
        await runTogether(tx, [{ sql: 'insert into things_later values (3)', values: [] }])
      })
      expect(await failure(behind)).toMatchObject({ message: expect.stringMatching(/transaction is over/) as string })
      expect(await db('things_later').pluck('id')).toEqual([2])
    })
})

describe('rows that travel as an array of a row type', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase('postgres', { migrated: false })
  })
  afterAll(() => database.drop())

  test('arrive as they were, whatever the text', async () => {
    const odd = [
      '',
      ' ',
      'NULL',
      'null',
      '"',
      '\\',
      '\\"',
      '""',
      '(a,b)',
      '{c}',
      "d'e",
      'a\tb\n',
      '\u041e\u043f\u043b\u0430\u0442\u0430 \u2116 1',
      '{"a":"b \\"c\\""}',
      '\ud83d\ude80',
    ]
    const rows = [...odd.map((text, index) => ({ text, amount: BigInt(index) })), { text: null, amount: -9007199254740993n }]
    const db = database.open()
    await db.raw('create type odd_row as (amount bigint, text text)')
    const [found] = await inTransaction(db, (tx) =>
      runTogether(tx, [{ sql: 'select * from unnest(?::odd_row[])', values: [rowsAsArray(['amount', 'text'], rows)] }]),
    )
    expect(found).toEqual(rows)
  })

  test('keep a sign that no database keeps as the mark for it, and none is an empty array', () => {
    expect(rowsAsArray(['text'], [{ text: 'a\0' }])).toBe('{"(\\"a\ufffd\\")"}')
    expect(rowsAsArray(['text'], [])).toBe('{}')
  })

  test('are refused when one lacks a column of the type, and may have columns that are told once for all of them', () => {
    expect(rowsAsArray(['text'], [{ text: 'a', batch: 'b' }, { text: null }])).toBe('{"(a)","()"}')
    expect(() => rowsAsArray(['text', 'amount'], [{ text: 'a', amount: 1n }, { text: 'b' }])).toThrow('bug: a row lacks amount: text')
  })
})
