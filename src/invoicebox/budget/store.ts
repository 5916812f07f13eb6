import { MINUTE } from '../../shared/clock'
import { engineOf } from '../../shared/database'
import type { Db, Engine, Tx } from '../../shared/database'
import { insertions, runTogether } from '../../shared/statements'
import type { Row, Statement } from '../../shared/statements'
import { marginMs } from './bucket-clock'
import { NONE, REQUEST_CLASSES, soonMs } from './policy'
import type { Limit, PerClass, RequestClass } from './policy'

/** The locked row: what is true of all slots together. Milliseconds; `closedUntil` and `reducedAt` by the clock, `pacedUntil` by the bucket's own time. */
export interface BudgetRow {
  readonly offset: number
  readonly pacedUntil: number
  readonly closedUntil: number
  readonly reduction: number
  readonly reducedAt: number
}

/** What became of slots since the last look. `agoMs` is how long ago, by this process's tick. */
export interface Notes {
  readonly answered: readonly { readonly id: string; readonly agoMs: number }[]
  /** Nothing was sent under these. */
  readonly returned: readonly string[]
}

/** How long a slot counts: from the answer on, and from the taking on when no answer is ever reported. */
export interface Keeping {
  readonly limit: Limit
  readonly unansweredMs: number
  /** How long what a process waits for is believed without being said again. */
  readonly demandGoodForMs: number
}

export interface Use {
  readonly used: PerClass
  readonly soonFree: number
  readonly nextFreeAt: number | null
  readonly wantedElsewhere: PerClass
}

export interface Demand {
  readonly wanted: PerClass
  readonly until: number
}

const CLOCK = 'select (extract(epoch from clock_timestamp()) * 1000)::bigint as now'

/** Locks the bucket, then reads the clock: on PostgreSQL the server's, which all processes share, and only once the lock is given. */
export async function lockBudget(tx: Tx, ownClock: () => number): Promise<{ row: BudgetRow; clock: number }> {
  const statement = (sql: string): Statement => ({ sql, values: [] })
  if (engineOf(tx) === 'sqlite') {
    const [rows] = await runTogether(tx, [statement('select * from request_budget where id = 1')])
    return { row: toRow(rows), clock: ownClock() }
  }
  const [rows, clocks] = await runTogether(tx, [statement('select * from request_budget where id = 1 for update'), statement(CLOCK)])
  return { row: toRow(rows), clock: numberIn(clocks?.[0], 'now') }
}

const numberIn = (row: unknown, name: string): number => Number((row as Record<string, unknown> | undefined)?.[name] ?? 0)

function toRow(rows: unknown[] | undefined): BudgetRow {
  const row = rows?.[0]
  if (!row) throw new Error('bug: the request budget has no row')
  const names = {
    offset: 'clock_offset',
    pacedUntil: 'paced_until',
    closedUntil: 'closed_until',
    reduction: 'reduction',
    reducedAt: 'reduced_at',
  }
  return Object.fromEntries(Object.entries(names).map(([name, column]) => [name, numberIn(row, column)])) as unknown as BudgetRow
}

/** What a slot is kept after its answer. */
export const keptMs = ({ windowMs }: Limit): number => windowMs + marginMs(windowMs)

/**
 * Notes what became of slots, dates those anew that lie further ahead than any slot can (the clock was set back), forgets the free ones and counts the rest; and reads
 * what the callers of other processes wait for.
 * @param now the bucket's own time
 */
export async function settleSlots(tx: Tx, of: Keeping & { readonly instance: string }, notes: Notes, now: number): Promise<Use> {
  const kept = now + keptMs(of.limit)
  const latest = now + of.unansweredMs
  const answers = await runTogether(tx, [
    ...noting(engineOf(tx), notes, kept),
    { sql: 'update request_slots set free_at = ? where answered = 1 and free_at > ?', values: [bigint(kept), bigint(kept)] },
    { sql: 'update request_slots set free_at = ? where free_at > ?', values: [bigint(latest), bigint(latest)] },
    { sql: 'delete from request_slots where free_at <= ?', values: [bigint(now)] },
    counting(now + soonMs(of.limit)),
    demanding(of, now),
  ])
  const [counts = [], demands = []] = answers.slice(-2)
  return { ...toUse(counts), wantedElsewhere: toDemand(demands) }
}

function noting(engine: Engine, { answered, returned }: Notes, kept: number): Statement[] {
  const dated = JSON.stringify(answered.map(({ id, agoMs }) => ({ id, until: Math.ceil(kept - agoMs) })))
  const values =
    engine === 'postgres'
      ? 'json_to_recordset(?::json) as v(id text, until bigint)'
      : `(select value ->> '$.id' as id, cast(value ->> '$.until' as integer) as until from json_each(?)) as v`
  const ids = engine === 'postgres' ? 'select json_array_elements_text(?::json)' : 'select value from json_each(?)'
  return [
    ...(answered.length > 0
      ? [{ sql: `update request_slots set free_at = v.until, answered = 1 from ${values} where request_slots.id = v.id`, values: [dated] }]
      : []),
    ...(returned.length > 0 ? [{ sql: `delete from request_slots where id in (${ids})`, values: [JSON.stringify(returned)] }] : []),
  ]
}

