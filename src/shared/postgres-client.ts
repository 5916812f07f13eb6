import type { Knex } from 'knex'

/** What the driver says when `query_timeout` is over. */
export const QUERY_TIMEOUT = 'Query read timeout'

interface Connection {
  __knex__disposed?: unknown
  readonly connection: { readonly stream: { destroy(): void } }
}

interface Queries {
  readonly _query: (this: unknown, connection: Connection, query: unknown) => Promise<unknown>
}

// Knex publishes this client without types of its own.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const Postgres = require('knex/lib/dialects/postgres') as typeof Knex.Client
const { _query: ask } = Postgres.prototype as unknown as Queries

/**
 * Knex's client for PostgreSQL, except that a connection on which a statement went unanswered for too long is closed. The driver gives up the statement only,
 * so the rollback, and whoever got the connection from the pool next, would wait behind it.
 */
export class ImpatientPostgres extends Postgres {
  async _query(connection: Connection, query: unknown): Promise<unknown> {
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
}
