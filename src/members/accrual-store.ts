import { engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'

/** A job that credits a list of members, as it stands in `accruals`. */
export interface AccrualJob {
  readonly name: string
  /** Of the content, see `AccrualList.digest`. */
  readonly digest: string
  readonly members: bigint
  /** Minor units of points. */
  readonly total: bigint
  readonly batchSize: number
  readonly batches: number
  readonly doneBatches: number
}

interface JobRow {
  name: string
  digest: string
  members: bigint
  total: bigint
  batch_size: bigint | number
  batches: bigint | number
  done_batches: bigint | number
}

/**
 * The ids of the members whose login or id is asked for, in the order of the question; undefined where there is none.
 * They come back as two lists in one row: a million rows through the driver would cost more than finding them.
 */
export async function findMemberIds(db: Db, column: 'login' | 'id', values: readonly (string | null)[]): Promise<(string | undefined)[]> {
  const find = engineOf(db) === 'postgres' ? findOnPostgres : findOnSqlite
  const found = await find(db, column, JSON.stringify(values))
  const ids = new Array<string | undefined>(values.length).fill(undefined)
  found.places?.forEach((place, index) => (ids[place] = found.ids?.[index]))
  return ids
}

/** Where in the question, counted from 0, and the ids of the members found there. */
interface Found {
  readonly places: readonly number[] | null
  readonly ids: readonly string[] | null
}

/**
 * Of a JSON value the planner expects few elements, so it looks each up by the index, which is the faster plan even for all members. They are looked up in their order:
 * neighbours lie on one page, whatever the order of the list.
 */
async function findOnPostgres(db: Db, column: string, values: string): Promise<Found> {
  const sql = `select json_agg(v.n - 1) as places, json_agg(m.id) as ids
    from (select value, n from json_array_elements_text(?::json) with ordinality as e(value, n) order by value collate "C") as v join members m on m.${column} = v.value where m.erased_at is null`
  const { rows } = await db.raw<{ rows: Found[] }>(sql, [values])
  return rows[0] as Found
}

async function findOnSqlite(db: Db, column: string, values: string): Promise<Found> {
  const sql = `select json_group_array(v.key) as places, json_group_array(m.id) as ids from json_each(?) as v join members m on m.${column} = v.value where m.erased_at is null`
  const [row] = await db.raw<{ places: string; ids: string }[]>(sql, [values])
  return { places: JSON.parse(row?.places ?? '[]') as number[], ids: JSON.parse(row?.ids ?? '[]') as string[] }
}

export async function readAccrual(db: Db, name: string): Promise<AccrualJob | undefined> {
  const row = (await db('accruals').where({ name }).first()) as JobRow | undefined
  return (
    row && {
      name: row.name,
      digest: row.digest,
      members: row.members,
      total: row.total,
      batchSize: Number(row.batch_size),
      batches: Number(row.batches),
      doneBatches: Number(row.done_batches),
    }
  )
}

export type NewAccrual = Omit<AccrualJob, 'doneBatches'> & { readonly actor: string; readonly reason: string; readonly startedAt: Date }

/** Writes the job, and with it what `alongside` writes. A name that is taken breaks the unique rule of `accruals`. */
export const insertAccrual = (db: Db, job: NewAccrual, alongside: (tx: Tx) => Promise<void>): Promise<void> =>
  inTransaction(db, async (tx) => {
    const { name, digest, members, total, batches, actor, reason } = job
    const startedAt = iso(job.startedAt)
    await tx('accruals').insert({ name, digest, members, total, batch_size: job.batchSize, batches, actor, reason, started_at: startedAt })
    await alongside(tx)
  })

/** A batch that is credited: its number, counted from 1, and, when it is the job's last, the moment at which the job is over. */
export interface DoneBatch {
  readonly name: string
  readonly batch: number
  readonly finishedAt: Date | null
}

/** Moves each job on by the batch that is credited in the same commit. As a ledger companion it is handed over as it is. */
export async function advanceAccruals(tx: Tx, done: readonly DoneBatch[]): Promise<void> {
  for (const { name, batch, finishedAt } of done) {
    const moved = await tx('accruals')
      .where({ name, done_batches: batch - 1 })
      .update({ done_batches: batch, finished_at: finishedAt && iso(finishedAt) })
    if (moved !== 1) throw new Error(`bug: batch ${batch} of the accrual is not the next one`)
  }
}
