import { Cron } from 'croner'
import type { PaymentDeps } from '../payments'
import type { Author } from '../shared/actor'
import { MINUTE, plus } from '../shared/clock'
import { Refusal } from '../shared/refusals'
import { readOrganisations } from './organisation-store'
import { beginRun, carryOutRun } from './run'
import type { Carrying } from './run'
import { takeOverRun, wasRun } from './run-store'

/** The gateway itself, when it pays what is due. */
export const AUTOPAY: Author = { kind: 'system', name: 'autopay' }

export interface Schedule {
  /** A cron expression of five fields. */
  readonly expression: string
  /** The operator's time zone, in which it is read. */
  readonly zone: string
}

/** A moment that was missed by more than this, by a gateway that stood still, is not made up for: the next one comes soon enough. */
const MISSED_AFTER_MS = 10 * MINUTE

/** The newest moment of the schedule that has come and is not long gone. */
export function dueMoment({ expression, zone }: Schedule, now: Date): Date | undefined {
  const cron = new Cron(expression, { timezone: zone, paused: true })
  let due: Date | undefined
  let next = cron.nextRun(plus(now, -MISSED_AFTER_MS))
  while (next !== null && next <= now) {
    due = next
    next = cron.nextRun(next)
  }
  return due
}

/** When the schedule comes to pass next. */
export const nextMoment = ({ expression, zone }: Schedule, now: Date): Date | null =>
  new Cron(expression, { timezone: zone, paused: true }).nextRun(now)

/**
 * One run of the job: takes up a run whose process has ended, or begins the one whose time has come, once whatever the number of processes. Without organisations nothing is
 * asked of anybody.
 * @param schedule null begins nothing by itself
 * @returns how many runs it has carried out
 */
export async function runOnSchedule(deps: PaymentDeps, schedule: Schedule | null, carrying: Carrying = {}): Promise<number> {
  const now = deps.clock.now()
  const run = (await takeOverRun(deps.db, now)) ?? (schedule && (await beginDue(deps, schedule, now)))
  if (!run) return 0
  await carryOutRun(deps, run, carrying)
  return 1
}

async function beginDue(deps: PaymentDeps, schedule: Schedule, now: Date): ReturnType<typeof beginRun> {
  const due = dueMoment(schedule, now)
  if (!due) return undefined
  const key = `schedule:${due.toISOString()}`
  if ((await wasRun(deps.db, key)) || (await readOrganisations(deps.db)).length === 0) return undefined
  return beginRun(deps, { author: AUTOPAY, key, scope: {} }).catch((error: unknown) => {
    // Somebody has started one by hand, which does the same.
    if (error instanceof Refusal && error.code === 'autopay_running') return undefined
    throw error
  })
}
