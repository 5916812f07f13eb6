import { findMember, readMember } from '../../members'
import type { Member } from '../../members'
import type { Payment } from '../../payments'
import type { StaffActor, StaffRole } from '../../shared/actor'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { Refusal } from '../../shared/refusals'
import { shownLogin } from '../members/mask'
import { noteSearched } from '../note-searched'
import type { PaymentQuery } from './payment-filters'

/** Who paid, by their ids: the login of a member as the reader may see it, or the name of an organisation. */
export type PayerNames = ReadonlyMap<string, string>

/** Reads by the ids of one page alone, so that the list of payments itself joins nothing. */
export async function readPayerNames(db: Db, payments: readonly Pick<Payment, 'payer'>[], role: StaffRole): Promise<PayerNames> {
  const payers = payments.map(({ payer }) => payer)
  const members = new Set(payers.flatMap((payer) => (payer.kind === 'member' ? payer.memberId : [])))
  const organisations = new Set(payers.flatMap((payer) => (payer.kind === 'organisation' ? payer.organisationId : [])))
  const [logins, names] = await Promise.all([
    members.size === 0
      ? []
      : db('members')
          .whereIn('id', [...members])
          .select<{ id: string; login: string }[]>('id', 'login'),
    organisations.size === 0
      ? []
      : db('organisations')
          .whereIn('id', [...organisations])
          .select<{ id: string; name: string }[]>('id', 'name'),
  ])
  return new Map([
    ...logins.map(({ id, login }) => [id, shownLogin(login, role)] as const),
    ...names.map(({ id, name }) => [id, name] as const),
  ])
}

/** The filters with the member by their id, which an erasure finds wherever it is kept, and that member; undefined where there is no such member. */
export interface AskedMember {
  readonly query: PaymentQuery
  readonly member: Member | undefined
}

/** Takes a login in the filter for the member's id. That somebody was found by a login is written down, as for any search. */
export async function askedMember(
  deps: { readonly db: Db; readonly clock: Clock },
  query: PaymentQuery,
  staff: StaffActor,
): Promise<AskedMember> {
  const typed = query.member
  if (typed === undefined) return { query, member: undefined }
  if (looksLikeId(typed)) return { query, member: await memberOrNone(deps.db, typed) }
  const member = await findMember(deps.db, typed)
  if (!member) return { query, member }
  await noteSearched(deps, staff, [member.id])
  return { query: { ...query, member: member.id }, member }
}

async function memberOrNone(db: Db, id: string): Promise<Member | undefined> {
  try {
    return await readMember(db, id)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return undefined
    throw error
  }
}
