import { z } from 'zod'
import { requireNoHeavier } from '../approvals'
import type { Deed, Performer, Preview, Weight } from '../approvals'
import { canonicalLogin, insertStaffMember } from '../members'
import { authorName, STAFF_ROLES } from '../shared/actor'
import type { StaffRole } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { sha256 } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { changeRole, disableStaff, enableStaff, resetAccess, resetFactor, unusablePassword, wasChanged } from './change-staff'
import type { ChangeOrder } from './change-staff'
import { isPowerful, subjectOf } from './staff'
import type { StaffDeps, StaffMember } from './staff'
import { awaitSetup, requireStaff, staffById, staffByLogin } from './store'

const LOGIN = z.string().transform((typed, context) => {
  const login = canonicalLogin(typed)
  if (login !== undefined) return login
  context.addIssue({ code: 'custom', message: 'not a login' })
  return z.NEVER
})
const ROLE = z.enum(STAFF_ROLES)
const STAFF_ID = z.string().max(36)

export interface NewStaffPayload extends Record<string, string> {
  readonly login: string
  readonly role: StaffRole
}
export interface RolePayload extends Record<string, string> {
  readonly staffId: string
  readonly role: StaffRole
}
export interface WhoPayload extends Record<string, string> {
  readonly staffId: string
}

/** What is done to staff. A second person is needed wherever somebody would come to approve or to hand out rights. */
export interface StaffDeeds {
  readonly added: Deed<NewStaffPayload, StaffMember>
  readonly role: Deed<RolePayload, void>
  readonly disabled: Deed<WhoPayload, void>
  readonly enabled: Deed<WhoPayload, void>
  readonly factor: Deed<WhoPayload, void>
  readonly access: Deed<WhoPayload, void>
}

export const staffDeeds = (deps: StaffDeps): StaffDeeds => ({
  added: addedDeed(deps),
  role: roleDeed(deps),
  // Taking rights away is safe, and sometimes urgent.
  disabled: whoDeed(deps, 'staff_disabled', disableStaff, { before: { disabled: false }, after: { disabled: true } }, () => 'never'),
  enabled: whoDeed(deps, 'staff_enabled', enableStaff, { before: { disabled: true }, after: { disabled: false } }),
  factor: whoDeed(deps, 'staff_factor_reset', resetFactor, { before: { second_factor: true }, after: { second_factor: false } }),
  access: whoDeed(deps, 'staff_access_reset', resetAccess, { before: { password: true }, after: { password: false } }),
})

const weightOf = (role: StaffRole): 'always' | 'never' => (isPowerful(role) ? 'always' : 'never')

const addedDeed = (deps: StaffDeps): StaffDeeds['added'] => ({
  kind: 'staff_added',
  permission: 'staff.change',
  payload: z.strictObject({ login: LOGIN, role: ROLE }),
  weigh: ({ role }) => weightOf(role),
  async preview({ login, role }) {
    if (await staffByLogin(deps.db, login)) throw new Refusal('login_taken')
    return { subject: `staff:new`, before: { login: null, role: null }, after: { login, role } }
  },
  perform: (payload, by) => addWithoutPassword(deps, payload, by),
})

/** The id follows from whose key it is, so that a second run finds what the first one wrote, and the same key of somebody else finds nothing. */
async function addWithoutPassword(
  deps: StaffDeps,
  { login, role }: NewStaffPayload,
  { author, reason, key, approvedBy }: Performer,
): Promise<StaffMember> {
  requirePermission(author, 'staff.change')
  const [, a = '', b = '', c = '', d = '', e = ''] =
    /^(.{8})(.{4})(.{4})(.{4})(.{12})/.exec(sha256(`staff:${authorName(author)}:${key}`)) ?? []
  const id = [a, b, c, d, e].join('-')
  const at = deps.clock.now()
  const passwordHash = await unusablePassword()
  try {
    await inTransaction(deps.db, async (tx) => {
      await insertStaffMember(tx, { id, login, passwordHash, role, createdAt: at })
      await awaitSetup(tx, id, at)
      const after = { role }
      await writeAudit(tx, [
        { author, at, action: 'staff_added', subject: subjectOf(id), reason, after, ...(approvedBy ? { approvedBy } : {}) },
      ])
    })
  } catch (error) {
    if (brokenUniqueRule(error) === undefined) throw error
  }
  const staff = await staffById(deps.db, id)
  if (staff?.login !== login) throw new Refusal('login_taken')
  return staff
}

const roleDeed = (deps: StaffDeps): StaffDeeds['role'] => ({
  kind: 'staff_role_changed',
  permission: 'staff.change',
  payload: z.strictObject({ staffId: STAFF_ID, role: ROLE }),
  weigh: ({ role }) => weightOf(role),
  async preview({ staffId, role }) {
    const staff = await requireStaff(deps.db, staffId)
    return { subject: subjectOf(staffId), before: { login: staff.login, role: staff.role }, after: { login: staff.login, role } }
  },
  wasDone: (key, { payload: { staffId }, author }) => wasChanged(deps, staffId, key, author),
  perform: ({ staffId, role }, by) => changeRole(deps, staffId, role, by),
})

type Change = (deps: StaffDeps, staffId: string, order: ChangeOrder) => Promise<void>
interface Facts {
  readonly before: AuditFacts
  readonly after: AuditFacts
}

const whoDeed = (
  deps: StaffDeps,
  kind: string,
  change: Change,
  facts: Facts,
  weightFor: (role: StaffRole) => Weight = weightOf,
): Deed<WhoPayload, void> => ({
  kind,
  permission: 'staff.change',
  payload: z.strictObject({ staffId: STAFF_ID }),
  weigh: async ({ staffId }) => weightFor((await requireStaff(deps.db, staffId)).role),
  async preview({ staffId }): Promise<Preview> {
    const { login } = await requireStaff(deps.db, staffId)
    return { subject: subjectOf(staffId), before: { login, ...facts.before }, after: { login, ...facts.after } }
  },
  wasDone: (key, { payload: { staffId }, author }) => wasChanged(deps, staffId, key, author),
  perform({ staffId }, by) {
    // Somebody may have got another role since, by two people.
    const reweigh = (role: StaffRole): void => requireNoHeavier(weightFor(role), by.weighed)
    return change(deps, staffId, { ...by, reweigh })
  },
})
