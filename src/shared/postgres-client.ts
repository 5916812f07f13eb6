import type { Knex } from 'knex'

/** What the driver says when `query_timeout` is over. */
export const QUERY_TIMEOUT = 'Query read timeout'

interface Connection {
  __knex__disposed?: unknown
  /** A BEGIN that was sent and not answered yet. */
  beginning?: Promise<unknown> | undefined
  /** A COMMIT left with the last statements, so the transaction is over before Knex ends it. */
  isOver?: boolean
  readonly connection: { readonly stream: { destroy(): void; cork(): void; uncork(): void; readonly writableCorked: number } }
}

interface Query {
  readonly sql?: string
  /** Only reads, so it may be sent behind a BEGIN before that is answered: should the BEGIN fail, nothing was written. */
  readonly onlyReads?: boolean
  /** The COMMIT that leaves with the last statements of its transaction. */
  readonly endsTransaction?: boolean
  response?: unknown
}

/** What is written from here until `sendNow`, or until the program waits for something, leaves in one piece. */
export function sendAtOnce({ connection: { stream } }: Pick<Connection, 'connection'>): void {
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** Sends what is waiting, ahead of whatever else the program has to do in this turn. */
export function sendNow({ connection: { stream } }: Pick<Connection, 'connection'>): void {
  while (stream.writableCorked > 0) stream.uncork()
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
 * Knex's client for PostgreSQL, except for four things. A connection on which a statement went unanswered for too long is closed: the driver gives up the statement
 * only, so the rollback, and whoever got the connection from the pool next, would wait behind it. A transaction's limits travel with its BEGIN, in one round trip:
 * as settings of the connection they would not pass a connection pooler, which hands the connection to somebody else after each transaction. The first reads of a
 * transaction leave together with its BEGIN and do not wait for the answer to it. And a COMMIT may leave together with the last statements (`runLast`): it comes to nothing when one of them failed.
 */
export class ImpatientPostgres extends Postgres {
  async _query(connection: Connection, query: Query): Promise<unknown> {
    if (connection.beginning && !query.onlyReads) await connection.beginning
    if (connection.isOver) return overAlready(connection, query)
    if (query.endsTransaction) connection.isOver = true
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
        sendAtOnce(connection)
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

/** What ended the transaction was answered to whoever sent it; Knex's own COMMIT or ROLLBACK behind it has nothing left to do. */
function overAlready(connection: Connection, query: Query): Query {
  if (!/^(COMMIT|ROLLBACK)\b/.test(query.sql ?? '')) throw new Error('The transaction is over.')
  connection.isOver = false
  query.response = { command: query.sql, rows: [] }
  return query
}

const beginWith = ({ lockMs, idleMs }: Patience): string =>
  `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs};`
