import { bound, brokenUniqueRule, inTransaction, iso, moment, optionalMoment } from '../shared/database'
import type { Db } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { abandoned } from '../shared/signs-of-life'
import { tell } from '../shared/told'

export type RunState = 'running' | 'done' | 'failed'

/** One comparison with Invoicebox's list, and how far it has come. */
export interface Run {
  readonly id: string
  /** Names what was to be done once, such as the run of one night. */
  readonly key: string
  readonly startedBy: string
  /** Whether it gives points back by itself where no person is needed. */
  readonly resolves: boolean
  readonly since: Date | null
  readonly state: RunState
  /** Grows when another process takes an abandoned run over; the old one can write nothing any more. */
  readonly token: bigint
  readonly pages: number
  readonly checked: number
  readonly differences: number
  readonly problem: string | null
  readonly startedAt: Date
  readonly endedAt: Date | null
}

interface Row {
  id: string
  key: string
  started_by: string
  resolves: number | bigint
  since: Date | string | null
  state: RunState
  token: bigint
  pages: number | bigint
  checked: number | bigint
  differences: number | bigint
  problem: string | null
  started_at: Date | string
  ended_at: Date | string | null
}

const toRun = (row: Row): Run => ({
  id: row.id,
  key: row.key,
  startedBy: row.started_by,
  resolves: Number(row.resolves) === 1,
  since: optionalMoment(row.since),
  state: row.state,
  token: row.token,
  pages: Number(row.pages),
  checked: Number(row.checked),
  differences: Number(row.differences),
  problem: row.problem,
  startedAt: moment(row.started_at),
  endedAt: optionalMoment(row.ended_at),
})

export interface NewRun extends Pick<Run, 'key' | 'startedBy' | 'resolves'> {
  readonly since?: Date | undefined
  readonly at: Date
}

/** Begins a run, unless its key was used before: then undefined. @throws Refusal reconciliation_running while another one is under way */
export async function insertRun(db: Db, run: NewRun): Promise<Run | undefined> {
  const id = newSortedId()
  const at = iso(run.at)
  try {
    await inTransaction(db, async (tx) => {
      if (await tx('reconciliation_runs').where({ key: run.key }).first('id')) return
      await abandoned(tx, 'reconciliation_runs', run.at).update({
        state: 'failed',
        problem: tell('told.process_ended'),
        ended_at: at,
        token: tx.raw('token + 1'),
      })
      await tx('reconciliation_runs').insert({
        id,
        key: run.key,
        started_by: run.startedBy,
        resolves: run.resolves ? 1 : 0,
        since: run.since ? iso(run.since) : null,
        state: 'running',
        token: 1,
        started_at: at,
        seen_alive_at: at,
      })
    })
  } catch (error) {
    const rule = brokenUniqueRule(error)
    if (rule === undefined) throw error
    if (!/key/.test(rule)) throw new Refusal('reconciliation_running')
  }
  const row = (await db('reconciliation_runs').where({ id }).first()) as Row | undefined
  return row && toRun(row)
}

/** Takes up a run whose process has ended, from its beginning: to compare twice does no harm. */
export async function takeOverRun(db: Db, now: Date): Promise<Run | undefined> {
  const rows = (await abandoned(db, 'reconciliation_runs', now)
    .update({ token: db.raw('token + 1'), seen_alive_at: iso(now), pages: 0, checked: 0, differences: 0 })
    .returning('*')) as Row[]
  return rows[0] && toRun(rows[0])
}

export interface Progress {
  readonly pages: number
  readonly checked: number
  readonly differences: number
}

/** Says that the run is alive, and how far it has come. @returns false when it belongs to another process by now */
export async function noteProgress(db: Db, run: Run, progress: Partial<Progress>, now: Date): Promise<boolean> {
  const changed = await db('reconciliation_runs')
    .where({ id: run.id, token: bound(run.token), state: 'running' })
    .update({ ...progress, seen_alive_at: iso(now) })
  return changed === 1
}

/** @returns false when the run belongs to another process by now */
export async function endRun(db: Db, run: Run, problem: string | null, now: Date): Promise<boolean> {
  const changed = await db('reconciliation_runs')
    .where({ id: run.id, token: bound(run.token), state: 'running' })
    .update({
      state: problem === null ? 'done' : 'failed',
      problem: problem?.slice(0, 500) ?? null,
      ended_at: iso(now),
      seen_alive_at: iso(now),
    })
  return changed === 1
}

/** The newest runs. */
export async function listRuns(db: Db, limit: number): Promise<Run[]> {
  return ((await db('reconciliation_runs').orderBy('id', 'desc').limit(limit)) as Row[]).map(toRun)
}

export const wasRun = async (db: Db, key: string): Promise<boolean> =>
  (await db('reconciliation_runs').where({ key }).first('id')) !== undefined
