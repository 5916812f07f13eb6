import type { Author, StaffRole } from '../shared/actor'
import type { Db } from '../shared/database'
import { parseMoney } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { tell } from '../shared/told'
import { addMember } from './add-member'
import { addStaff } from './add-staff'
import { creditMember } from './adjust-points'
import { lockMember } from './lock-member'
import type { MembersDeps } from './member'
import { isPassword } from './password'
import { readCredential } from './store'

const MEMBERS = [
  { login: 'anna', points: '25000.00' },
  { login: 'boris', points: '100.00' },
  { login: 'vera', points: '5000.00', locked: 'Учётная запись на проверке' },
] as const

const STAFF: readonly { login: string; role: StaffRole }[] = [
  { login: 'admin', role: 'admin' },
  { login: 'viewer', role: 'viewer' },
  { login: 'support', role: 'support' },
  { login: 'operator', role: 'operator' },
  { login: 'approver', role: 'approver' },
  { login: 'auditor', role: 'auditor' },
]

const demoPassword = (login: string): string => `demo-${login}`

const DEMO: Author = { kind: 'system', name: 'demo-data' }

/** The demo people of the design, section 5. Running it again changes nothing: logins are taken once and each opening balance has a fixed key. */
export async function seedDemoPeople(deps: MembersDeps): Promise<void> {
  for (const { login, role } of STAFF) {
    await unlessTaken(() => addStaff(deps, { login, password: demoPassword(login), role, actor: DEMO }))
  }
  for (const person of MEMBERS) {
    const { login } = person
    await unlessTaken(() => addMember(deps, { login, password: demoPassword(login), email: `${login}@example.test`, actor: DEMO }))
    const amount = parseMoney(person.points, 'PTS')
    await creditMember(deps, { login, amount, kind: 'accrual', reason: tell('told.demo_data'), key: `demo:${login}`, actor: DEMO })
    if ('locked' in person) await lockMember(deps, { login, reason: person.locked, actor: DEMO })
  }
}

async function unlessTaken(add: () => Promise<unknown>): Promise<void> {
  try {
    await add()
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'login_taken')) throw error
  }
}

/** The demo logins that still open with their published password: production must not start while there is one. */
export async function findDefaultPasswords(db: Db): Promise<string[]> {
  const found: string[] = []
  for (const { login } of [...STAFF, ...MEMBERS]) {
    const credential = await readCredential(db, login)
    if (credential && (await isPassword(credential.passwordHash, demoPassword(login)))) found.push(login)
  }
  return found
}
