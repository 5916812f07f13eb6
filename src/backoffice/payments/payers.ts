import type { Payment } from '../../payments'
import type { StaffRole } from '../../shared/actor'
import type { Db } from '../../shared/database'
import { shownLogin } from '../members/mask'

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
