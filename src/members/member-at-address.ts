import type { Db } from '../shared/database'
import type { Member } from './member'
import { folded } from './search-keys'
import { MEMBER_COLUMNS, memberById, readPerson, toMember } from './store'
import type { MemberRow } from './store'

/** The one member with this e-mail address. Undefined when nobody has it, and when two have it: then it says of neither who they are. */
export async function memberAtAddress(db: Db, email: string): Promise<Member | undefined> {
  const rows = (await db('member_people as p')
    .join('members as m', 'm.id', 'p.member_id')
    .where('p.email_key', folded(email))
    .select(MEMBER_COLUMNS.map((name) => `m.${name}`))
    .limit(2)) as MemberRow[]
  const [row] = rows
  return row && rows.length === 1 ? toMember(row) : undefined
}

/** A member who may act, and how a page greets them: by name, or by login where no name is known. Undefined for one that is locked, erased or not there. */
export async function activeMember(db: Db, id: string): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const member = await memberById(db, id)
  if (!member || member.lockedAt || member.erasedAt) return undefined
  const name = (await readPerson(db, id))?.fullName?.trim() ?? ''
  return { id, name: name === '' ? member.login : name }
}
