import { addStaff, canonicalLogin } from '../members'
import { COMMAND_LINE } from '../shared/actor'
import type { Author, StaffRole } from '../shared/actor'
import { openAlerts } from '../shared/alerts'
import { iso, inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { tell } from '../shared/told'
import { changeRole, disableStaff, enableStaff, resetAccess, resetFactor } from './change-staff'
import type { ChangeOrder } from './change-staff'
import { issueSetupCode } from './setup'
import { subjectOf } from './staff'
import { isEmail, setStaffEmail } from './staff-email'
import type { StaffDeps, StaffMember } from './staff'
import { listStaff, requireStaff, staffByLogin } from './store'

/*
 * The command line is the operator's root channel: whoever reaches it has the database anyway, and the first admin must come from somewhere. So it acts at once, is
 * audited, and opens an alert that says what was done past the second pair of eyes.
 */

/** One member of staff as the command line prints them. */
export interface ShownStaff {
  readonly login: string
  readonly id: string
  readonly role: StaffRole
  readonly state: 'active' | 'disabled' | 'awaits-setup'
  readonly secondFactor: boolean
  readonly email: string | null
  readonly createdAt: string
}

const shown = ({ login, id, role, disabledAt, awaitsSetup, hasFactor, email, createdAt }: StaffMember): ShownStaff => ({
  login,
  id,
  role,
  state: disabledAt !== null ? 'disabled' : awaitsSetup ? 'awaits-setup' : 'active',
  secondFactor: hasFactor,
  email,
  createdAt: iso(createdAt),
})

const PAGE = 500

/** Everybody, by login. */
export async function showAllStaff({ db }: StaffDeps): Promise<ShownStaff[]> {
  const all: StaffMember[] = []
  for (let after: string | undefined; ;) {
    const page = await listStaff(db, { after, limit: PAGE })
    all.push(...page)
    after = page.at(-1)?.login
    if (page.length < PAGE) return all.map(shown)
  }
}

/** One of them. @throws Refusal not_found (detail: staff) */
export async function showStaff({ db }: StaffDeps, login: string): Promise<ShownStaff> {
  const canonical = canonicalLogin(login)
  const staff = canonical === undefined ? undefined : await staffByLogin(db, canonical)
  if (!staff) throw new Refusal('not_found', 'staff')
  return shown(staff)
}

/** @throws Refusal forbidden, login_taken, bad_input (detail: the field) */
export async function addByCommandLine(
  deps: StaffDeps,
  { email, ...application }: { readonly login: string; readonly password: string; readonly role: StaffRole; readonly email?: string },
  author: Author = COMMAND_LINE,
): Promise<ShownStaff> {
  if (email !== undefined && !isEmail(email)) throw new Refusal('bad_input', 'email')
  const { id } = await addStaff(deps, { ...application, actor: author })
  if (email !== undefined) await setStaffEmail(deps, id, email, { author, reason: 'Added with it' })
  await raise(deps, id, tell('told.staff_added', { id, role: application.role }))
  return shown(await requireStaff(deps.db, id))
}

type Change = (deps: StaffDeps, staffId: string, order: ChangeOrder) => Promise<void>

const changeByCommandLine = async (
  deps: StaffDeps,
  login: string,
  order: ChangeOrder,
  change: Change,
  toldOf: (id: string) => string,
): Promise<ShownStaff> => {
  const canonical = canonicalLogin(login)
  const staff = canonical === undefined ? undefined : await staffByLogin(deps.db, canonical)
  if (!staff) throw new Refusal('not_found', 'staff')
  await change(deps, staff.id, order)
  await raise(deps, staff.id, toldOf(staff.id))
  return shown(await requireStaff(deps.db, staff.id))
}

/** @throws Refusal forbidden, not_found, last_admin */
export const roleByCommandLine = (deps: StaffDeps, login: string, role: StaffRole, order: ChangeOrder): Promise<ShownStaff> =>
  changeByCommandLine(
    deps,
    login,
    order,
    (own, id) => changeRole(own, id, role, order),
    (id) => tell('told.staff_role', { id, role }),
  )

/** @throws Refusal forbidden, not_found, last_admin */
export const disableByCommandLine = (deps: StaffDeps, login: string, order: ChangeOrder): Promise<ShownStaff> =>
  changeByCommandLine(deps, login, order, disableStaff, (id) => tell('told.staff_disabled', { id }))

export const enableByCommandLine = (deps: StaffDeps, login: string, order: ChangeOrder): Promise<ShownStaff> =>
  changeByCommandLine(deps, login, order, enableStaff, (id) => tell('told.staff_enabled', { id }))

export const resetFactorByCommandLine = (deps: StaffDeps, login: string, order: ChangeOrder): Promise<ShownStaff> =>
  changeByCommandLine(deps, login, order, resetFactor, (id) => tell('told.staff_factor', { id }))

/** @throws Refusal forbidden, not_found, bad_input (detail: email) */
export const emailByCommandLine = (deps: StaffDeps, login: string, typed: string, order: ChangeOrder): Promise<ShownStaff> =>
  changeByCommandLine(
    deps,
    login,
    order,
    (own, id) => setStaffEmail(own, id, typed, order),
    (id) => tell('told.staff_email', { id }),
  )

/** The code of a sign-in, as the command line prints it this one time. */
export interface IssuedCode {
  readonly login: string
  readonly code: string
  readonly expiresAt: string
}

/**
 * Takes away the password and second factor that there are, and hands out a code with which new ones are chosen. Issued here it comes from nobody among the staff, so
 * that whoever uses it may check what any of them asks for.
 * @throws Refusal forbidden, not_found, last_admin
 */
export async function codeByCommandLine(deps: StaffDeps, login: string, order: ChangeOrder): Promise<IssuedCode> {
  const { id, login: canonical } = await changeByCommandLine(deps, login, order, resetAccess, (staffId) =>
    tell('told.staff_code', { id: staffId }),
  )
  const { code, expiresAt } = await issueSetupCode(deps, id, order.author)
  return { login: canonical, code, expiresAt: iso(expiresAt) }
}

const raise = ({ db, clock }: StaffDeps, id: string, detail: string): Promise<void> =>
  inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'staff_changed_by_command_line', subject: subjectOf(id), detail, at: clock.now() }]))
