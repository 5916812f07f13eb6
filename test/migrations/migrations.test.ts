import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Db } from '../../src/shared/database'
import { isMigrated, migrateDown, migrateToLatest } from '../../src/shared/migrate'
import { sha256 } from '../../src/shared/ids'
import { migrationSource } from '../../src/shared/migrations'
import { verifyLedger } from '../../src/ledger'
import { builtFile } from '../support/built-product'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'
import { instruction, holdLine, makeBooksOn } from '../ledger/books'
import * as firstSetGuards from './023-as-first-committed'
import { DIGESTS } from './digests'

const run = promisify(execFile)

/** Everything in the database that the migrator itself does not need: tables with their columns, functions, triggers, indexes. */
async function dump(db: Db, engine: string): Promise<{ columns: string[]; others: string[] }> {
  if (engine === 'sqlite') {
    const things = await db('sqlite_master')
      .whereNot('name', 'like', 'sqlite_%')
      .select<{ type: string; name: string; tbl_name: string }[]>('type', 'name', 'tbl_name')
    const ours = things.filter((thing) => !thing.tbl_name.startsWith('knex_'))
    const columns: string[] = []
    for (const { name } of ours.filter((thing) => thing.type === 'table')) {
      for (const column of await db.raw<{ name: string }[]>(`pragma table_info("${name}")`)) columns.push(`${name}.${column.name}`)
    }
    return {
      columns: columns.sort(),
      others: ours
        .filter((thing) => thing.type !== 'table')
        .map((thing) => `${thing.type} ${thing.name}`)
        .sort(),
    }
  }
  const rowsOf = async (sql: string): Promise<string[]> =>
    (await db.raw<{ rows: { text: string }[] }>(sql)).rows.map((row) => row.text).sort()
  return {
    columns: await rowsOf(
      `select table_name || '.' || column_name as text from information_schema.columns where table_schema = 'public' and table_name not like 'knex_%'`,
    ),
    others: [
      ...(await rowsOf(`select 'function ' || proname as text from pg_proc where pronamespace = 'public'::regnamespace`)),
      ...(await rowsOf(`select 'trigger ' || tgname as text from pg_trigger where not tgisinternal`)),
      ...(await rowsOf(`select 'index ' || indexname as text from pg_indexes where schemaname = 'public' and tablename not like 'knex_%'`)),
      ...(await rowsOf(
        `select 'type ' || typname as text from pg_type where typnamespace = 'public'::regnamespace and typname not like '%knex_%' and typtype <> 'c' and typcategory <> 'A'`,
      )),
    ],
  }
}

describe.each(ENGINES)('migrations on %s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await makeDatabase(engine, { migrated: false })
  })
  afterEach(() => database.drop())

  test('go up, down and up again, and leave nothing behind when they are down', async () => {
    const names = await migrationSource.getMigrations([])
    expect(await isMigrated(database.url)).toBe(false)
    expect(await migrateToLatest(database.url)).toEqual(names)
    expect(await isMigrated(database.url)).toBe(true)
    const up = await dump(database.open(), engine)
    expect(up.columns).not.toEqual([])
    expect(up.others).not.toEqual([])

    await migrateDown(database.url)
    expect(await isMigrated(database.url)).toBe(false)
    expect(await dump(database.open(), engine)).toEqual({ columns: [], others: [] })

    expect(await migrateToLatest(database.url)).toEqual(names)
    expect(await dump(database.open(), engine)).toEqual(up)
  })

  test('go down although rows stand in every kind of table', async () => {
    await migrateToLatest(database.url)
    const books = makeBooksOn(database)
    const anna = await books.open(100n)
    await books.ledger.submit(instruction(holdLine(anna, 10n)))
    await books.ledger.idle()
    await migrateDown(database.url)
    expect(await dump(database.open(), engine)).toEqual({ columns: [], others: [] })
  })

  test('applied twice change nothing: no table, no account, no balance', async () => {
    await migrateToLatest(database.url)
    const books = makeBooksOn(database)
    const anna = await books.open(100n)
    await books.ledger.submit(instruction(holdLine(anna, 10n)))
    await books.ledger.idle()
    const before = [
      await dump(books.db, engine),
      await books.db('ledger_accounts').orderBy('id'),
      await books.db('knex_migrations').orderBy('id'),
    ]
    expect(await migrateToLatest(database.url)).toEqual([])
    expect([
      await dump(books.db, engine),
      await books.db('ledger_accounts').orderBy('id'),
      await books.db('knex_migrations').orderBy('id'),
    ]).toEqual(before)
    expect(await verifyLedger(books.db)).toEqual([])
  })

  test('applied by four at once are applied once', async () => {
    const names = await migrationSource.getMigrations([])
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrateToLatest(database.url)))
    expect(applied.flat().sort()).toEqual(names)
    expect(await database.open()('knex_migrations').orderBy('id').pluck('name')).toEqual(names)
  })

  test('one that fails leaves nothing of itself and no lock, so that the next start tries again', async () => {
    await migrateToLatest(database.url)
    await migrateDown(database.url)
    const db = database.open()
    await db.raw('create table payments (id integer)')
    // The driver's errors are of the realm of whichever test file loaded it first, so they are known by their words.
    await expect(migrateToLatest(database.url)).rejects.toMatchObject({ message: expect.stringMatching(/payments/) as string })
    expect((await dump(db, engine)).columns).toEqual(['payments.id'])
    await db.raw('drop table payments')
    expect(await migrateToLatest(database.url)).toEqual(await migrationSource.getMigrations([]))
  })
})

