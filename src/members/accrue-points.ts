import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { brokenUniqueRule } from '../shared/database'
import { toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { creditBatches, keyOf, membersIn } from './accrual-batches'
import type { OnProgress } from './accrual-batches'
import { checkAccrual } from './accrual-check'
import type { AccrualRow } from './accrual-file'
import type { AccrualList } from './accrual-list'
import { insertAccrual, readAccrual } from './accrual-store'
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
  readonly onProgress?: OnProgress
  /** Members per batch of a new job; for tests. */
  readonly batchSize?: number
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
