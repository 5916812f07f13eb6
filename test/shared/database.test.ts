import { randomUUID } from 'node:crypto'
import knex from 'knex'
import type { Knex } from 'knex'
import {
  bound,
  brokenUniqueRule,
  databaseSettings,
  inOneStatement,
  inTransaction,
  isDown,
  isTransient,
  openDatabase,
  storable,
} from '../../src/shared/database'
import type { Db, Tx } from '../../src/shared/database'
import { insertRows } from '../../src/shared/statements'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.each(ENGINES)('rows on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  beforeAll(async () => {
    database = await makeDatabase(engine, { migrated: false })
    db = database.open()
    await db.raw('create table things (id varchar(36) primary key, body text, amount bigint unique, checked bigint check (checked > 0))')
  })
  afterAll(() => database.drop())
  beforeEach(() => db('things').delete())

  const write = (rows: readonly Record<string, string | bigint | number | null>[]): Promise<void> =>
    inTransaction(db, (tx) => insertRows(tx, 'things', rows))

  test.each([
    ['plain', 'plain'],
    ['empty', ''],
    ['quotes', `'"\`"";--'' $1 ? ?? :name \\' `],
    ['a way out of a JSON string', '"}]\\"}\\\\", "amount": 7'],
    ['lines and tabs', 'a\nb\r\nc\td\u2028e\u2029'],
    ['signs that control', '\u0001\u0007\u001b[31m\u007f'],
    ['letters of many kinds', 'Жёлтый ключ, 漢字, العربية, e\u0301 é, ﷽, 👩‍👩‍👧'],
    ['what looks like a number', '00123'],
    ['what looks like a large number', '9'.repeat(400)],
    ['what looks like JSON', '{"a":[1,2]}'],
    ['what looks like null', 'null'],
    ['long', 'ж'.repeat(200_000)],
  ])('text comes back as it went in: %s', async (id, body) => {
    await write([{ id, body }])
    expect(await db('things').select('id', 'body')).toEqual([{ id, body }])
  })

  test.each([
    ['a NUL', 'a\0b', 'a\ufffdb'],
    ['half a pair of surrogates', 'a\ud83db', 'a\ufffdb'],
    ['the other half', '\ude00', '\ufffd'],
    ['a pair that is whole', '\ud83d\ude00', '😀'],
  ])('text that no database keeps comes back the same on both engines: %s', async (id, body, kept) => {
    await write([{ id, body }])
    expect(await db('things').select('body').first()).toEqual({ body: kept })
    expect(storable(body)).toBe(kept)
  })

  test.each([0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])('the whole number %p comes back exactly', async (amount) => {
    await write([{ id: 'a', amount }])
    expect(await db('things').select('amount').first()).toEqual({ amount })
    expect(
      await db('things')
        .where({ amount: bound(amount) })
        .pluck('id'),
    ).toEqual(['a'])
  })

  test('numbers, nulls and many rows go in by one statement', async () => {
    const statements: string[] = []
    const listen = ({ sql }: { sql: string }): void => void statements.push(sql)
    db.on('query', listen)
    await write(Array.from({ length: 5_000 }, (_, n) => ({ id: String(n), body: null, amount: n })))
    db.removeListener('query', listen)
    expect(statements.filter((sql) => sql.startsWith('insert'))).toHaveLength(1)
    expect(await db('things').where({ id: '4999' }).first()).toEqual({ id: '4999', body: null, amount: 4_999n, checked: null })
  })

  test('no rows are no statement', async () => {
    await write([])
    expect(await db('things')).toEqual([])
  })

  test('a broken rule takes all rows of the statement back and names itself, although a value is a bigint', async () => {
    await write([{ id: 'a', amount: 1n }])
    const broken = await failure(
      write([
        { id: 'b', amount: 2n },
        { id: 'c', amount: 1n },
      ]),
    )
    expect(brokenUniqueRule(broken)).toMatch(engine === 'postgres' ? /^things_amount_key$/ : /^things\.amount$/)
    expect(brokenUniqueRule(await failure(write([{ id: 'a' }])))).toMatch(engine === 'postgres' ? /^things_pkey$/ : /^things\.id$/)
    expect(brokenUniqueRule(await failure(db('things').insert({ id: 'd', amount: bound(1n) })))).toMatch(/amount/)
    const unchecked = await failure(db('things').insert({ id: 'd', checked: bound(-5n) }))
    expect((unchecked as Error).message).toMatch(/check/i)
    expect(brokenUniqueRule(unchecked)).toBeUndefined()
    expect(isTransient(broken)).toBe(false)
    expect(await db('things').pluck('id')).toEqual(['a'])
  })

  test('an error does not quote the values that were sent', async () => {
    const secret = randomUUID()
    await write([{ id: 'a', body: 'first' }])
    const error = (await failure(db('things').insert({ id: 'a', body: secret }))) as Error
    expect(error.message).not.toContain(secret)
    expect(error.message).toMatch(/unique/i)
  })
})