const counting = (soon: number): Statement => ({
  sql: `select class, count(*) as used, min(free_at) as next, sum(case when free_at <= ? then 1 else 0 end) as soon from request_slots group by class`,
  values: [bigint(soon)],
})

/** Both drivers bind a bigint to a bigint column; a number would arrive as a float. */
const bigint = (value: number): bigint => BigInt(Math.ceil(value))

function toUse(counts: readonly unknown[]): Omit<Use, 'wantedElsewhere'> {
  const used = Object.fromEntries(counts.map((row) => [(row as { class: string }).class, numberIn(row, 'used')]))
  const next = counts.map((row) => numberIn(row, 'next'))
  return {
    used: { ...NONE, ...used },
    soonFree: counts.reduce<number>((total, row) => total + numberIn(row, 'soon'), 0),
    nextFreeAt: next.length > 0 ? Math.min(...next) : null,
  }
}

/** What the callers of other processes wait for. Whoever said it and died, or said it under a clock that was wrong, counts no more. */
const demanding = ({ instance, demandGoodForMs }: Keeping & { readonly instance: string }, now: number): Statement => ({
  sql: 'select payment, page, recovery, background from request_waits where instance <> ? and until > ? and until <= ?',
  values: [instance, bigint(now), bigint(now + demandGoodForMs)],
})

function toDemand(rows: readonly unknown[]): PerClass {
  const total = (name: RequestClass): number => rows.reduce<number>((sum, row) => sum + numberIn(row, name), 0)
  return Object.fromEntries(REQUEST_CLASSES.map((name) => [name, total(name)])) as unknown as PerClass
}

/** What one look changes. */
export interface Changes {
  readonly slots: readonly { readonly id: string; readonly as: RequestClass; readonly takenAt: number; readonly freeAt: number }[]
  /** null when the row stays as it is. */
  readonly row: BudgetRow | null
  /** What this process waits for from now on; 'none' takes back what it said; null says nothing. */
  readonly demand: Demand | 'none' | null
}

/** Writes all of it in one round trip. */
export async function writeChanges(
  tx: Tx,
  { slots, row, demand }: Changes,
  of: { readonly instance: string; readonly now: number },
): Promise<void> {
  const statements = [
    ...insertions(engineOf(tx), [['request_slots', slots.map(toSlotRow)]]),
    ...(row ? [budgetUpdate(row)] : []),
    ...(demand === 'none' ? [demandDeletion(of)] : demand ? [demandInsertion(of.instance, demand)] : []),
  ]
  if (statements.length > 0) await runTogether(tx, statements)
}

const toSlotRow = ({ id, as, takenAt, freeAt }: Changes['slots'][number]): Row => ({
  id,
  class: as,
  taken_at: bigint(takenAt),
  free_at: bigint(freeAt),
  answered: 0,
})

const budgetUpdate = (row: BudgetRow): Statement => ({
  sql: 'update request_budget set clock_offset = ?, paced_until = ?, closed_until = ?, reduction = ?, reduced_at = ? where id = 1',
  values: [bigint(row.offset), bigint(row.pacedUntil), bigint(row.closedUntil), row.reduction, bigint(row.reducedAt)],
})

const demandInsertion = (instance: string, { wanted, until }: Demand): Statement => ({
  sql: `insert into request_waits (instance, payment, page, recovery, background, until) values (?, ?, ?, ?, ?, ?) on conflict (instance)
    do update set payment = excluded.payment, page = excluded.page, recovery = excluded.recovery, background = excluded.background, until = excluded.until`,
  values: [instance, ...REQUEST_CLASSES.map((name) => wanted[name]), bigint(until)],
})

const FORGOTTEN_MS = MINUTE
/** Of this process, and of those that are gone. */
const demandDeletion = ({ instance, now }: { readonly instance: string; readonly now: number }): Statement => ({
  sql: 'delete from request_waits where instance = ? or until < ?',
  values: [instance, bigint(now - FORGOTTEN_MS)],
})

/** The slots in use and the bucket's row as they stand, without a lock: for people and metrics. */
export async function readBudget(db: Db): Promise<{ row: BudgetRow; used: PerClass }> {
  const row = toRow((await db('request_budget').where({ id: 1 })) as unknown[])
  const counts = (await db('request_slots').groupBy('class').select('class', db.raw('count(*) as used'))) as unknown[]
  return { row, used: toUse(counts).used }
}
