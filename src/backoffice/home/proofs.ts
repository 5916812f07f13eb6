import { iso, moment, brokenUniqueRule, inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { HOUR, MINUTE, plus } from '../../shared/clock'
import { newSortedId } from '../../shared/ids'

/** One time that the books were proved, or are being proved. */
export interface Proof {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly stepsDone: number
  readonly steps: number
  /** One sentence for each broken rule; empty while it runs. */
  readonly findings: readonly string[]
}

interface ProofRow {
  id: string
  state: Proof['state']
  started_at: Date | string
  ended_at: Date | string | null
  steps_done: number | bigint
  steps: number | bigint
  findings: string | null
}

const toProof = (row: ProofRow): Proof => ({
  id: row.id,
  state: row.state,
  startedAt: moment(row.started_at),
  endedAt: row.ended_at === null ? null : moment(row.ended_at),
  stepsDone: Number(row.steps_done),
  steps: Number(row.steps),
  findings: row.findings === null ? [] : (JSON.parse(row.findings) as string[]),
})

/** A proof of which nothing was heard for so long has died with its process. */
const SILENT_MS = 15 * MINUTE

/** The last proof that came to an end with an answer, and the one that runs now. */
export async function readProofs(db: Db, now: Date): Promise<{ last: Proof | null; running: Proof | null }> {
  const [last] = (await db('proofs').where({ state: 'done' }).orderBy('ended_at', 'desc').limit(1)) as ProofRow[]
  const [running] = (await db('proofs')
    .where({ state: 'running' })
    .where('beat_at', '>', iso(plus(now, -SILENT_MS)))) as ProofRow[]
  return { last: last ? toProof(last) : null, running: running ? toProof(running) : null }
}

/** Begins a proof, unless one is running somewhere: the database lets one row run at a time. @returns its id, or null */
export async function beginProof(db: Db, by: { readonly name: string; readonly at: Date; readonly steps: number }): Promise<string | null> {
  const id = newSortedId()
  const at = iso(by.at)
  try {
    await inTransaction(db, async (tx) => {
      await tx('proofs')
        .where({ state: 'running' })
        .where('beat_at', '<=', iso(plus(by.at, -SILENT_MS)))
        .update({ state: 'failed', ended_at: at })
      await tx('proofs').insert({ id, state: 'running', started_at: at, started_by: by.name, beat_at: at, steps_done: 0, steps: by.steps })
    })
    return id
  } catch (error) {
    if (brokenUniqueRule(error) === undefined) throw error
    return null
  }
}

export const beatProof = (db: Db, id: string, at: Date, stepsDone?: number): Promise<unknown> =>
  db('proofs')
    .where({ id, state: 'running' })
    .update({ beat_at: iso(at), ...(stepsDone === undefined ? {} : { steps_done: stepsDone }) })

const MOST_KEPT = 100

/** Ends a proof, and forgets those that are long over. */
export async function endProof(
  db: Db,
  id: string,
  end: { readonly at: Date; readonly state: 'done' | 'failed'; readonly findings: readonly string[] },
): Promise<void> {
  await inTransaction(db, async (tx) => {
    await tx('proofs')
      .where({ id, state: 'running' })
      .update({ state: end.state, ended_at: iso(end.at), findings: JSON.stringify(end.findings) })
    const [oldest]: { id: string }[] = await tx('proofs').orderBy('id', 'desc').offset(MOST_KEPT).limit(1).select('id')
    if (oldest) await tx('proofs').where('id', '<=', oldest.id).whereNot({ state: 'running' }).delete()
  })
}

/** A proof reads every row of the books, so it may take at most one part in a hundred of the time. */
const REST_PER_RUN = 100

/** Whether it is time to prove the books again, by itself: an hour after the last time, or later where it takes long. */
export async function isProofDue(db: Db, now: Date): Promise<boolean> {
  const [newest] = (await db('proofs').orderBy('id', 'desc').limit(1)) as ProofRow[]
  if (!newest) return true
  const { startedAt, endedAt, state } = toProof(newest)
  if (state === 'running' || endedAt === null) return now.getTime() - startedAt.getTime() > SILENT_MS
  const rest = Math.max(HOUR, (endedAt.getTime() - startedAt.getTime()) * REST_PER_RUN)
  // A proof that ended in the future was noted under a clock that was wrong.
  return endedAt.getTime() > now.getTime() || now.getTime() >= endedAt.getTime() + rest
}
