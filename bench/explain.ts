import type { Db } from '../src/shared/database'

interface Plan {
  readonly 'Planning Time': number
  readonly 'Execution Time': number
}

/**
 * How long the one query that `work` sends takes in the server, in milliseconds, planning included, so many times over. The query is the product's own: it is
 * overheard when it is sent, not written down here again.
 */
export async function timesInDatabase(db: Db, work: (db: Db) => Promise<unknown>, times: number): Promise<number[]> {
  const queries: { sql: string; bindings: readonly unknown[] }[] = []
  const note = (query: { sql: string; bindings: readonly unknown[] }): void => void queries.push(query)
  db.on('query', note)
  await work(db)
  db.removeListener('query', note)
  const [query, ...others] = queries
  if (!query || others.length > 0) throw new Error(`bug: one query was expected, not ${queries.length}`)
  const explained = `explain (analyze, timing off, format json) ${query.sql.replace(/\$\d+/g, '?')}`
  const taken: number[] = []
  for (let count = 0; count < times; count++) {
    const { rows } = await db.raw<{ rows: { 'QUERY PLAN': [Plan] }[] }>(explained, query.bindings as never)
    const [plan] = rows[0]?.['QUERY PLAN'] ?? []
    if (plan) taken.push(plan['Planning Time'] + plan['Execution Time'])
  }
  return taken
}
