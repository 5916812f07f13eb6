import { lapseRequestsOf, letInAt } from '../approvals'
import type { Author, StaffActor, StaffRole } from '../shared/actor'
import { noteUnchanged, wasCarriedOut, writeAudit } from '../shared/audit'
import type { AuditEntry } from '../shared/audit'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { requireStanding } from '../shared/standing'
import { hashPassword } from '../members'
import { dropFactor } from './second-factor'
import { endSessions } from './sessions'
import { actorOf, subjectOf } from './staff'
import type { StaffDeps, StaffMember } from './staff'
import { awaitSetup, lockStaff, updateDisabled, updatePassword, updateRole } from './store'

/** Who wants a change and why. */
export interface ChangeOrder {
  readonly author: Author
  readonly reason: string
  readonly approvedBy?: StaffActor | undefined
  /** Names the intent: a form that is sent again does nothing more, whatever was done in between. The command line has none. */
  readonly key?: string | undefined
  /** Looks again, with the role as it is once nobody else can change it, whether one person is still enough. */
  readonly reweigh?: ((role: StaffRole) => void) | undefined
}

/** What a change does to the locked person; null when there is nothing left to do. */
type Change = (
  tx: Tx,
  locked: { staff: StaffMember; otherAdmins: number },
) => Promise<Pick<AuditEntry, 'action' | 'before' | 'after'> | null>

/** Changes one person, ends all their sessions and lets what they have asked for lapse, in one transaction with its audit row. */
async function change({ db, clock, log }: StaffDeps, staffId: string, order: ChangeOrder, work: Change): Promise<void> {
  requirePermission(order.author, 'staff.change')
  const { author, reason, approvedBy } = order
  const instructionKey = order.key === undefined ? undefined : keyOf(staffId, order.key)
  await inTransaction(db, async (tx) => {
    const locked = await lockStaff(tx, staffId, author)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, author))) return
    order.reweigh?.(locked.staff.role)
    if (!approvedBy) await requireStanding(tx, author) // Afterwards they may have given up their own role.
    const done = await work(tx, locked)
    const subject = subjectOf(staffId)
    const entry = {
      author,
      at: await letInAt(tx, subject, clock.now()),
      subject,
      reason,
      evenWithoutRole: true,
      ...(instructionKey !== undefined && { instructionKey }),
    }
    if (!done) return noteUnchanged(tx, entry)
    await endSessions(tx, staffId)
    await lapseRequestsOf(tx, actorOf(locked.staff), clock.now())
    await writeAudit(tx, [{ ...entry, ...(approvedBy && { approvedBy }), ...done }])
    log.info({ staffId, action: done.action }, 'a member of staff was changed')
  })
}

/** Whether this was done under the key before. */
export const wasChanged = ({ db }: Pick<StaffDeps, 'db'>, staffId: string, key: string, author: Author): Promise<boolean> =>
  wasCarriedOut(db, keyOf(staffId, key), author)

const keyOf = (staffId: string, key: string): string => `staff:${staffId}:${key}`

/** Somebody must be left who can look after staff. */
function keepAnAdmin({ staff, otherAdmins }: { staff: StaffMember; otherAdmins: number }): void {
  if (staff.role === 'admin' && staff.disabledAt === null && otherAdmins === 0) throw new Refusal('last_admin')
}

/** @throws Refusal forbidden, not_found, last_admin */
export const changeRole = (deps: StaffDeps, staffId: string, role: StaffRole, order: ChangeOrder): Promise<void> =>
  change(deps, staffId, order, async (tx, locked) => {
    const before = locked.staff.role
    if (before === role) return null
    if (role !== 'admin') keepAnAdmin(locked)
    await updateRole(tx, staffId, role)
    return { action: 'staff_role_changed', before: { role: before }, after: { role } }
  })

/** @throws Refusal forbidden, not_found, last_admin */
export const disableStaff = (deps: StaffDeps, staffId: string, order: ChangeOrder): Promise<void> =>
  change(deps, staffId, order, async (tx, locked) => {
    if (locked.staff.disabledAt !== null) return null
    keepAnAdmin(locked)
    await updateDisabled(tx, staffId, deps.clock.now())
    return { action: 'staff_disabled', before: { disabled: false }, after: { disabled: true } }
  })

export const enableStaff = (deps: StaffDeps, staffId: string, order: ChangeOrder): Promise<void> =>
  change(deps, staffId, order, async (tx, { staff }) => {
    if (staff.disabledAt === null) return null
    await updateDisabled(tx, staffId, null)
    return { action: 'staff_enabled', before: { disabled: true }, after: { disabled: false } }
  })

/** For somebody whose device is gone: the next sign-in asks for a new second factor, where the role needs one. */
export const resetFactor = (deps: StaffDeps, staffId: string, order: ChangeOrder): Promise<void> =>
  change(deps, staffId, order, async (tx, { staff }) => {
    if (!staff.hasFactor) return null
    await dropFactor(tx, staffId)
    return { action: 'staff_factor_reset', before: { second_factor: true }, after: { second_factor: false } }
  })

/** For somebody who has forgotten the password: the old one and the second factor are gone, and a code for the first sign-in can be issued. */
export async function resetAccess(deps: StaffDeps, staffId: string, order: ChangeOrder): Promise<void> {
  const passwordHash = await unusablePassword()
  await change(deps, staffId, order, async (tx, locked) => {
    if (locked.staff.awaitsSetup) return null
    keepAnAdmin(locked)
    await updatePassword(tx, staffId, passwordHash)
    await dropFactor(tx, staffId)
    await awaitSetup(tx, staffId, deps.clock.now())
    return { action: 'staff_access_reset', before: { password: true }, after: { password: false } }
  })
}

/** The hash of something that nobody has kept. */
export const unusablePassword = (): Promise<string> => hashPassword(`${newId()}${newId()}`)
