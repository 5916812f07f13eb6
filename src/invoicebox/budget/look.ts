import type { Tx } from '../../shared/database'
import { LONGEST_WAIT_MS } from '../retry-after'
import type { BucketClock } from './bucket-clock'
import { allowedNow, decide, furtherReduction, REQUEST_CLASSES } from './policy'
import type { Bucket, Decision, Limit, PerClass, Waiter } from './policy'
import { lockBudget, settleSlots, writeChanges } from './store'
import type { BudgetRow, Keeping, Notes } from './store'

/** Everything one look at the shared bucket needs to know of this process. */
export interface LookDeps {
  readonly keeping: Keeping
  readonly instance: string
  readonly bucketClock: BucketClock
  readonly ownClock: () => number
  readonly newId: () => string
}

export interface Question {
  readonly waiters: readonly Waiter[]
  readonly notes: Notes
  /** The longest wait that Invoicebox has asked for in a 429 since the last look. */
  readonly limitedForMs: number | null
  /** Whether this process has said before that it waits. */
  readonly hasDemand: boolean
}

export interface Look {
  /** Ids of the slots of each waiter. */
  readonly grants: readonly (readonly string[])[]
  readonly wakeInMs: number
  readonly closedForMs: number
  readonly hasDemand: boolean
}

/** One look: notes what became of slots, hands out those that are free, and says what is still waited for. Commits all of it together. */
export async function look(tx: Tx, deps: LookDeps, question: Question): Promise<Look> {
  const { limit } = deps.keeping
  const tickBefore = performance.now()
  const { row: stored, clock } = await lockBudget(tx, deps.ownClock)
  const offset = deps.bucketClock.offsetAfter(stored.offset, { clock, tickBefore, tickAfter: performance.now() })
  const now = clock - offset
  const row = closed(datedAnew({ ...stored, offset }, limit, clock, now), limit, clock, question.limitedForMs)
  const use = await settleSlots(tx, { ...deps.keeping, instance: deps.instance }, question.notes, now)
  const bucket: Bucket = {
    limit,
    now,
    ...use,
    closedForMs: Math.max(0, row.closedUntil - clock),
    allowed: allowedNow(limit, row.reduction, clock - row.reducedAt),
    pacedUntil: row.pacedUntil,
  }
  const decision = decide(bucket, question.waiters)
  return record(tx, deps, question, { stored, row, bucket, decision })
}

/** Moments further ahead than they can be were written before the clock was set back. */
function datedAnew(row: BudgetRow, limit: Limit, clock: number, now: number): BudgetRow {
  return {
    ...row,
    pacedUntil: Math.min(row.pacedUntil, now + limit.windowMs),
    closedUntil: Math.min(row.closedUntil, clock + LONGEST_WAIT_MS),
    reducedAt: Math.min(row.reducedAt, clock),
  }
}

/** After a 429. Those that arrive while the bucket is closed speak of the same crowd: they take nothing more away. */
function closed(row: BudgetRow, limit: Limit, clock: number, limitedForMs: number | null): BudgetRow {
  if (limitedForMs === null) return row
  const closedUntil = Math.max(row.closedUntil, clock + Math.min(limitedForMs, LONGEST_WAIT_MS))
  if (row.closedUntil > clock) return { ...row, closedUntil }
  const allowed = allowedNow(limit, row.reduction, clock - row.reducedAt)
  return { ...row, closedUntil, reduction: furtherReduction(limit, allowed), reducedAt: clock }
}

interface Findings {
  readonly stored: BudgetRow
  readonly row: BudgetRow
  readonly bucket: Bucket
  readonly decision: Decision
}

async function record(tx: Tx, deps: LookDeps, question: Question, { stored, row, bucket, decision }: Findings): Promise<Look> {
  const { now } = bucket
  const grants = decision.grants.map((count) => Array.from({ length: count }, deps.newId))
  const freeAt = now + deps.keeping.unansweredMs
  const slots = question.waiters.flatMap(({ as }, index) => (grants[index] ?? []).map((id) => ({ id, as, takenAt: now, freeAt })))
  const next: BudgetRow = { ...row, pacedUntil: Math.ceil(decision.pacedUntil) }
  const isChanged = Object.entries(next).some(([name, value]) => stored[name as keyof BudgetRow] !== value)
  const wanted = wantedBy(question.waiters.filter((_, index) => decision.grants[index] === 0))
  const hasDemand = REQUEST_CLASSES.some((name) => wanted[name] > 0)
  const demand = hasDemand ? { wanted, until: now + deps.keeping.demandGoodForMs } : question.hasDemand ? 'none' : null
  await writeChanges(tx, { slots, row: isChanged ? next : null, demand }, { instance: deps.instance, now })
  return { grants, wakeInMs: decision.wakeInMs, closedForMs: bucket.closedForMs, hasDemand }
}

function wantedBy(waiters: readonly Waiter[]): PerClass {
  const of = (name: string): number => waiters.reduce((total, { as, atLeast }) => total + (as === name ? atLeast : 0), 0)
  return Object.fromEntries(REQUEST_CLASSES.map((name) => [name, of(name)])) as unknown as PerClass
}
