import { engineOf } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { canonicalJson } from '../../src/shared/ids'

/**
 * Not effects of a request: sessions come and go with every page, failed sign-ins are counted, probes leave their mark, earlier batches are sealed in the background, and
 * slots of the request budget become free.
 */
const APART = [
  'sessions',
  'sign_in_attempts',
  'ledger_seals',
  'ledger_unsealed',
  'heartbeat',
  'request_budget',
  'request_slots',
  'request_waits',
]

/** Every table of the product with its rows as text. */
export async function readTables(db: Db): Promise<Map<string, string[]>> {
  const sql =
    engineOf(db) === 'postgres'
      ? `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`
      : `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by 1`
  const answer = (await db.raw(sql)) as { name: string }[] | { rows: { name: string }[] }
  const names = (Array.isArray(answer) ? answer : answer.rows).map(({ name }) => name).filter((name) => !name.startsWith('knex_'))
  const tables = new Map<string, string[]>()
  for (const name of names) tables.set(name, ((await db(name).select('*')) as object[]).map(canonicalJson).sort())
  return tables
}

/** All that a refused request must leave as it was. */
export async function contents(db: Db): Promise<Record<string, string[]>> {
  return Object.fromEntries([...(await readTables(db))].filter(([name]) => !APART.includes(name)))
}
