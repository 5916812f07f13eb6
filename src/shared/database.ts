import knex from 'knex'
import type { Knex } from 'knex'
import { types as pgTypes } from 'pg'
import { SECOND } from './clock'
import { migrationSource } from './migrations'
import { ImpatientPostgres, QUERY_TIMEOUT } from './postgres-client'
import type { Patience } from './postgres-client'
import { ImmediateSqlite, keepPrepared } from './sqlite-client'

/** Readers take a `Db`; writers require a `Tx`. A `Tx` is a `Db` too, so a reader may run inside a transaction. */
export type Db = Knex
export type Tx = Knex.Transaction

export type Engine = 'sqlite' | 'postgres'

export const engineOf = (db: Db): Engine => ((db.client as { dialect: string }).dialect === 'postgresql' ? 'postgres' : 'sqlite')

/** `bigint` columns arrive as bigint, on this pool only: the driver's own default is text. */
const pgTypeParsers = {
  getTypeParser: (oid: Parameters<typeof pgTypes.getTypeParser>[0], format?: 'text' | 'binary') =>
    oid === pgTypes.builtins.INT8 ? (text: string) => BigInt(text) : (pgTypes.getTypeParser(oid, format) as (text: string) => unknown),
}

/** SQLite keeps its promises only when asked to: safe integers, full sync, foreign keys. */
interface SqliteConnection {
  prepare(sql: string): unknown
  pragma(text: string): unknown
  defaultSafeIntegers(on: boolean): unknown
}

const prepareSqlite =
  (forMigrator: boolean) => (connection: SqliteConnection, done: (error: Error | null, connection: SqliteConnection) => void) => {
    connection.defaultSafeIntegers(!forMigrator)
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = FULL')
    connection.pragma('busy_timeout = 20') // Longer waits happen outside the event loop: see sqlite-client.ts.
    // A table that is made anew is gone for a moment, so the migrator looks at all keys together, before it commits (migrate.ts).
    connection.pragma(`foreign_keys = ${forMigrator ? 'OFF' : 'ON'}`)
    connection.pragma('recursive_triggers = ON')
    connection.pragma('cache_size = -65536') // 64 MiB instead of 2: the indexes of the books are read in no order.
    connection.pragma('wal_autocheckpoint = 8000') // 32 MiB instead of 4: at full speed the log would be copied back after almost every batch.
    if (!forMigrator) keepPrepared(connection)
    done(null, connection)
  }

/** Knex would print to the console what it throws as well. */
const nothing = (): void => undefined
const SILENT = { warn: nothing, error: nothing, deprecate: nothing, debug: nothing }

interface DatabaseOptions {
  /** PostgreSQL connections at most. */
  readonly poolSize?: number
  /** Knex's migrator adds to integers that it read, so it needs them as numbers; everybody else gets bigint. It waits for locks as long as it takes. */
  readonly forMigrator?: boolean
  /** For long reads from the command line: no statement is given up for being slow. */
  readonly patient?: boolean
  /** How long PostgreSQL lets a statement wait for a lock, in milliseconds. */
  readonly lockTimeoutMs?: number
}

/** A lock is held for a few statements, so whoever waits longer waits for a process that is stuck: better tried again than hung. */
const LOCK_TIMEOUT_MS = 5 * SECOND
/** A process that froze in the middle of a transaction must not keep its locks: the fund's row is in every payment. */
const IDLE_IN_TRANSACTION_MS = 20 * SECOND
/** The server may be gone without a word: nothing of ours takes this long. */
const QUERY_TIMEOUT_MS = 60 * SECOND

/** How long anybody waits for a connection from the pool. */
const ACQUIRE_TIMEOUT_MS = 10 * SECOND

