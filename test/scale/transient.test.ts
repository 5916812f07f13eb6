import { randomUUID } from 'node:crypto'
import { createLedger, readAccount, verifyLedger } from '../../src/ledger'
import { systemClock } from '../../src/shared/clock'
import { inTransaction, openDatabase } from '../../src/shared/database'
import type { Db, Tx } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { makeBooksOn, spend } from '../ledger/books'
import type { Books } from '../ledger/books'
import { someoneWaits } from '../support/locks'
import { until } from '../support/until'
import { makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'
import { startProxy } from './proxy'
import type { Proxy } from './proxy'

/** The accounts that the change locks, in this order: the member's, then `redeemed`. */
const LAST = 'redeemed'
const SPENT = 100n

let database: TestDatabase
let books: Books
let proxy: Proxy
let account: string

beforeAll(async () => {
  database = await makeDatabase('postgres')
  books = makeBooksOn(database)
  proxy = await startProxy()
  await books.db.raw('create table effects (id varchar(36) primary key)')
})
beforeEach(async () => {
  account = await books.open(1_000n)
  await books.ledger.idle()
})
afterEach(async () => {
  await books.ledger.idle()
  expect(await verifyLedger(books.db)).toEqual([])
})
afterAll(async () => {
  await books.close()
  await proxy.close()
})

/** A pool on which something goes wrong, and the codes of what went wrong. */
function victimOn(url: string, lockTimeoutMs?: number): { db: Db; codes: unknown[] } {
  const db = openDatabase(url, { poolSize: 1, ...(lockTimeoutMs ? { lockTimeoutMs } : {}) })
  const codes: unknown[] = []
  db.on('query-error', (error: { code?: unknown }) => codes.push(error.code))
  return { db, codes }
}

/** Two ways to change something; each tells how often it took effect. */
const CHANGES = [
  {
    name: 'inTransaction',
    table: 'effects',
    change: async (db: Db): Promise<() => Promise<number>> => {
      const id = randomUUID()
      await inTransaction(db, async (tx) => {
        await tx('ledger_accounts').whereIn('id', [account, LAST]).orderBy('id').forNoKeyUpdate()
        await tx('effects').insert({ id }).onConflict('id').ignore()
      })
      return async () => (await books.db('effects').where({ id }).pluck('id')).length
    },
  },
  {
    name: 'ledger.submit',
    table: 'ledger_batches',
    change: async (db: Db): Promise<() => Promise<number>> => {
      const ledger = createLedger({ db, clock: systemClock, log: createLog('silent') })
      await ledger.submit(spend(account, SPENT))
      await ledger.idle()
      return async () => Number((1_000n - (await readAccount(books.db, account)).balance) / SPENT)
    },
  },
]

const hold = (tx: Tx, id: string): Promise<unknown> => tx.raw('select 1 from ledger_accounts where id = ? for update', [id]).then()
const isWaiting = (): Promise<boolean> => someoneWaits(books.db)

describe.each(CHANGES)('what fails for a moment is run again as a whole and happens once: $name', ({ change, table }) => {
  /** Runs the change against somebody who holds the last account, and lets go when `meanwhile` is over. */
  async function against(victim: { db: Db; codes: unknown[] }, meanwhile: (intruder: Tx) => Promise<unknown>): Promise<number> {
    const intruder = await books.db.transaction()
    await hold(intruder, LAST)
    const changing = change(victim.db)
    await meanwhile(intruder)
    await intruder.commit()
    return (await changing)()
  }

  test('a deadlock (40P01)', async () => {
    const victim = victimOn(database.url)
    const effects = await against(victim, async (intruder) => {
      await intruder.raw(`set local deadlock_timeout = '20s'`) // So that it is the other one who finds it, and is ended.
      await until(isWaiting)
      await hold(intruder, account)
    })
    expect([victim.codes[0], effects]).toEqual(['40P01', 1])
    await victim.db.destroy()
  })

  test('a serialization failure (40001)', async () => {
    const name = new URL(database.url).pathname.slice(1)
    await books.db.raw(`alter database ${name} set default_transaction_isolation = 'repeatable read'`)
    const victim = victimOn(database.url)
    const effects = await against(victim, async (intruder) => {
      await until(isWaiting)
      await intruder('ledger_accounts').where({ id: LAST }).update({ locked: 0 })
    })
    await books.db.raw(`alter database ${name} reset default_transaction_isolation`)
    expect([victim.codes[0], effects]).toEqual(['40001', 1])
    await victim.db.destroy()
  })

  test('a lock that is not given in time (55P03)', async () => {
    const victim = victimOn(database.url, 50)
    const effects = await against(victim, () => until(() => victim.codes.length > 0))
    expect([victim.codes[0], effects]).toEqual(['55P03', 1])
    await victim.db.destroy()
  })

  test('a connection that the server ends in mid-transaction (57P01)', async () => {
    const victim = victimOn(database.url)
    const effects = await against(victim, async () => {
      await until(isWaiting)
      await books.db.raw(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      await until(() => victim.codes.length > 0)
    })
    expect([victim.codes[0], effects]).toEqual(['57P01', 1])
    await victim.db.destroy()
  })

  test('a connection that the server ends exactly at COMMIT (57P01)', async () => {
    await diesAtFirstCommit(books.db, table)
    const victim = victimOn(database.url)
    const effects = await (await change(victim.db))()
    expect([victim.codes[0], effects]).toEqual(['57P01', 1])
    await livesAgain(books.db, table)
    await victim.db.destroy()
  })

  test('a COMMIT that happened, whose answer was lost with the connection', async () => {
    const victim = victimOn(proxy.urlOf(database.url))
    await victim.db.raw('select 1')
    proxy.loseNextCommit()
    const effects = await (await change(victim.db))()
    expect([victim.codes.length > 0, effects]).toEqual([true, 1])
    await victim.db.destroy()
  })
})

/** What is checked at the end of a transaction runs inside COMMIT; a sequence counts on although the transaction is taken back. */
async function diesAtFirstCommit(db: Db, table: string): Promise<void> {
  await db.raw('create sequence commits')
  await db.raw(`create function die_at_commit() returns trigger language plpgsql as $$
    begin if nextval('commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if; return null; end $$`)
  await db.raw(
    `create constraint trigger die_at_commit after insert on ${table} deferrable initially deferred for each row execute function die_at_commit()`,
  )
}

async function livesAgain(db: Db, table: string): Promise<void> {
  await db.raw(`drop trigger die_at_commit on ${table}`)
  await db.raw('drop function die_at_commit()')
  await db.raw('drop sequence commits')
}
