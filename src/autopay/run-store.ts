import type { Knex } from 'knex'
import { bound, brokenUniqueRule, inTransaction, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { abandoned, isSilent } from '../shared/signs-of-life'
import type { Scope } from './intake'

export type RunState = 'running' | 'done' | 'failed'

/** What a run is at. */
export type RunStep = 'reading' | 'deciding' | 'paying' | 'telling'

/** One run of automatic payment, and how far it has come. */
export interface Run {
  readonly id: string
  /** Names what was to be done once, such as the run of one moment of the schedule. */
  readonly key: string
  readonly startedBy: string
  readonly scope: Scope
  readonly state: RunState
  /** Grows when another process takes an abandoned run over; the old one can write nothing about it any more. */
  readonly token: bigint
  readonly step: RunStep
  /** Invoices read; invoices to be paid; invoices that have been tried. */
  readonly listed: number
  readonly total: number
  readonly done: number
  readonly problem: string | null
  readonly startedAt: Date
  readonly seenAliveAt: Date
  readonly endedAt: Date | null
}

interface RunRow {
  id: string
  key: string
  started_by: string
  organisation_id: string | null
  invoice_id: string | null
  merchant_order: string | null
  state: RunState
  token: bigint
  step: RunStep
  listed: number | bigint
  total: number | bigint
  done: number | bigint
  problem: string | null
  started_at: Date | string
  seen_alive_at: Date | string
  ended_at: Date | string | null
}

const toRun = (row: RunRow): Run => ({
  id: row.id,
  key: row.key,
  startedBy: row.started_by,
  scope: {
    ...(row.organisation_id === null ? {} : { organisationId: row.organisation_id }),
    ...(row.invoice_id === null ? {} : { invoiceId: row.invoice_id }),
    ...(row.merchant_order === null ? {} : { merchantOrder: row.merchant_order }),
  },
  state: row.state,
  token: row.token,
  step: row.step,
  listed: Number(row.listed),
  total: Number(row.total),
  done: Number(row.done),
  problem: row.problem,
  startedAt: moment(row.started_at),
  seenAliveAt: moment(row.seen_alive_at),
  endedAt: optionalMoment(row.ended_at),
})

export interface NewRun extends Pick<Run, 'key' | 'startedBy' | 'scope'> {
  readonly at: Date
}

/** Begins a run, unless its key was used before: then undefined. @throws Refusal autopay_running while another one is under way */
export async function insertRun(db: Db, run: NewRun): Promise<Run | undefined> {
  const id = newSortedId()
  try {
    await inTransaction(db, async (tx) => {
      if (await tx('autopay_runs').where({ key: run.key }).first('id')) return
      await tx('autopay_runs').insert(toNewRow(id, run))
    })
  } catch (error) {
    const rule = brokenUniqueRule(error)
    if (rule === undefined) throw error
    if (!/key/.test(rule)) throw new Refusal('autopay_running')
  }
  return readRun(db, id)
}

const toNewRow = (id: string, { key, startedBy, scope, at }: NewRun) => ({
  id,
  key,
  started_by: startedBy,
  organisation_id: scope.organisationId ?? null,
  invoice_id: scope.invoiceId ?? null,
  merchant_order: scope.merchantOrder ?? null,
  state: 'running',
  token: 1,
  step: 'reading',
  started_at: iso(at),
  seen_alive_at: iso(at),
})

export type Progress = Partial<Pick<Run, 'step' | 'listed' | 'total' | 'done'>>

/** Takes up a run whose process has ended, to carry it out from the beginning. What it has paid stays paid, and whatever is left is decided about anew. */
export const takeOverRun = (db: Db, now: Date): Promise<Run | undefined> =>
  claimAbandoned(db, now, { step: 'reading', listed: 0, total: 0, done: 0 })

/** The same, to end it: how far it had come stays told. */
export const takeToEnd = (db: Db, now: Date): Promise<Run | undefined> => claimAbandoned(db, now, {})

async function claimAbandoned(db: Db, now: Date, progress: Progress): Promise<Run | undefined> {
  const rows = (await abandoned(db, 'autopay_runs', now)
    .update({ ...progress, token: db.raw('token + 1'), seen_alive_at: iso(now) })
    .returning('*')) as RunRow[]
  return rows[0] && toRun(rows[0])
}

/** Whether a run is not over and its process has ended: another one takes it over, or the next run ends it. */
export const isInterrupted = ({ state, seenAliveAt }: Run, now: Date): boolean => state === 'running' && isSilent(seenAliveAt, now)

/** Says that the run is alive, and how far it has come. @returns false when it belongs to another process by now */
export async function noteProgress(db: Db, run: Run, progress: Progress, now: Date): Promise<boolean> {
  const changed = await db('autopay_runs')
    .where({ id: run.id, token: bound(run.token), state: 'running' })
    .update({ ...progress, seen_alive_at: iso(now) })
  return changed === 1
}

const LONG_AGO = new Date(0)

/** A process that must end lets go of its run, so that another one need not wait to take it over. One that was taken over already is left alone. */
export async function handOver(db: Db, run: Run): Promise<void> {
  await db('autopay_runs')
    .where({ id: run.id, token: bound(run.token), state: 'running' })
    .update({ seen_alive_at: iso(LONG_AGO) })
}

export interface End {
  readonly problem: string | null
  /** How many payments it has begun: one that was interrupted may not have said so any more. */
  readonly begun: number
}

/** @returns false when the run belongs to another process by now */
export async function endRun(tx: Tx, run: Run, { problem, begun }: End, now: Date): Promise<boolean> {
  const atLeast = (name: 'total' | 'done'): Knex.Raw => tx.raw('case when ?? < ? then ? else ?? end', [name, begun, begun, name])
  const changed = await tx('autopay_runs')
    .where({ id: run.id, token: bound(run.token), state: 'running' })
    .update({
      state: problem === null ? 'done' : 'failed',
      problem: problem?.slice(0, 500) ?? null,
      ended_at: iso(now),
      seen_alive_at: iso(now),
      total: atLeast('total'),
      done: atLeast('done'),
    })
  return changed === 1
}

/** The organisations whose runs somebody may know of; undefined is all. */
export interface RunFilter {
  readonly organisations: readonly string[] | undefined
}

/** @param filter by default every run is found */
export async function readRun(db: Db, id: string, filter: RunFilter = { organisations: undefined }): Promise<Run | undefined> {
  const row = (await knownRuns(db, filter).where({ id }).first()) as RunRow | undefined
  return row && toRun(row)
}

/** A run for everything is everybody's. One for a single invoice or order is known to those whom it concerned. */
function knownRuns(db: Db, { organisations }: RunFilter): Knex.QueryBuilder {
  const query: Knex.QueryBuilder = db('autopay_runs')
  if (!organisations) return query
  const theirs = db('autopay_run_items')
    .whereRaw('autopay_run_items.run_id = autopay_runs.id')
    .whereIn('organisation_id', [...organisations])
  return query.where(
    (known) =>
      void known
        .where({ organisation_id: null, invoice_id: null, merchant_order: null })
        .orWhereIn('organisation_id', [...organisations])
        .orWhere((narrow) => void narrow.whereNull('organisation_id').whereExists(theirs.select(db.raw('1')))),
  )
}

/** The newest runs that somebody may know of: so many after `before`. */
export async function listRuns(
  db: Db,
  filter: RunFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<Run[]> {
  const query = knownRuns(db, filter).orderBy('id', 'desc').limit(page.limit)
  if (page.before !== undefined) void query.where('id', '<', page.before)
  return ((await query) as RunRow[]).map(toRun)
}

/** The run that is under way now, as far as somebody may know of it; one whose process has ended is not. */
export async function runUnderWay(db: Db, filter: RunFilter, now: Date): Promise<Run | undefined> {
  const row = (await knownRuns(db, filter).where({ state: 'running' }).first()) as RunRow | undefined
  const run = row && toRun(row)
  return run && !isInterrupted(run, now) ? run : undefined
}

export const wasRun = async (db: Db, key: string): Promise<boolean> => (await db('autopay_runs').where({ key }).first('id')) !== undefined
