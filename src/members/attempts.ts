import { MINUTE, plus } from '../shared/clock'
import { inTransaction, iso } from '../shared/database'
import type { Db } from '../shared/database'
import { sha256 } from '../shared/ids'

/** How many failures are allowed until the window ends that the first of them opened. */
export const MOST_FAILURES = { account: 10, address: 50 } as const
export const WINDOW = 15 * MINUTE

/** Something failures are counted for. Only its digest is stored: people type passwords into login fields, and an address is personal. */
export interface Subject {
  readonly digest: string
  readonly most: number
}

export const accountSubject = (login: string): Subject => ({ digest: sha256(`account:${login}`), most: MOST_FAILURES.account })

export const addressSubject = (address: string): Subject => ({
  digest: sha256(`address:${address}`),
  most: MOST_FAILURES.address,
})

/**
 * A window that ends much later than a new one would was written by a clock that was wrong; it counts as over, so that nobody stays shut out until that clock's day.
 * The clocks of two instances may differ by less than a minute.
 */
const OVER = '(sign_in_attempts.window_ends_at <= ? or sign_in_attempts.window_ends_at > ?)'
const overBounds = (now: Date): string[] => [iso(now), iso(plus(now, WINDOW + MINUTE))]

/**
 * Counts one attempt as failed before the password is looked at, unless the subject has used up its failures; returns whether it was counted.
 * One conditional statement, so that guesses which arrive together, at whatever instance, cannot overshoot.
 */
export async function claimAttempt(db: Db, { digest, most }: Subject, now: Date): Promise<boolean> {
  const newEnd = iso(plus(now, WINDOW))
  const bounds = overBounds(now)
  const claimed: unknown[] = await inTransaction(db, (tx) =>
    tx('sign_in_attempts')
      .insert({ subject: digest, failures: 1, window_ends_at: newEnd })
      .onConflict('subject')
      .merge({
        failures: tx.raw(`case when ${OVER} then 1 else sign_in_attempts.failures + 1 end`, bounds),
        window_ends_at: tx.raw(`case when ${OVER} then excluded.window_ends_at else sign_in_attempts.window_ends_at end`, bounds),
      })
      .whereRaw(`(${OVER} or sign_in_attempts.failures < ?)`, [...bounds, most])
      .returning('failures'),
  )
  return claimed.length === 1
}

/** Takes back the count of an attempt that turned out right. Earlier failures stay counted: one's own sign-in must not buy guesses at others. */
export const giveBackAttempt = (db: Db, subjects: readonly Subject[]): Promise<void> =>
  inTransaction(db, async (tx) => {
    for (const { digest } of subjects) {
      await tx('sign_in_attempts').where({ subject: digest }).where('failures', '>', 0).decrement('failures', 1)
    }
  })

/** Forgets counts whose window is over. For the background worker; nothing depends on when it runs. Returns how many. */
export const forgetOldAttempts = (db: Db, now: Date): Promise<number> =>
  inTransaction(db, (tx) => tx('sign_in_attempts').whereRaw(OVER, overBounds(now)).delete())
