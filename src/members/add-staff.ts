import type { Author, StaffActor, StaffRole } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { canonicalLogin } from './login'
import type { MembersDeps } from './member'
import { hashPassword } from './password'
import { insertStaff, readCredential } from './store'
import type { NewStaff } from './store'

export interface StaffApplication {
  readonly login: string
  /** 8 to 200 characters. */
  readonly password: string
  readonly role: StaffRole
  readonly actor: Author
}

/**
 * Adds a member of staff, who signs in through the same form as members do.
 * @throws Refusal forbidden; login_taken, also when a member has the login; bad_input (detail: the field)
 */
export async function addStaff(deps: Omit<MembersDeps, 'ledger'>, application: StaffApplication): Promise<StaffActor> {
  const login = canonicalLogin(application.login)
  if (login === undefined) throw new Refusal('bad_input', 'login')
  const { role, actor } = application
  requirePermission(actor, 'staff.change')
  const passwordHash = await hashPassword(application.password)
  const staff: NewStaff = { id: newId(), login, passwordHash, role, createdAt: deps.clock.now() }
  try {
    await writeStaff(deps, staff, actor)
  } catch (error) {
    if (brokenUniqueRule(error) === undefined) throw error
    const holder = await readCredential(deps.db, login)
    if (holder?.id !== staff.id) throw new Refusal('login_taken')
  }
  deps.log.info({ staffId: staff.id, role }, 'a member of staff was added')
  return { kind: 'staff', id: staff.id, login, role }
}

const writeStaff = ({ db }: Pick<MembersDeps, 'db'>, staff: NewStaff, author: Author): Promise<void> =>
  inTransaction(db, async (tx) => {
    await insertStaff(tx, staff)
    await writeAudit(tx, [
      { author, at: staff.createdAt, action: 'staff_added', subject: `staff:${staff.id}`, after: { role: staff.role } },
    ])
  })
