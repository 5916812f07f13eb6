import type { Author } from '../shared/actor'
import { noteUnchanged, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { lockAccount, memberAccount } from '../ledger'
import { lockedMember } from './erase-member'
import { readMember, requireMember } from './find-member'
import type { Member, MembersDeps } from './member'
import { updateLock } from './store'

export interface LockChange {
  readonly login: string
  /** Stands in the audit log; the reason of a lock is shown to the member as well. */
  readonly reason: string
  readonly actor: Author
  /** Names the intent: the same key of the same person has one effect, whatever was done in between. */
  readonly key?: string
}

type Deps = Omit<MembersDeps, 'ledger'>

/**
 * Keeps a member from paying: the points account refuses new holds from the same commit on. What is held already takes its course.
 * The member may still sign in and look. Locking a locked member changes nothing, the first reason included.
 * @throws Refusal forbidden, not_found (member), member_erased, bad_input (detail: reason)
 */
export const lockMember = (deps: Deps, change: LockChange): Promise<Member> => changeLock(deps, change, true)

/** Lets a locked member pay again. @throws Refusal as `lockMember` */
export const unlockMember = (deps: Deps, change: LockChange): Promise<Member> => changeLock(deps, change, false)

async function changeLock({ db, clock, log }: Deps, change: LockChange, locked: boolean): Promise<Member> {
  requirePermission(change.actor, 'members.lock')
  const reason = requireReason(change.reason)
  const { id } = await requireMember(db, change.login)
  const at = clock.now()
  const instructionKey = change.key === undefined ? undefined : `lock:${change.key}`
  const changed = await inTransaction(db, async (tx) => {
    // A copy that was held up until others had changed it once more finds the first one's key.
    const { erasedAt } = await lockedMember(tx, id)
    if (erasedAt) throw new Refusal('member_erased')
    // A confirmation that is sent again, such as by the way back in the browser, finds what it did the first time.
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, change.actor))) return false
    const entry = { author: change.actor, at, subject: memberAccount(id), reason, ...(instructionKey !== undefined && { instructionKey }) }
    if (!(await updateLock(tx, id, locked ? { at, reason } : null))) return noteUnchanged(tx, entry).then(() => false)
    await lockAccount(tx, memberAccount(id), locked)
    const facts = { before: { locked: !locked }, after: { locked } }
    await writeAudit(tx, [{ ...entry, action: locked ? 'member_locked' : 'member_unlocked', ...facts }])
    return true
  })
  if (changed) log.info({ memberId: id, locked }, 'the lock of a member was changed')
  return readMember(db, id)
}