test('both engines get the same tables with the same columns', async () => {
  const dumps = await Promise.all(
    ENGINES.map(async (engine) => {
      const database = await makeDatabase(engine)
      const { columns } = await dump(database.open(), engine)
      await database.drop()
      return columns
    }),
  )
  expect(dumps[0]).toEqual(dumps[1])
})

describe('two processes and two trees', () => {
  /** Migrates in a process of its own, with the built product. Answers the names of what it applied. */
  async function migrateInProcess(url: string): Promise<string[]> {
    const script = `require(${JSON.stringify(builtFile('src/shared/migrate.ts'))}).migrateToLatest(process.argv[1]).then((names) => console.log(JSON.stringify(names)))`
    const { stdout } = await run(process.execPath, ['-e', script, url])
    return JSON.parse(stdout) as string[]
  }

  test.each(ENGINES)('on %s two processes that start at once migrate once, and the sources find nothing left to do', async (engine) => {
    const database = await makeDatabase(engine, { migrated: false })
    const applied = await Promise.all([migrateInProcess(database.url), migrateInProcess(database.url)])
    expect(applied.map((names) => names.length).sort()).toEqual([0, (await migrationSource.getMigrations([])).length])
    expect(applied.flat()).toEqual(await migrationSource.getMigrations([]))
    expect(await migrateToLatest(database.url)).toEqual([])
    await database.drop()
  })

  test('the built product finds nothing to do in a database that the sources migrated', async () => {
    const database = await makeDatabase('sqlite')
    expect(await migrateInProcess(database.url)).toEqual([])
    await database.drop()
  })
})

test.each(ENGINES)(
  'a %s database that a newer version has migrated is taken as it is, unless it lacks something of ours',
  async (engine) => {
    const database = await makeDatabase(engine)
    const db = database.open()
    const future = { name: '999_from_the_future', batch: 2, migration_time: new Date().toISOString() }
    await db('knex_migrations').insert(future)
    expect(await isMigrated(database.url)).toBe(true)
    expect(await migrateToLatest(database.url)).toEqual([])

    await db('knex_migrations').where({ name: '004_heartbeat' }).delete()
    expect(await isMigrated(database.url)).toBe(false)
    await expect(migrateToLatest(database.url)).rejects.toThrow(/999_from_the_future/)
    await database.drop()
  },
)

/** The text of everything that a PostgreSQL database does by itself: functions with their sources, triggers, indexes, constraints, columns, types. */
async function textsOf(db: Db): Promise<string[]> {
  const ours = `in (select oid from pg_class where relnamespace = 'public'::regnamespace and relname not like 'knex_%')`
  const { rows } = await db.raw<{ rows: { text: string }[] }>(`
    select 'function ' || pg_get_functiondef(oid) as text from pg_proc where pronamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select indexdef from pg_indexes where schemaname = 'public' and tablename not like 'knex_%'
    union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid ${ours}
    union all select attrelid::regclass || ' ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull from pg_attribute
      where attnum > 0 and not attisdropped and attrelid ${ours}`)
  return rows.map(({ text }) => text).sort()
}

describe('a PostgreSQL database whose 023 is the first committed one', () => {
  let database: TestDatabase
  let db: Db
  beforeEach(async () => {
    database = await makeDatabase('postgres', { migrated: false })
    db = database.open()
    const names = (await migrationSource.getMigrations([])).filter((name) => name < '027')
    await db.migrate.latest({
      migrationSource: {
        ...migrationSource,
        getMigrations: () => Promise.resolve(names),
        getMigration: async (name: string) => ({
          ...(await migrationSource.getMigration(name)),
          ...(name === '023_set_guards' ? firstSetGuards : {}),
        }),
      },
    })
  })
  afterEach(() => database.drop())

  test('becomes what a fresh one is, calls the functions that the program calls, and goes down', async () => {
    const fresh = await makeDatabase('postgres')
    const wanted = await textsOf(fresh.open())
    await fresh.drop()
    expect(await textsOf(db)).not.toEqual(wanted)
    await migrateToLatest(database.url)
    expect(await textsOf(db)).toEqual(wanted)
    await db.raw(`select exchanges_keep('{}')`)
    await migrateDown(database.url)
    expect(await dump(db, 'postgres')).toEqual({ columns: [], others: [] })
  })
})

/** Line ends and indentation do not count. */
const normalised = (text: string): string => text.replace(/\s+/g, ' ').trim()

test('a migration that was committed keeps its text: when this fails, take your change back and write a new migration; a new one gets a line in digests.ts', async () => {
  const names = await migrationSource.getMigrations([])
  const read = (name: string): string => readFileSync(join(__dirname, '..', '..', 'migrations', `${name}.ts`), 'utf8')
  expect(Object.fromEntries(names.map((name) => [name, sha256(normalised(read(name)))]))).toEqual(DIGESTS)
})