describe('a transaction that fails for a moment', () => {
  let postgres: TestDatabase
  let sqlite: TestDatabase
  beforeAll(async () => {
    ;[postgres, sqlite] = await Promise.all([makeDatabase('postgres', { migrated: false }), makeDatabase('sqlite', { migrated: false })])
    for (const database of [postgres, sqlite]) await database.open().raw('create table places (id integer primary key, n integer not null)')
  })
  afterAll(() => Promise.all([postgres.drop(), sqlite.drop()]))

  const add = (tx: Tx, id: number): Promise<unknown> => tx.raw('update places set n = n + 1 where id = ?', [id])

  test('two that wait for each other crosswise on PostgreSQL both happen, once', async () => {
    const db = postgres.open()
    await db('places').insert([1, 2].map((id) => ({ id, n: 0 })))
    let tries = 0
    const both: (() => void)[] = []
    const metHalfway = (): Promise<void> =>
      new Promise((resolve) => {
        // The first try of each waits until the other holds its row as well; then they block each other for certain.
        both.push(resolve)
        if (both.length >= 2) for (const go of both) go()
      })
    const cross = (first: number, second: number): Promise<void> =>
      inTransaction(db, async (tx) => {
        tries += 1
        await add(tx, first)
        await metHalfway()
        await add(tx, second)
      })
    await Promise.all([cross(1, 2), cross(2, 1)])
    expect(tries).toBeGreaterThan(2)
    expect(await db('places').orderBy('id').pluck('n')).toEqual([2, 2])
  })

  test('serialization failures on PostgreSQL are repeated', async () => {
    const db = postgres.open()
    await db('places').insert({ id: 3, n: 0 })
    await Promise.all(
      Array.from({ length: 3 }, () =>
        inTransaction(db, async (tx) => {
          await tx.raw('set transaction isolation level serializable')
          const row = (await tx('places').where({ id: 3 }).first()) as { n: number }
          await tx('places')
            .where({ id: 3 })
            .update({ n: row.n + 1 })
        }),
      ),
    )
    expect(await db('places').where({ id: 3 }).pluck('n')).toEqual([3])
  })

  test('a connection that is cut in mid-transaction on PostgreSQL is replaced, and the work happens once', async () => {
    const db = postgres.open()
    await db('places').insert({ id: 4, n: 0 })
    let tries = 0
    await inTransaction(db, async (tx) => {
      tries += 1
      await add(tx, 4)
      if (tries > 1) return
      const { rows } = await tx.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() as pid')
      await postgres.open().raw('select pg_terminate_backend(?)', [rows[0].pid])
      await add(tx, 4)
    })
    expect(tries).toBe(2)
    expect(await db('places').where({ id: 4 }).pluck('n')).toEqual([1])
  })

  test('on PostgreSQL whoever waits too long for a row lock in a transaction is told so and tries again; a statement that stands alone waits', async () => {
    const holder = postgres.open()
    const waiter = openDatabase(postgres.url, { lockTimeoutMs: 50 })
    await holder('places').insert({ id: 5, n: 0 })
    const held = await holder.transaction()
    await add(held, 5)
    let tries = 0
    const adding = (change: typeof inTransaction | typeof inOneStatement): Promise<unknown> =>
      change(waiter, (db: Db) => {
        tries += 1
        return db.raw('update places set n = n + 1 where id = 5')
      })
    expect(codeOf(await failure(adding(inTransaction)))).toBe('55P03')
    expect(tries).toBe(5)
    const waiting = adding(inOneStatement)
    while (tries < 6) await new Promise((resolve) => setTimeout(resolve, 1))
    await held.commit()
    await waiting
    expect(await holder('places').where({ id: 5 }).pluck('n')).toEqual([2])
    await waiter.destroy()
  })

  test('a connection whose server went silent in mid-statement is given up and not used again', async () => {
    const db = knex({
      ...databaseSettings(postgres.url, { poolSize: 1 }),
      connection: { connectionString: postgres.url, pipeline: true } as Knex.PgConnectionConfig,
    })
    const error = await failure(db.transaction((tx) => tx.raw('select pg_sleep(30)').options({ query_timeout: 100 })))
    expect([isTransient(error), isDown(error)]).toEqual([true, true])
    expect(await db.raw<{ rows: unknown[] }>('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    await db.destroy()
  })

  test.each([
    [{}, { lock_timeout: '5s', idle_in_transaction_session_timeout: '20s' }],
    [{ patient: true }, { lock_timeout: '5s', idle_in_transaction_session_timeout: '20s' }],
    [{ forMigrator: true }, { lock_timeout: '0', idle_in_transaction_session_timeout: '0' }],
  ])(
    'PostgreSQL knows how long a transaction opened with %j waits, and keeps nothing of it for whoever gets the connection next',
    async (options, limits) => {
      const db = openDatabase(postgres.url, { ...options, poolSize: 1 })
      const shown = async (on: Db, name: string): Promise<unknown> => (await on.raw<{ rows: unknown[] }>(`show ${name}`)).rows
      for (const [name, value] of Object.entries(limits)) {
        expect(await db.transaction((tx) => shown(tx, name))).toEqual([{ [name]: value }])
        expect(await shown(db, name)).toEqual([{ [name]: '0' }])
      }
      await db.destroy()
    },
  )

  test('on SQLite a transaction waits for the one that another process has begun, and the event loop goes on meanwhile', async () => {
    const [mine, other] = [sqlite.open(), sqlite.open()]
    await mine('places').insert({ id: 1, n: 0 })
    const held = await other.transaction()
    await add(held, 1)
    let turns = 0
    const turning = setInterval(() => (turns += 1), 1)
    const waiting = inTransaction(mine, (tx) => add(tx, 1))
    while (turns < 20) await new Promise((resolve) => setTimeout(resolve, 1))
    await held.commit()
    await waiting
    clearInterval(turning)
    expect(await mine('places').pluck('n')).toEqual([2n])
  })

  test('one that fails for good is tried once and leaves nothing', async () => {
    for (const db of [postgres.open(), sqlite.open()]) {
      let tries = 0
      const failing = inTransaction(db, async (tx) => {
        tries += 1
        await tx('places').insert({ id: 9, n: 0 })
        throw new Error('a bug')
      })
      await expect(failing).rejects.toThrow('a bug')
      expect(tries).toBe(1)
      expect(await db('places').where({ id: 9 })).toEqual([])
    }
  })

  test('one that never succeeds ends after five tries', async () => {
    for (const db of [postgres.open(), sqlite.open()]) {
      let tries = 0
      const failing = inTransaction(db, () => {
        tries += 1
        return Promise.reject(Object.assign(new Error('deadlock'), { code: '40P01' }))
      })
      expect(codeOf(await failure(failing))).toBe('40P01')
      expect(tries).toBe(5)
    }
  })

  test.each([
    [{ code: '40001' }, true],
    [{ code: '40P01' }, true],
    [{ code: '57P01' }, true],
    [{ code: '55P03' }, true],
    [{ code: '25P03' }, true],
    [{ code: '57014' }, true],
    [{ message: 'select 1 - Query read timeout' }, true],
    [{ code: 'SQLITE_BUSY' }, true],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, true],
    [{ code: 'ECONNRESET' }, true],
    [{ message: 'Connection terminated unexpectedly' }, true],
    [{ message: 'select 1 - Connection terminated unexpectedly' }, true],
    [{ message: 'ROLLBACK - Client has encountered a connection error and is not queryable' }, true],
    [{ message: 'a text that says Connection terminated' }, false],
    [{ code: '23505' }, false],
    [{ code: '23514' }, false],
    [{ code: 'SQLITE_CONSTRAINT_CHECK' }, false],
    [{ code: 'SQLITE_FULL' }, false],
    [{ code: 40001 }, false],
    [{}, false],
  ])('%j may be tried again: %p', (error, may) => {
    expect(isTransient(error)).toBe(may)
  })
})
