import { listStaff } from '../staff'
import type { Db } from '../shared/database'

/** More staff than that are named by their ids. */
const MOST_STAFF = 1000

/** The logins of staff by how logs and histories name them. */
export const staffLogins = async (db: Db): Promise<Map<string, string>> =>
  new Map((await listStaff(db, { limit: MOST_STAFF })).map(({ id, login }) => [`staff:${id}`, login]))
