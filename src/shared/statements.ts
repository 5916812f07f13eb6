import { engineOf, storable } from './database'
import type { Db, Engine, Tx } from './database'
import { sendAtOnce, sendNow } from './postgres-client'

/** What the driver turns into text without fail: a value that it could not send would stop its own statement alone, and the COMMIT behind it would go through. */
type Sendable = string | number | bigint | boolean | null | Date | readonly (string | number | bigint | boolean | null | Date)[]

/** One statement and its values, not yet sent; `?` stands for a value. */
export interface Statement {
  readonly sql: string
  readonly values: readonly Sendable[]
  /** On SQLite: instead of `values`, the statement is run once with each of these. */
  readonly rows?: readonly (readonly unknown[])[]
  /** On SQLite: looks at what the statement returned, and throws what stands in the way. PostgreSQL must refuse by itself, since nobody looks before the COMMIT. */
  readonly check?: (returned: readonly unknown[]) => void
  /** A failure of the statement in our own words; undefined leaves it as it is. */
  readonly refusalFor?: (error: unknown) => Error | undefined
}

type Scalar = string | number | bigint | boolean | null
export type Row = Readonly<Record<string, Scalar>>

interface Sent {
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly method: 'raw'
  readonly onlyReads?: boolean
  readonly endsTransaction?: boolean
}

interface Sender {
  acquireConnection(): Promise<unknown>
  /** Does nothing inside a transaction, which keeps its connection. */
  releaseConnection(connection: unknown): Promise<unknown>
  emit(event: 'query', query: unknown): unknown
  query(connection: unknown, query: Sent): Promise<{ response: unknown }>
}

/**
 * Runs statements in their order and answers with the rows that each of them returned. PostgreSQL gets all of them at once and answers in one round trip, so what a
 * batch costs does not grow with the distance to the database. None may depend on another's answer; when one fails, those behind it fail too, and so must the transaction.
 */
export const runTogether = (tx: Tx, statements: readonly Statement[]): Promise<unknown[][]> => send(tx, statements, {})

/**
 * The same for the last statements of a transaction, whose success alone decides that it is committed. On PostgreSQL the COMMIT leaves together with them, so that no lock is
 * held for the time of another round trip; when one of them fails, the COMMIT behind it rolls back. Nothing may be sent in the transaction afterwards.
 */
export async function runLast(tx: Tx, statements: readonly Statement[]): Promise<void> {
  await send(tx, statements, { endsTransaction: engineOf(tx) === 'postgres' })
}

/** Writes a set of rows. One that tells its statements leaves every decision to the database, so its rows may leave together with the COMMIT. */
export interface RowWriter<R> {
  (tx: Tx, rows: readonly R[]): Promise<void>
  readonly statements?: (engine: Engine, rows: readonly R[]) => Statement[]
}

export const writerOf = <R>(statements: (engine: Engine, rows: readonly R[]) => Statement[]): RowWriter<R> =>
  Object.assign(
    async (tx: Tx, rows: readonly R[]): Promise<void> => {
      await runTogether(tx, statements(engineOf(tx), rows))
    },
    { statements },
  )

/** The same for statements that only read and lock: they need not wait for the answer to the transaction's BEGIN, nor be in a transaction at all. */
export const readTogether = (db: Db, statements: readonly Statement[]): Promise<unknown[][]> => send(db, statements, { onlyReads: true })

/** What PostgreSQL says of whatever stands behind the statement that failed. */
const isBehindFailure = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === '25P02'

/**
 * Waits for all parts of a transaction that were sent one behind the other. When several failed, the reason is thrown, not what PostgreSQL says of those behind it:
 * whoever asks which rule was broken, or whether to try again, must be told the truth. Nothing goes on in a transaction that is being rolled back.
 */
export async function allOf<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  const answers = await Promise.allSettled(parts)
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
  if (failures.length > 0) throw failures.find((error) => !isBehindFailure(error)) ?? failures[0]
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

