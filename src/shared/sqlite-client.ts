import { setTimeout as pause } from 'node:timers/promises'
import type { Knex } from 'knex'

interface Begins {
  begin(connection: unknown): Promise<unknown>
  /** Throws when the statement fails. (The transaction's own `query` swallows the error, and the work would then run outside any transaction.) */
  trxClient: { query(connection: unknown, sql: string): Promise<unknown> }
}

/** How long a busy file is asked again, and the pauses in between. `inTransaction` tries five times, so whoever waits knows within half a minute. */
const LONGEST_WAIT_MS = 5_000
const PAUSE_MS = 50

// Knex publishes this client without types of its own.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const BetterSqlite = require('knex/lib/dialects/better-sqlite3') as typeof Knex.Client

/**
 * Knex's client for better-sqlite3, except that a transaction takes the write lock when it begins, and waits for it without blocking the process.
 * Knex sends a deferred BEGIN, under which a transaction that reads and then writes fails with SQLITE_BUSY as soon as another process wrote in between;
 * and the driver's own busy handler sleeps inside the event loop.
 */
export class ImmediateSqlite extends BetterSqlite {
  override transaction(container: unknown, config: unknown, outerTx: unknown): Knex.Transaction {
    const transaction = super.transaction(container, config, outerTx)
    const starting = transaction as unknown as Begins
    starting.begin = async (connection) => {
      const giveUpAt = performance.now() + LONGEST_WAIT_MS
      for (;;) {
        try {
          return await starting.trxClient.query(connection, 'BEGIN IMMEDIATE;')
        } catch (error) {
          if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() >= giveUpAt) throw error
          await pause(PAUSE_MS)
        }
      }
    }
    return transaction
  }
}

interface Connection {
  prepare(sql: string): unknown
}

/** Lists of different lengths make different texts, so there must be an end to it. */
const MOST_PREPARED = 500

/** Keeps a connection's statements prepared. Knex prepares each one anew for each use, at several times the cost of the use itself. */
export function keepPrepared(connection: Connection): void {
  const prepare = connection.prepare.bind(connection)
  const kept = new Map<string, unknown>()
  connection.prepare = (sql) => {
    const known = kept.get(sql)
    if (known !== undefined) return known
    const statement = prepare(sql)
    if (kept.size >= MOST_PREPARED) kept.clear()
    kept.set(sql, statement)
    return statement
  }
}
