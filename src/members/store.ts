import type { StaffRole } from '../shared/actor'
import { iso, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { Language } from '../shared/texts'
import type { Member, Person } from './member'
import { searchKeys } from './search-keys'

export interface MemberRow {
  id: string
  login: string
  language: Language
  locked_at: Date | string | null
  locked_reason: string | null
  erased_at: Date | string | null
}

export const MEMBER_COLUMNS = ['id', 'login', 'language', 'locked_at', 'locked_reason', 'erased_at'] as const

export const toMember = (row: MemberRow): Member => ({
  id: row.id,
  login: row.login,
  language: row.language,
  lockedAt: optionalMoment(row.locked_at),
  lockedReason: row.locked_reason,
  erasedAt: optionalMoment(row.erased_at),
})

/** The member with this canonical login. */
export async function memberByLogin(db: Db, login: string): Promise<Member | undefined> {
  const rows = await db('members')
    .where({ login })
    .select<MemberRow[]>(...MEMBER_COLUMNS)
  return rows.map(toMember)[0]
}

export async function memberById(db: Db, id: string): Promise<Member | undefined> {
  const rows = await db('members')
    .where({ id })
    .select<MemberRow[]>(...MEMBER_COLUMNS)
  return rows.map(toMember)[0]
}

export interface NewMember {
  readonly id: string
  readonly login: string
  readonly passwordHash: string
  readonly language: Language
  readonly createdAt: Date
}

/** Takes the login and writes the member. A login that is taken breaks the unique rule of `logins`. */
export async function insertMember(tx: Tx, member: NewMember, person: Person): Promise<void> {
  const { id, login, language } = member
  await tx('logins').insert({ login })
  await tx('members').insert({ id, login, password_hash: member.passwordHash, language, created_at: iso(member.createdAt) })
  await tx('member_people').insert({
    member_id: id,
    full_name: person.fullName,
    email: person.email,
    phone: person.phone,
    ...searchKeys(person),
  })
}

/** What is known of a member as a person; undefined once it is erased. */
export async function readPerson(db: Db, memberId: string): Promise<Person | undefined> {
  const row = await db('member_people')
    .where({ member_id: memberId })
    .first<{ full_name: string | null; email: string | null; phone: string | null } | undefined>('full_name', 'email', 'phone')
  return row && { fullName: row.full_name, email: row.email, phone: row.phone }
}

/** Changes the lock if it is not that way yet; returns whether it did. */
export async function updateLock(tx: Tx, id: string, lock: { at: Date; reason: string } | null): Promise<boolean> {
  const change = { locked_at: lock && iso(lock.at), locked_reason: lock && lock.reason }
  const query = tx('members').where({ id })
  const changed = await (lock ? query.whereNull('locked_at') : query.whereNotNull('locked_at')).update(change)
  return changed === 1
}

export interface NewStaff {
  readonly id: string
  readonly login: string
  readonly passwordHash: string
  readonly role: StaffRole
  readonly createdAt: Date
}

export async function insertStaff(tx: Tx, staff: NewStaff): Promise<void> {
  const { id, login, role } = staff
  await tx('logins').insert({ login })
  await tx('staff').insert({ id, login, password_hash: staff.passwordHash, role, created_at: iso(staff.createdAt) })
}

/** What sign-in needs to know about whoever has a login. */
export interface Credential {
  readonly kind: 'member' | 'staff'
  readonly id: string
  readonly login: string
  readonly passwordHash: string
  readonly role: StaffRole | null
  readonly disabled: boolean
}

interface CredentialRow {
  kind: 'member' | 'staff'
  id: string
  login: string
  password_hash: string
  role: StaffRole | null
  disabled_at: Date | string | null
}

/** The member or member of staff with this canonical login: one question, whether there is such a login or not. */
export async function readCredential(db: Db, login: string): Promise<Credential | undefined> {
  const staff = db('staff').where({ login }).select(db.raw(`'staff' as kind`), 'id', 'login', 'password_hash', 'role', 'disabled_at')
  const [row] = (await db('members')
    .where({ login })
    .select(db.raw(`'member' as kind`), 'id', 'login', 'password_hash', db.raw('null as role'), db.raw('null as disabled_at'))
    .unionAll(staff)) as CredentialRow[]
  return (
    row && {
      kind: row.kind,
      id: row.id,
      login: row.login,
      passwordHash: row.password_hash,
      role: row.role,
      disabled: row.disabled_at !== null,
    }
  )
}