async function send(tx: Db, statements: readonly Statement[], { onlyReads = false, endsTransaction = false }): Promise<unknown[][]> {
  const sender = tx.client as Sender
  const connection = await sender.acquireConnection()
  const engine = engineOf(tx)
  if (engine === 'postgres') sendAtOnce(connection as PostgresConnection)
  const answers = statements.map(async (statement) => {
    const { sql, values, rows, check, refusalFor } = statement
    try {
      const { response } = await (rows
        ? runWithEach(tx, connection as SqliteConnection, sql, rows)
        : sender.query(connection, { sql: inDialect(engine, sql), bindings: values, method: 'raw', onlyReads }))
      const returned = rowsOf(response)
      check?.(returned)
      return returned
    } catch (error) {
      throw refusalFor?.(error) ?? error
    }
  })
  const all = endsTransaction ? [...answers, commit(sender, connection)] : answers
  if (engine === 'postgres') sendNow(connection as PostgresConnection)
  try {
    return await allOf(all)
  } finally {
    await sender.releaseConnection(connection)
  }
}

async function commit(sender: Sender, connection: unknown): Promise<unknown[]> {
  const { response } = await sender.query(connection, { sql: 'COMMIT', bindings: [], method: 'raw', endsTransaction: true })
  // Never seen: whatever turns a COMMIT into a rollback has failed before it, and is told instead.
  if ((response as { command?: unknown }).command !== 'COMMIT') throw new Error('The transaction was rolled back.')
  return []
}

interface SqliteConnection {
  prepare(sql: string): { run(...values: readonly unknown[]): unknown }
}

/** One prepared statement, row after row: there is no way to a server to save, and taking rows out of a JSON text costs SQLite more than storing them. */
async function runWithEach(
  db: Db,
  connection: SqliteConnection,
  sql: string,
  rows: readonly (readonly unknown[])[],
): Promise<{ response: unknown }> {
  // Behind a statement that failed, and after its rollback, a row would be written outside of any transaction.
  if ((db as Db & Partial<Pick<Tx, 'isCompleted'>>).isCompleted?.()) throw new Error('The transaction is over.')
  const sender = db.client as Sender
  sender.emit('query', { sql, bindings: rows, method: 'raw' }) // As Knex tells of every statement that it sends.
  const statement = connection.prepare(sql)
  for (const row of rows) statement.run(...row)
  return Promise.resolve({ response: [] })
}

type PostgresConnection = Parameters<typeof sendAtOnce>[0]

const rowsOf = (response: unknown): unknown[] => (Array.isArray(response) ? response : ((response as { rows?: unknown[] }).rows ?? []))

const numbered = new Map<string, string>()

/** PostgreSQL counts its values; remembered, since the same few texts come again and again. */
function inDialect(engine: Engine, sql: string): string {
  if (engine === 'sqlite') return sql
  const known = numbered.get(sql)
  if (known !== undefined) return known
  let count = 0
  const text = sql.replace(/\?/g, () => `$${String(++count)}`)
  numbered.set(sql, text)
  return text
}

/** The columns of the first row, which every row must have, and no others: what a row lacks or has more would be lost without a word. @throws Error a bug */
function columnsOf(rows: readonly Row[]): readonly string[] {
  const columns = Object.keys(rows[0] ?? {})
  const odd = rows.find((row) => Object.keys(row).length !== columns.length || columns.some((name) => row[name] === undefined))
  if (odd) throw new Error(`bug: the first row has the columns ${columns.join(', ')}, another one ${Object.keys(odd).join(', ')}`)
  return columns
}

/** One statement for any number of rows, all of which have the columns of the first. PostgreSQL gets them as one JSON parameter, which it unpacks. */
export function insertion(engine: Engine, table: string, rows: readonly [Row, ...Row[]]): Statement {
  const columns = columnsOf(rows)
  const names = columns.map((name) => `"${name}"`).join(', ')
  if (engine === 'postgres')
    return {
      sql: `insert into "${table}" (${names}) select ${names} from json_populate_recordset(null::"${table}", ?::json)`,
      values: [rowsAsJson(columns, rows)],
    }
  const places = columns.map(() => '?').join(', ')
  return {
    sql: `insert into "${table}" (${names}) values (${places})`,
    values: [],
    rows: rows.map((row) => columns.map((name) => forSqlite(row[name]))),
  }
}

