import type { Knex } from 'knex'

/** What the driver says when `query_timeout` is over. */
export const QUERY_TIMEOUT = 'Query read timeout'

interface Connection {
  __knex__disposed?: unknown
  /** A BEGIN that was sent and not answered yet. */
  beginning?: Promise<unknown> | undefined
  readonly connection: { readonly stream: { destroy(): void } }
}

interface Query {
  /** Only reads, so it may be sent behind a BEGIN before that is answered: should the BEGIN fail, nothing was written. */
  readonly onlyReads?: boolean
}

interface Queries {
  readonly _query: (this: unknown, connection: Connection, query: Query) => Promise<unknown>
}

interface Begins {
  begin(connection: Connection): Promise<unknown>
  /** Never throws: a failure ends the transaction, and every later query in it throws. */
  query(connection: Connection, sql: string): Promise<unknown>
}

/** How long a statement waits for a lock, and how long a transaction may wait for its program, in milliseconds. */
export interface Patience {
  readonly lockMs: number
  readonly idleMs: number
}

// Knex publishes this client without types of its own.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const Postgres = require('knex/lib/dialects/postgres') as typeof Knex.Client
const { _query: ask } = Postgres.prototype as unknown as Queries

/**
 * Knex's client for PostgreSQL, except for three things. A connection on which a statement went unanswered for too long is closed: the driver gives up the statement
 * only, so the rollback, and whoever got the connection from the pool next, would wait behind it. A transaction's limits travel with its BEGIN, in one round trip:
 * as settings of the connection they would not pass a connection pooler, which hands the connection to somebody else after each transaction. And the first reads of a
 * transaction do not wait for the answer to its BEGIN.
 */
export class ImpatientPostgres extends Postgres {
  async _query(connection: Connection, query: Query): Promise<unknown> {
    if (connection.beginning && !query.onlyReads) await connection.beginning
    try {
      return await ask.call(this, connection, query)
    } catch (error) {
      if ((error as Error).message === QUERY_TIMEOUT) {
        connection.__knex__disposed = error
        connection.connection.stream.destroy()
      }
      throw error
    }
  }

  override transaction(container: unknown, config: unknown, outerTx: unknown): Knex.Transaction {
    const transaction = super.transaction(container, config, outerTx)
    const { patience } = this.config as { patience?: Patience }
    if (patience) {
      const starting = transaction as unknown as Begins
      starting.begin = (connection) => {
        const beginning = starting.query(connection, beginWith(patience)).then(() => {
          connection.beginning = undefined
        })
        connection.beginning = beginning
        return Promise.resolve()
      }
    }
    return transaction
  }
}

const beginWith = ({ lockMs, idleMs }: Patience): string =>
  `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs};`
