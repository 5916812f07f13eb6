import { setTimeout as pause } from 'node:timers/promises'
import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { brokenUniqueRule, engineOf } from '../shared/database'
import { toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { Instruction } from '../ledger'
import { checkAccrual } from './accrual-check'
import type { AccrualRow } from './accrual-file'
import type { AccrualList } from './accrual-list'
import { advanceAccruals, insertAccrual, readAccrual } from './accrual-store'
import type { AccrualJob } from './accrual-store'
import type { MembersDeps } from './member'

export interface AccrualRequest {
  /** Names the job: up to 80 letters, digits and `. _ -`. The same name with the same list credits once, however often it is run. */
  readonly name: string
  readonly rows: AsyncIterable<AccrualRow>
  /** Why, for the audit log. */
  readonly reason: string
  readonly actor: Author
  /** Called after each page that was checked and each batch that was credited. What it throws ends the run; the next one goes on. */
  readonly onProgress?: (progress: AccrualProgress) => unknown
  /** Members per batch of a new job; for tests. */
  readonly batchSize?: number
}

export interface AccrualProgress {
  readonly phase: 'checking' | 'crediting'
  /** Lines checked, or members credited, those of earlier runs included. */
  readonly done: number
  /** Members of the job; while checking nobody knows how many lines follow. */
  readonly total: number | null
}

export interface Accrued {
  readonly name: string
  /** Members of the job. */
  readonly members: number
  /** Points of the job in minor units. */
  readonly total: bigint
  readonly batches: number
  /** Members credited by this run: fewer than `members` when an earlier run had begun, none when it had ended. */
  readonly credited: number
  /** True when an earlier run had begun the job. */
  readonly resumed: boolean
}

/**
 * Members per commit. Measured: of ten thousand the commit's own cost is no longer felt, while their accounts stay locked for a fraction of a second.
 */
const BATCH_SIZE = 10_000

/**
 * Credits a list of members out of the programme as one job: one transfer per batch with a leg for each member and one for the programme, so that a million members cost a million
 * entries and not two. The whole list is checked before anything is credited.
 *
 * Batches follow the order of the members' ids, so the order of the list does not matter. A batch and the count of batches commit together: a job that is interrupted at any moment goes
 * on where it was when it is run again with the same list, and two runs at once credit nobody twice. Locked members are credited too: a lock keeps from paying, and what was
 * earned is theirs.
 * @throws BadAccrualFile (nothing was credited); Refusal key_reused when the name belongs to another list, bad_input (detail: name, reason)
 */
export async function accruePoints(deps: MembersDeps, request: AccrualRequest): Promise<Accrued> {
  const { onProgress } = request
  const name = requireName(request.name)
  requireReason(request.reason)
  const list = await checkAccrual(deps.db, request.rows, (done) => onProgress?.({ phase: 'checking', done, total: null }))
  const { job, resumed } = await openJob(deps, request, list)
  const doneBefore = membersIn(job, job.doneBatches)
  if (resumed) await onProgress?.({ phase: 'crediting', done: doneBefore, total: list.size })
  await creditBatches(deps, job, list, onProgress)
  deps.log.info({ name, members: list.size, points: toDecimal(list.total), resumed }, 'points were accrued')
  return { name, members: list.size, total: list.total, batches: job.batches, credited: list.size - doneBefore, resumed }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/

function requireName(name: string): string {
  if (!NAME.test(name)) throw new Refusal('bad_input', 'name')
  return name
}

const membersIn = (job: AccrualJob, batches: number): number => Math.min(batches * job.batchSize, Number(job.members))

/** The job as it stands, made when it is new. @throws Refusal key_reused */
async function openJob(deps: MembersDeps, request: AccrualRequest, list: AccrualList): Promise<{ job: AccrualJob; resumed: boolean }> {
  const digest = list.digest()
  const found = await readAccrual(deps.db, request.name)
  const made = found ? undefined : await makeJob(deps, request, list, digest)
  const job = found ?? made ?? (await readAccrual(deps.db, request.name))
  if (job?.digest !== digest) throw new Refusal('key_reused', request.name)
  return { job, resumed: made === undefined }
}

/** Writes the job and its audit row before the first point moves. Returns undefined when another run was faster. */
async function makeJob(deps: MembersDeps, request: AccrualRequest, list: AccrualList, digest: string): Promise<AccrualJob | undefined> {
  const { name, actor, batchSize = BATCH_SIZE } = request
  const batches = Math.ceil(list.size / batchSize)
  const job: AccrualJob = { name, digest, members: BigInt(list.size), total: list.total, batchSize, batches, doneBatches: 0 }
  const at = deps.clock.now()
  const reason = requireReason(request.reason)
  const after = { members: String(list.size), points: toDecimal(list.total) }
  const audit = { author: actor, at, action: 'points_accrued', subject: `accrual:${name}`, reason, after, instructionKey: keyOf(name, 1) }
  try {
    await insertAccrual(deps.db, { ...job, actor: authorName(actor), reason, startedAt: at }, (tx) => writeAudit(tx, [audit]))
    return job
  } catch (error) {
    if (brokenUniqueRule(error) === undefined) throw error
    return undefined
  }
}

const keyOf = (name: string, batch: number): string => `accrual:${name}:${batch}`

async function creditBatches(
  deps: MembersDeps,
  job: AccrualJob,
  list: AccrualList,
  onProgress: AccrualRequest['onProgress'],
): Promise<void> {
  const giveWay = createGiveWay(deps)
  let done = job.doneBatches
  while (done < job.batches) {
    const { replayed } = await deps.ledger.submit(toInstruction(job, done + 1, list, deps.clock.now()))
    // Another run of the same job credited this batch, and perhaps more.
    const now = replayed ? ((await readAccrual(deps.db, job.name))?.doneBatches ?? 0) : done + 1
    if (now <= done) throw new Error('bug: a batch is credited and not counted')
    done = now
    await onProgress?.({ phase: 'crediting', done: membersIn(job, done), total: list.size })
    await giveWay()
  }
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

/** The instruction of one batch: the same for the same job, whoever builds it. */
function toInstruction(job: AccrualJob, batch: number, list: AccrualList, at: Date): Instruction {
  const credits = list.slice((batch - 1) * job.batchSize, batch * job.batchSize)
  const legs = credits.map(({ memberId, amount }) => ({ account: memberAccount(memberId), amount }))
  const total = credits.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    key: keyOf(job.name, batch),
    reference: `accrual:${job.name}`,
    lines: [{ do: 'transfer', kind: 'accrual', unit: 'PTS', legs: [...legs, { account: ACCOUNTS.program, amount: -total }] }],
    companions: [companion(advanceAccruals, { name: job.name, batch, finishedAt: batch === job.batches ? at : null })],
  }
}