/** Knex settings for a `DATABASE_URL`: `sqlite:./path` or `postgres://…`. */
export function databaseSettings(url: string, options: DatabaseOptions = {}): Knex.Config {
  const { poolSize = 10, forMigrator = false, patient = false, lockTimeoutMs = LOCK_TIMEOUT_MS } = options
  // An error tells its statement without the values: they may be personal, and Knex fails to print a bigint, which would hide the error itself.
  const shared = { migrations: { migrationSource }, compileSqlOnError: false, acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS, log: SILENT }
  if (url.startsWith('sqlite:')) {
    return {
      client: ImmediateSqlite,
      connection: { filename: url.slice('sqlite:'.length) },
      useNullAsDefault: true,
      pool: { min: 1, max: 1, afterCreate: prepareSqlite(forMigrator) },
      ...shared,
    }
  }
  const limits: Patience = { lockMs: lockTimeoutMs, idleMs: IDLE_IN_TRANSACTION_MS }
  return {
    client: ImpatientPostgres,
    connection: {
      connectionString: url,
      keepAlive: true,
      // Statements that do not wait for each other's answers travel together (run-together.ts).
      pipeline: !forMigrator,
      ...(forMigrator || patient ? {} : { query_timeout: QUERY_TIMEOUT_MS }),
      ...(forMigrator ? {} : { types: pgTypeParsers }),
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: poolSize },
    ...(forMigrator ? {} : { patience: limits }),
    ...shared,
  }
}

export const openDatabase = (url: string, options?: DatabaseOptions): Db => knex(databaseSettings(url, options))

/** A column that holds a moment: `timestamptz` on PostgreSQL, ISO text on SQLite. */
export const moment = (value: Date | string): Date => (value instanceof Date ? value : new Date(value))

/** How a moment is written on either engine, and how it compares. */
export const iso = (value: Date): string => value.toISOString()

export const optionalMoment = (value: Date | string | null): Date | null => (value === null ? null : moment(value))

/** A bigint as a bound value: both drivers take it, only Knex's types do not know. */
export const bound = (value: bigint): number => value as unknown as number

const UNFIT = /[\0\p{Surrogate}]/gu

/** Text as either engine keeps it: PostgreSQL refuses a NUL and half a pair of surrogates, SQLite gives them back changed. */
export const storable = (text: string): string => text.replace(UNFIT, '\ufffd')

/** Serialization failure, deadlock, a lock that was not given in time, a transaction that idled too long, a statement that was cancelled. */
const CONTENTION = new Set(['40001', '40P01', '55P03', '25P03', '57014'])
const UNREACHABLE = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  '08001',
  '08004',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
])

/** What the driver says without a code; Knex puts the statement before it. */
const LOST = new RegExp(
  `(^| - )(Connection terminated|Client has encountered a connection error|Connection ended unexpectedly|${QUERY_TIMEOUT})`,
)

/** Deadlock, serialization failure, a busy file, a lost connection: the whole transaction may be run again. */
export function isTransient(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return (typeof code === 'string' && (CONTENTION.has(code) || code.startsWith('SQLITE_BUSY'))) || isConnectionLost(error)
}

/** The database cannot be reached, or went away in mid-sentence. */
function isConnectionLost(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return (typeof code === 'string' && UNREACHABLE.has(code)) || (typeof message === 'string' && LOST.test(message))
}

/** The database serves nobody now: lost, busy for long, or without a free connection. Whoever asks next would only wait as long again. */
export const isDown = (error: unknown): boolean =>
  isConnectionLost(error) || (error as Error).name === 'KnexTimeoutError' || (error as { code?: unknown }).code === 'SQLITE_BUSY'

/** The name of the unique rule that was broken (PostgreSQL: the index; SQLite: its columns), or undefined for any other error. */
export function brokenUniqueRule(error: unknown): string | undefined {
  const { code, constraint, message } = error as { code?: string; constraint?: string; message?: string }
  if (code === '23505') return constraint ?? 'unique'
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return message?.split('failed: ')[1] ?? 'unique'
  return undefined
}

const MOST_TRIES = 5

/**
 * Runs `work` in a transaction and, after a transient failure, runs the whole of it again (at most five times).
 * `work` must hold no state of its own between tries and must be safe to repeat after a commit whose answer was lost.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(work)
    } catch (error) {
      if (attempt >= MOST_TRIES || !isTransient(error)) throw error
      await pause(attempt * 20)
    }
  }
}

/** Whoever names the same waits until this transaction is over; also where there is no row yet that could be locked. SQLite has one writer at a time anyway. */
export async function lockName(tx: Tx, name: string): Promise<void> {
  if (engineOf(tx) === 'postgres') await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [name])
}

/**
 * For work that is one statement: it runs without the round trips of a transaction, and only after a transient failure inside `inTransaction`.
 * Like any work there, it must be safe to repeat after a commit whose answer was lost.
 */
export async function inOneStatement<T>(db: Db, work: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await work(db)
  } catch (error) {
    if (!isTransient(error)) throw error
    return inTransaction(db, work)
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
