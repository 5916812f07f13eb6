import { MINUTE } from '../shared/clock'
import type { Clock } from '../shared/clock'
import { engineOf, inOneStatement, storable } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { Asked, Exchange, Invoice, ReadOutcome } from './types'

type Answer = Asked<ReadOutcome>

/** What the database knows of an invoice's readings. */
export interface Latest {
  /** The newest answer, as if this process had got it. */
  readonly answer: Answer | null
  /** How long ago its reading began, by the clock that shows more; Infinity when the database's clock was set back since. */
  readonly ageMs: number
  /** The newest answer by its place in the database; 0 when there is none. */
  readonly beganAt: number
  readonly isBeingRead: boolean
}

const KEPT_MS = 5 * MINUTE

/** The clock that dates readings: the server's on PostgreSQL, which all processes share, else this process's. */
const nowIn = (db: Db, clock: Clock): string =>
  engineOf(db) === 'postgres' ? '(extract(epoch from clock_timestamp()) * 1000)::bigint' : String(clock.now().getTime())

/** A number of milliseconds as a bound value: text in the statement would make a new one each time. */
const MS = 'cast(? as bigint)'

interface ReadingRow {
  readonly reader: string | null
  readonly reading_until: bigint
  readonly began_at: bigint
  readonly answer: string | null
  readonly now: bigint | number
}

export async function readLatest(db: Db, invoiceId: string, clock: Clock, leaseMs: number): Promise<Latest> {
  const row: ReadingRow | undefined = await db('invoice_reads')
    .where({ invoice_id: invoiceId })
    .first('*', db.raw(`${nowIn(db, clock)} as now`))
  if (!row) return { answer: null, ageMs: 0, beganAt: 0, isBeingRead: false }
  const [now, until, beganAt] = [Number(row.now), Number(row.reading_until), Number(row.began_at)]
  const answer = row.answer === null ? null : decode(row.answer)
  return {
    answer,
    ageMs:
      answer && now >= beganAt ? Math.max(now - beganAt, Math.abs(clock.now().getTime() - answer.exchange.startedAt.getTime())) : Infinity,
    beganAt,
    isBeingRead: row.reader !== null && until > now && until <= now + leaseMs,
  }
}

/** Becomes the reader of an invoice, unless somebody else is, or has answered since the answer that was `seen`. One statement. */
export function claimReading(
  db: Db,
  invoiceId: string,
  { reader, seen, leaseMs }: { reader: string; seen: number; leaseMs: number },
  clock: Clock,
): Promise<boolean> {
  const now = nowIn(db, clock)
  const isFree = `(invoice_reads.reader is null or invoice_reads.reading_until <= ${now} or invoice_reads.reading_until > ${now} + ${MS})`
  const sql = `insert into invoice_reads (invoice_id, reader, reading_until, began_at, answer) values (?, ?, ${now} + ${MS}, 0, null)
    on conflict (invoice_id) do update set reader = excluded.reader, reading_until = excluded.reading_until where ${isFree} and invoice_reads.began_at = ${MS} returning reader`
  const lease = Math.ceil(leaseMs)
  return inOneStatement(db, async (any) => (await rowsOf(any, sql, [invoiceId, reader, lease, lease, seen])).length > 0)
}

/** Lets everybody have an answer, unless a reading that began later was answered before. */
export async function publishReading(
  db: Db,
  invoiceId: string,
  { answer, reader, ageMs }: { answer: Answer; reader: string | null; ageMs: number },
  clock: Clock,
): Promise<void> {
  const now = nowIn(db, clock)
  const isNewer = `(invoice_reads.began_at <= excluded.began_at or invoice_reads.began_at > ${now})`
  const sql = `insert into invoice_reads (invoice_id, reader, reading_until, began_at, answer) values (?, null, ${now}, ${now} - ${MS}, ?)
    on conflict (invoice_id) do update set ${['began_at', 'answer'].map((name) => `${name} = case when ${isNewer} then excluded.${name} else invoice_reads.${name} end`).join(', ')},
      reader = case when invoice_reads.reader = ? then null else invoice_reads.reader end`
  await inOneStatement(db, (any) => rowsOf(any, sql, [invoiceId, Math.ceil(ageMs), encode(answer), reader ?? '']))
}

/** Nothing came of it: the next one may read. */
export const releaseReading = (db: Db, invoiceId: string, reader: string): Promise<unknown> =>
  inOneStatement(db, (any) => any('invoice_reads').where({ invoice_id: invoiceId, reader }).update({ reader: null }))

/** Nobody takes an answer that old. Returns how many were forgotten. */
export const forgetReadings = (db: Db, clock: Clock): Promise<number> =>
  inOneStatement(db, (any) =>
    any('invoice_reads')
      .whereRaw(`reading_until < ${nowIn(db, clock)} - ${KEPT_MS}`)
      .delete(),
  )

/** Forgets what was read of these invoices, whatever its age: somebody's personal data are erased. */
export async function forgetReadingsOf(tx: Tx, invoiceIds: readonly string[]): Promise<void> {
  await tx('invoice_reads')
    .whereIn('invoice_id', [...invoiceIds])
    .delete()
}

async function rowsOf(db: Db, sql: string, values: readonly (string | number)[]): Promise<unknown[]> {
  const answer = (await db.raw(sql, values)) as unknown[] | { rows: unknown[] }
  return Array.isArray(answer) ? answer : answer.rows
}

/** Who pays is nobody's business but the reader's: it is not stored. */
const encode = (answer: Answer): string =>
  storable(
    JSON.stringify(answer, (key, value: unknown) => {
      if (key === 'customer') return {}
      return typeof value === 'bigint' ? value.toString() : value
    }),
  )

/** An invoice as JSON keeps it. */
interface Written extends Omit<Invoice, 'amount' | 'createdAt' | 'expirationDate'> {
  readonly amount: { readonly minor: string; readonly unit: Invoice['amount']['unit'] }
  readonly createdAt: string
  readonly expirationDate: string
}

function decode(text: string): Answer {
  const { outcome, exchange } = JSON.parse(text) as { outcome: ReadOutcome; exchange: Exchange }
  return {
    outcome: outcome.kind === 'found' ? { kind: 'found', invoice: toInvoice(outcome.invoice as unknown as Written) } : outcome,
    exchange: { ...exchange, startedAt: new Date(exchange.startedAt) },
  }
}

const toInvoice = (written: Written): Invoice => ({
  ...written,
  amount: { ...written.amount, minor: BigInt(written.amount.minor) },
  createdAt: new Date(written.createdAt),
  expirationDate: new Date(written.expirationDate),
})
