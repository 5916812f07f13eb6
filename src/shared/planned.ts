import { engineOf, inTransaction } from './database'
import type { Db } from './database'

/** The ways in which PostgreSQL may not read, by what is read. */
const FORBIDDEN = {
  /** Every row is read anyway, so sets are joined as wholes: row by row a wrong guess costs the square of the books. */
  'whole tables': ['nestloop'],
  /** A few rows of large tables, each of which an index finds: read as wholes, the tables would be read again for every page. */
  'by index': ['seqscan', 'hashjoin', 'mergejoin'],
} as const

const WAYS = ['nestloop', 'seqscan', 'hashjoin', 'mergejoin'] as const

/**
 * Reads with plans whose worst case is bounded, whatever PostgreSQL believes about its tables: it knows nothing of books that were restored a minute ago, and too little of books
 * that have grown since it last looked. The settings last for a transaction of its own, so they pass a connection pooler. SQLite has rules of thumb instead of beliefs.
 */
export async function planned<T>(db: Db, reads: keyof typeof FORBIDDEN, work: (db: Db) => Promise<T>): Promise<T> {
  if (engineOf(db) === 'sqlite') return work(db)
  const forbidden: readonly string[] = FORBIDDEN[reads]
  const settings = WAYS.map((way) => `set_config('enable_${way}', '${forbidden.includes(way) ? 'off' : 'on'}', true)`)
  return inTransaction(db, async (tx) => {
    await tx.raw(`select ${settings.join(', ')}`)
    return work(tx)
  })
}
