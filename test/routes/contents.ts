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

async function namesOf(db: Db): Promise<string[]> {
  const sql =
    engineOf(db) === 'postgres'
      ? `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`
      : `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by 1`
  return (await ask<{ name: string }>(db, sql)).map(({ name }) => name).filter((name) => !name.startsWith('knex_'))
}

async function ask<T>(db: Db, sql: string): Promise<T[]> {
  const answer = (await db.raw(sql)) as T[] | { rows: T[] }
  return Array.isArray(answer) ? answer : answer.rows
}

/** Every table of the product with its rows as text. */
export async function readTables(db: Db): Promise<Map<string, string[]>> {
  const tables = new Map<string, string[]>()
  for (const name of await namesOf(db)) tables.set(name, ((await db(name).select('*')) as object[]).map(canonicalJson).sort())
  return tables
}

const queries = new WeakMap<Db, string>()

/** All that a refused request must leave as it was: a text for each table. One question and no row taken apart, since the tests of the routes ask it two thousand times. */
export async function contents(db: Db): Promise<Record<string, string>> {
  const sql = queries.get(db) ?? (await queryFor(db))
  queries.set(db, sql)
  const tables = await ask<{ name: string; rows: string | null }>(db, sql)
  return Object.fromEntries(tables.map(({ name, rows }) => [name, rows ?? '']))
}

async function queryFor(db: Db): Promise<string> {
  const names = (await namesOf(db)).filter((name) => !APART.includes(name))
  const rowsOf = engineOf(db) === 'postgres' ? inPostgres : await inSqlite(db)
  return names.map((name) => `select '${name}' as name, (${rowsOf(name)}) as rows`).join(' union all ')
}

const inPostgres = (name: string): string => `select string_agg(t::text, chr(10) order by t::text) from ${name} t`

async function inSqlite(db: Db): Promise<(name: string) => string> {
  const sql = `select m.name as name, c.name as field from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'`
  const columns = await ask<{ name: string; field: string }>(db, sql)
  const fieldsOf = (name: string): string[] => columns.filter((column) => column.name === name).map(({ field }) => `quote("${field}")`)
  return (name) => `select group_concat(${fieldsOf(name).join(" || '|' || ")}, char(10)) from ${name}`
}
