import { openAlerts } from './alerts'
import type { Clock } from './clock'
import { SECOND } from './clock'
import { engineOf, inTransaction } from './database'
import type { Db } from './database'
import type { Log } from './log'
import { remember } from './remember'
import { tell } from './told'

/**
 * How far a host's clock may be from the database's. Two hosts are then at most ten seconds apart, and a lease of fifteen seconds that is renewed every five
 * never looks run out to one of them while the other holds it (docs/adr/0014).
 */
const MOST_APART_MS = 5 * SECOND
/** The clock is compared this often, and at once when it jumps by as much. */
const LOOK_EVERY_MS = MOST_APART_MS

export interface ClockWatch {
  /** How the host's clock differs from the database's by more than a few seconds, as a phrase for a person; undefined when it does not. */
  fault(): Promise<string | undefined>
}

interface Deps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** Names the process: its first part is the host. */
  readonly instance: string
}

/** Compares the clock with the one that all processes share: the database's. SQLite has none of its own, so nothing is compared there. */
export function createClockWatch(deps: Deps): ClockWatch {
  const fault = remember(deps.clock, LOOK_EVERY_MS, async () => {
    const { aheadMs, theirs } = await compareClocks(deps.db, deps.clock)
    if (Math.abs(aheadMs) <= MOST_APART_MS) return undefined
    const phrase = inWords(aheadMs)
    deps.log.error({ aheadMs }, "the clock of this host differs from the database's: no work is taken up")
    await tellStaff(deps, aheadMs, theirs)
    return phrase
  })
  return { fault }
}

/** For clocks that are moved on purpose: they are never wrong. */
export const UNWATCHED: ClockWatch = { fault: () => Promise.resolve(undefined) }

/** How many milliseconds the clock is ahead of the database's, negative when it is behind. What the way there and back may explain does not count. */
async function compareClocks(db: Db, clock: Clock): Promise<{ aheadMs: number; theirs: Date }> {
  const before = clock.now()
  if (engineOf(db) === 'sqlite') return { aheadMs: 0, theirs: before }
  const { rows } = await db.raw<{ rows: [{ now: bigint }] }>('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now')
  const after = clock.now()
  const theirs = new Date(Number(rows[0].now))
  if (theirs < before) return { aheadMs: before.getTime() - theirs.getTime(), theirs }
  return { aheadMs: Math.min(0, after.getTime() - theirs.getTime()), theirs }
}

const inWords = (aheadMs: number): string =>
  `${Math.round(Math.abs(aheadMs) / SECOND)} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} the database's clock`

/** A worker has no page that says so, and its silence would be noticed late. */
function tellStaff({ db, instance }: Deps, aheadMs: number, at: Date): Promise<void> {
  const [host = instance] = instance.split(':')
  const seconds = String(Math.round(Math.abs(aheadMs) / SECOND))
  const detail = tell(aheadMs > 0 ? 'told.clock_ahead' : 'told.clock_behind', { host, seconds })
  return inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'clock_off', subject: `host:${host}`, detail, at }]))
}
