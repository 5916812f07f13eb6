import type { Db } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { canonicalLogin } from './login'
import type { Member } from './member'
import { memberById, memberByLogin } from './store'

/** The member with this login, in whatever case it was typed. */
export async function findMember(db: Db, login: string): Promise<Member | undefined> {
  const canonical = canonicalLogin(login)
  return canonical === undefined ? undefined : memberByLogin(db, canonical)
}

/** @throws Refusal not_found (detail: member) */
export async function readMember(db: Db, id: string): Promise<Member> {
  const member = await memberById(db, id)
  if (!member) throw new Refusal('not_found', 'member')
  return member
}

/** Like `findMember`, for callers that cannot go on without one. @throws Refusal not_found (detail: member) */
export async function requireMember(db: Db, login: string): Promise<Member> {
  const member = await findMember(db, login)
  if (!member) throw new Refusal('not_found', 'member')
  return member
}
