import { setTimeout as pause } from 'node:timers/promises'
import { brokenUniqueRule, engineOf, isTransient } from '../shared/database'
import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { BulkCredit, OpenCredit } from '../ledger'
import type { AccrualList } from './accrual-list'
import { advanceAccruals, readAccrual } from './accrual-store'
import type { AccrualJob } from './accrual-store'
import type { MembersDeps } from './member'

export interface AccrualProgress {
  readonly phase: 'checking' | 'crediting'
  /** Lines checked, or members credited, those of earlier runs included. */
  readonly done: number
  /** Members of the job; while checking nobody knows how many lines follow. */
  readonly total: number | null
}

export type OnProgress = (progress: AccrualProgress) => unknown

export const keyOf = (name: string, batch: number): string => `accrual:${name}:${batch}`

/** Members of the first batches of a job. */
export const membersIn = (job: AccrualJob, batches: number): number => Math.min(batches * job.batchSize, Number(job.members))

/** Credits what is left of a job, however often the database loses a deadlock or a connection on the way, and beside another run of the same job. */
export async function creditBatches(
  deps: MembersDeps,
  job: AccrualJob,
  list: AccrualList,
  onProgress: OnProgress | undefined,
): Promise<void> {
  const credit: Crediting = { deps, job, list, onProgress, giveWay: createGiveWay(deps), done: job.doneBatches }
  for (let tries = 1; credit.done < job.batches; tries++) {
    const before = credit.done
    try {
      await creditOn(credit)
    } catch (error) {
      if (tries >= MOST_TRIES || (!isTransient(error) && brokenUniqueRule(error) === undefined)) throw error
      await pause(tries * 20)
    }
    // Another run of the same job may have credited batches, and a commit may have happened whose answer was lost.
    credit.done = (await readAccrual(deps.db, job.name))?.doneBatches ?? 0
    if (credit.done > before) tries = 0
    else if (tries >= MOST_TRIES) throw new Error('bug: a batch is credited and not counted')
  }
}

/** Attempts in a row that do not bring the job forward. */
const MOST_TRIES = 5

interface Crediting {
  readonly deps: MembersDeps
  readonly job: AccrualJob
  readonly list: AccrualList
  readonly onProgress: OnProgress | undefined
  readonly giveWay: () => Promise<void>
  /** Batches that are credited. */
  done: number
}

/** Credits batch after batch. While one is closed the next is under way; whatever goes wrong, that one is undone. Ends early when another run credits the same batches. */
async function creditOn(credit: Crediting): Promise<void> {
  let current: Promise<OpenCredit> | undefined = openBatch(credit, credit.done + 1)
  let next: Promise<OpenCredit> | undefined
  try {
    while (current) {
      const open: OpenCredit = await current
      next = openBatch(credit, credit.done + 2)
      current = undefined
      if ((await open.close()).replayed) return
      credit.done += 1
      await report(credit)
      current = next
    }
  } finally {
    for (const opening of [current, next])
      await opening?.then(
        (open) => open.cancel(),
        () => undefined,
      )
  }
}

function openBatch({ deps, job, list }: Crediting, batch: number): Promise<OpenCredit> | undefined {
  if (batch > job.batches) return undefined
  const open = deps.ledger.openCredit(toCredit(job, batch, list, deps.clock.now()))
  // It is awaited when its turn comes; until then a failure must not count as unnoticed.
  open.catch(() => undefined)
  return open
}

async function report({ job, list, onProgress, giveWay, ...credit }: Crediting): Promise<void> {
  await onProgress?.({ phase: 'crediting', done: membersIn(job, credit.done), total: list.size })
  await giveWay()
}

/**
 * On SQLite one batch after the other would keep every other process from writing: whoever waits for the file asks for it every 70 milliseconds and would always come too late.
 * So after half a second of writing the file is left alone for longer than that. PostgreSQL has no need of it: whoever waits for a row is next.
 */
function createGiveWay({ db }: Pick<MembersDeps, 'db'>): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (engineOf(db) !== 'sqlite' || performance.now() < since + WRITES_FOR_MS) return
    await pause(GIVES_WAY_MS)
    since = performance.now()
  }
}

const WRITES_FOR_MS = 500
const GIVES_WAY_MS = 100

/** The credit of one batch: the same for the same job, whoever builds it. */
function toCredit(job: AccrualJob, batch: number, list: AccrualList, at: Date): BulkCredit {
  const credits = list.slice((batch - 1) * job.batchSize, batch * job.batchSize)
  return {
    key: keyOf(job.name, batch),
    reference: `accrual:${job.name}`,
    kind: 'accrual',
    unit: 'PTS',
    from: ACCOUNTS.program,
    to: credits.map(({ memberId, amount }) => ({ account: memberAccount(memberId), amount })),
    companions: [companion(advanceAccruals, { name: job.name, batch, finishedAt: batch === job.batches ? at : null })],
  }
}
