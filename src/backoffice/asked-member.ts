import { findMember, readMember, searchMembers } from '../members'
import type { Member } from '../members'
import type { StaffActor } from '../shared/actor'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { noteSearched } from './note-searched'

/** The filters with the member by their id, which an erasure finds wherever it is kept, and that member; undefined where there is no such member. */
export interface AskedMember<Q> {
  readonly query: Q
  readonly member: Member | undefined
}

/**
 * Takes a login, a whole phone number, e-mail address or name in the filter for the member's id. What fits several members names none of them.
 * That somebody was found so is written down, as for any search.
 */
export async function askedMember<Q extends { readonly member?: string | undefined }>(
  deps: { readonly db: Db; readonly clock: Clock },
  query: Q,
  staff: StaffActor,
): Promise<AskedMember<Q>> {
  const typed = query.member
  if (typed === undefined) return { query, member: undefined }
  if (looksLikeId(typed)) return { query, member: await memberOrNone(deps.db, typed) }
  const member = (await findMember(deps.db, typed)) ?? (await onlyMember(deps.db, typed))
  if (!member) return { query, member }
  await noteSearched(deps, staff, [member.id])
  return { query: { ...query, member: member.id }, member }
}

async function onlyMember(db: Db, typed: string): Promise<Member | undefined> {
  const [member, other] = await searchMembers(db, typed, 2, { whole: true })
  return other ? undefined : member
}

async function memberOrNone(db: Db, id: string): Promise<Member | undefined> {
  try {
    return await readMember(db, id)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return undefined
    throw error
  }
}
