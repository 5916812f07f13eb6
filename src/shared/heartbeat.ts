import { inOneStatement, iso } from './database'
import type { Db } from './database'

/** Writes the one row of `heartbeat`: proof that the database takes writes now. @throws what the database says when it does not */
export const beat = (db: Db, now: Date): Promise<void> =>
  inOneStatement(db, async (any) => {
    await any('heartbeat')
      .where({ id: 1 })
      .update({ beat_at: iso(now) })
  })
