import { MINUTE, plus, SECOND } from './clock'
import { iso } from './database'
import type { Db } from './database'

/** Work that is kept in a table says this often that its process is alive, also while it waits for others. */
const BEAT_MS = 4 * SECOND
/** What has said nothing for so long has lost its process. */
const ABANDONED_AFTER_MS = 15 * SECOND
/** A sign of life from further ahead was written by a wrong clock. */
const TOO_FAR_AHEAD_MS = MINUTE

/** Calls `say` again and again until the work is over. That it could not be said must not stop the work. */
export async function sayingSo<T>(say: () => Promise<unknown>, work: () => Promise<T>, everyMs = BEAT_MS): Promise<T> {
  const beat = setInterval(() => void say().catch(() => undefined), everyMs).unref()
  try {
    return await work()
  } finally {
    clearInterval(beat)
  }
}

/** Whether whoever said so last has lost its process since: it is too long ago, or was written by a wrong clock. */
export const isSilent = (seenAliveAt: Date, now: Date): boolean =>
  seenAliveAt < plus(now, -ABANDONED_AFTER_MS) || seenAliveAt > plus(now, TOO_FAR_AHEAD_MS)

/** The runs of a table that have lost their process: `state` says `running`, and `seen_alive_at` is too old, or written by a wrong clock. */
export const abandoned = (db: Db, table: 'autopay_runs' | 'reconciliation_runs', now: Date) =>
  db(table)
    .where({ state: 'running' })
    .andWhere(
      (silent) =>
        void silent
          .where('seen_alive_at', '<', iso(plus(now, -ABANDONED_AFTER_MS)))
          .orWhere('seen_alive_at', '>', iso(plus(now, TOO_FAR_AHEAD_MS))),
    )
