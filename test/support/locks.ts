import type { Db } from '../../src/shared/database'

/** Whether somebody waits for a lock in a PostgreSQL database. */
export const someoneWaits = async (db: Db): Promise<boolean> =>
  (await db('pg_stat_activity').whereRaw("datname = current_database() and wait_event_type = 'Lock'").pluck('pid')).length > 0