/** SQLite's driver takes a number for a fraction, and no boolean at all. */
function forSqlite(value: Scalar | undefined): unknown {
  if (typeof value === 'string') return storable(value)
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : (value ?? null)
}

/**
 * The insertions of several tables, in their order; a table without rows costs nothing. PostgreSQL takes them as one statement, since each one it is sent costs it as much
 * as several rows; rows may refer to rows of a table before theirs, but no trigger may expect to see those.
 */
export function insertions(engine: Engine, tables: readonly (readonly [string, readonly Row[]])[]): Statement[] {
  const each = tables.flatMap(([table, rows]) => (isFilled(rows) ? [insertion(engine, table, rows)] : []))
  return engine === 'postgres' ? asOne(each) : each
}

function asOne(statements: readonly Statement[]): Statement[] {
  const last = statements.at(-1)
  if (!last || statements.length === 1) return [...statements]
  const before = statements.slice(0, -1).map(({ sql }, index) => `s${index} as (${sql})`)
  return [{ sql: `with ${before.join(', ')} ${last.sql}`, values: statements.flatMap(({ values }) => values) }]
}

const isFilled = (rows: readonly Row[]): rows is readonly [Row, ...Row[]] => rows.length > 0

/** Inserts rows into one table; see `insertion`. */
export async function insertRows(tx: Tx, table: string, rows: readonly Row[]): Promise<void> {
  await runTogether(tx, insertions(engineOf(tx), [[table, rows]]))
}

/** The same for rows some of which may be there already: those are left alone. */
export async function insertMissingRows(tx: Tx, table: string, rows: readonly Row[]): Promise<void> {
  const unlessThere = (statement: Statement): Statement => ({ ...statement, sql: `${statement.sql} on conflict do nothing` })
  await runTogether(tx, insertions(engineOf(tx), [[table, rows]]).map(unlessThere))
}

/**
 * Rows as the one JSON text in which they travel: integers as decimals, since a JSON number would lose digits. Written out, since
 * asking a function about every value takes longer than the text.
 */
function rowsAsJson(names: readonly string[], rows: readonly Row[]): string {
  const columns = names.map((name, index) => [name, `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`] as const)
  const texts = rows.map((row) => {
    let text = ''
    for (const [name, before] of columns) text += before + cellAsJson(row[name] ?? null)
    return `${text}}`
  })
  return `[${texts.join(',')}]`
}

/** A sign in a field that is quoted, inside a row that is quoted in its turn. */
const QUOTED: Readonly<Record<string, string>> = { '"': '\\\\\\"', '\\': '\\\\\\\\' }
/** What stands in a field as it is: ids, moments, whole numbers, names of ours. */
const BARE = /^[\w:.@+-]+$/

function field(value: Scalar): string {
  if (value === null) return ''
  const text = String(value)
  return BARE.test(text) ? text : `\\"${storable(text).replace(/["\\]/g, (sign) => QUOTED[sign] ?? sign)}\\"`
}

/**
 * Rows as PostgreSQL reads an array of a row type, for a function of ours that stores them: a third of what it costs the server to take them out of JSON, and half of the text.
 * @param columns those of the row type, in its order; a row may have more, which the function is told once for all of them
 * @throws Error a bug: a row lacks one of them
 */
export const rowsAsArray = (columns: readonly string[], rows: readonly Row[]): string =>
  `{${rows.map((row) => `"(${columns.map((name) => field(cellOf(row, name))).join(',')})"`).join(',')}}`

function cellOf(row: Row, name: string): Scalar {
  const cell = row[name]
  if (cell === undefined) throw new Error(`bug: a row lacks ${name}: ${Object.keys(row).join(', ')}`)
  return cell
}

/** Text that JSON puts into quotes as it is: nearly every cell, and looking is cheaper than quoting. */
const PLAIN = /^[ !#-[\]-~]*$/

function cellAsJson(value: Scalar): string {
  if (typeof value === 'string') return PLAIN.test(value) ? `"${value}"` : JSON.stringify(storable(value))
  return typeof value === 'bigint' ? `"${String(value)}"` : JSON.stringify(value)
}
