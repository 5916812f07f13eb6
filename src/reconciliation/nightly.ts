import { HOUR, MINUTE } from '../shared/clock'
import { dayOf, dayStart } from '../shared/days'
import { Refusal } from '../shared/refusals'
import { beginRun, carryOut, RECONCILER } from './reconcile'
import type { ReconciliationDeps } from './reconcile'
import { takeOverRun, wasRun } from './run-store'

/** Half past three: the day before is over for every buyer, and the morning's payments have not begun. */
const AFTER_MIDNIGHT_MS = 3 * HOUR + 30 * MINUTE

/**
 * The comparison of each night, once whatever the number of processes, and whatever was left behind by a process that ended. Where the clocks change that night it may be an
 * hour early or late.
 * @param zone the operator's time zone
 * @returns how many runs it has carried out
 */
export async function reconcileNightly(deps: ReconciliationDeps, zone: string): Promise<number> {
  const now = deps.clock.now()
  const run = (await takeOverRun(deps.db, now)) ?? (await beginTonight(deps, now, zone))
  if (!run) return 0
  await carryOut(deps, run)
  return 1
}

async function beginTonight(deps: ReconciliationDeps, now: Date, zone: string): ReturnType<typeof beginRun> {
  const day = dayOf(now, zone)
  const key = `nightly:${day}`
  if (now.getTime() < dayStart(day, zone).getTime() + AFTER_MIDNIGHT_MS || (await wasRun(deps.db, key))) return undefined
  return beginRun(deps, { author: RECONCILER, key, resolves: true }).catch((error: unknown) => {
    // Somebody has started one by hand: tonight's follows it.
    if (error instanceof Refusal && error.code === 'reconciliation_running') return undefined
    throw error
  })
}
