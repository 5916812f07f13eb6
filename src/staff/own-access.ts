import { countAttempt, hashPassword, isPassword } from '../members'
import { writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { dropFactor, needsFactor } from './second-factor'
import { endSessions } from './sessions'
import { actorOf, subjectOf } from './staff'
import type { StaffDeps, StaffMember } from './staff'
import { requireStaff, updatePassword } from './store'

/** What a person shows who changes how they sign in: a session that somebody left open is not enough for that. */
export interface Shown {
  readonly staffId: string
  readonly password: string
  readonly address: string
}

/** @throws Refusal wrong_login_or_password, too_many_attempts */
export async function requirePassword(deps: StaffDeps, { staffId, password, address }: Shown): Promise<StaffMember> {
  const staff = await requireStaff(deps.db, staffId)
  const counted = await countAttempt(deps, { account: staff.login, address })
  if (staff.disabledAt !== null || !(await isPassword(staff.passwordHash, password))) throw new Refusal('wrong_login_or_password')
  await counted.giveBack()
  return staff
}

/**
 * Changes one's own password and ends all one's sessions, this one included: the caller signs in anew.
 * @throws Refusal wrong_login_or_password, too_many_attempts, bad_input (detail: password)
 */
export async function changeOwnPassword(deps: StaffDeps, shown: Shown, newPassword: string): Promise<StaffMember> {
  const staff = await requirePassword(deps, shown)
  const passwordHash = await hashPassword(newPassword)
  await inTransaction(deps.db, async (tx) => {
    await updatePassword(tx, staff.id, passwordHash)
    await endSessions(tx, staff.id)
    await writeAudit(tx, [{ author: actorOf(staff), at: deps.clock.now(), action: 'staff_password_changed', subject: subjectOf(staff.id) }])
  })
  return staff
}

/** Ends the other sessions of a person who has just changed the second factor. */
export const endOtherSessions = ({ db }: StaffDeps, staffId: string, thisOne: string): Promise<number> =>
  inTransaction(db, (tx) => endSessions(tx, staffId, thisOne))

/** Gives up one's own second factor, where the role needs none. @throws Refusal forbidden, wrong_login_or_password, too_many_attempts */
export async function dropOwnFactor(deps: StaffDeps, shown: Shown): Promise<void> {
  const staff = await requirePassword(deps, shown)
  if (needsFactor(deps, staff)) throw new Refusal('forbidden', 'this role needs a second factor')
  await inTransaction(deps.db, async (tx) => {
    await dropFactor(tx, staff.id)
    await endSessions(tx, staff.id)
    await writeAudit(tx, [{ author: actorOf(staff), at: deps.clock.now(), action: 'second_factor_dropped', subject: subjectOf(staff.id) }])
  })
}
