import { wasCarriedOut, writeAudit } from '../shared/audit'
import type { Author } from '../shared/actor'
import { inTransaction, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { lockStaff } from './store'
import { subjectOf } from './staff'
import type { StaffDeps } from './staff'

/** One place where somebody is signed in. */
export interface StaffSession {
  /** Names the session without being able to open it. */
  readonly idHash: string
  readonly since: Date | null
  readonly until: Date
  readonly from: string
  readonly with: string
}

interface SessionRow {
  id_hash: string
  created_at: Date | string | null
  expires_at: Date | string
  seen_from: string | null
  seen_with: string | null
}

const MOST_SHOWN = 50

/** The sessions of one person that are open, the newest first. Half a sign-in opens nothing and is not shown. */
export async function listSessions(db: Db, staffId: string, now: Date): Promise<StaffSession[]> {
  const rows = await db('sessions')
    .where({ staff_id: staffId })
    .whereNotNull('seen_with')
    .where('expires_at', '>', iso(now))
    .orderBy('created_at', 'desc')
    .limit(MOST_SHOWN)
    .select<SessionRow[]>('id_hash', 'created_at', 'expires_at', 'seen_from', 'seen_with')
  return rows.map((row) => ({
    idHash: row.id_hash,
    since: optionalMoment(row.created_at),
    until: moment(row.expires_at),
    from: row.seen_from ?? '',
    with: row.seen_with ?? '',
  }))
}

/** Ends every session of a person, halves included; `but` is left. A request that is under way cannot bring one back: a session that was read is only ever updated. */
export const endSessions = (tx: Tx, staffId: string, but?: string): Promise<number> => {
  const query = tx('sessions').where({ staff_id: staffId })
  return (but === undefined ? query : query.whereNot({ id_hash: but })).delete()
}

/** Ends one session of one's own. Another's is not found, and nothing happens. */
export const endOwnSession = (db: Db, staffId: string, idHash: string): Promise<number> =>
  inTransaction(db, (tx) => tx('sessions').where({ staff_id: staffId, id_hash: idHash }).delete())

export interface SignOut {
  readonly reason?: string
  /** Names the intent: a form that is sent again ends no session that was opened since. */
  readonly key?: string | undefined
}

/** Signs a person out everywhere: oneself, or another with the right to change staff. @throws Refusal forbidden */
export async function signOutEverywhere({ db, clock }: StaffDeps, staffId: string, author: Author, of: SignOut = {}): Promise<void> {
  if (author.kind !== 'staff' || author.id !== staffId) requirePermission(author, 'staff.change')
  const { key, ...why } = of
  const instructionKey = key === undefined ? undefined : `sign-out:${staffId}:${key}`
  await inTransaction(db, async (tx) => {
    await lockStaff(tx, staffId, author)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, author))) return
    await endSessions(tx, staffId)
    const entry = { author, at: clock.now(), action: 'staff_sessions_ended', subject: subjectOf(staffId), ...why }
    await writeAudit(tx, [{ ...entry, ...(instructionKey !== undefined && { instructionKey }) }])
  })
}
