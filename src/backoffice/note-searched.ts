import { memberAccount } from '../ledger'
import type { StaffActor } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'

/** Writes down whom a search has shown: that somebody was found tells that what was typed is theirs. What was typed is written nowhere, since it may be a person's as well. */
export async function noteSearched(deps: { db: Db; clock: Clock }, staff: StaffActor, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return
  const at = deps.clock.now()
  const entries = memberIds.map((id) => ({ author: staff, at, action: 'person_searched', subject: memberAccount(id) }))
  await inTransaction(deps.db, (tx) => writeAudit(tx, entries))
}
