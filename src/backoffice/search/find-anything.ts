import { searchMembers } from '../../members'
import type { Member } from '../../members'
import { searchPayments } from '../../payments'
import type { PaymentHit } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { hasControlCharacter } from '../../shared/audit'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import { may } from '../../shared/permissions'
import { noteSearched } from '../note-searched'

export interface SearchDeps {
  readonly db: Db
  readonly clock: Clock
}

export const MOST_FOUND = 20

export interface Found {
  readonly members: readonly Member[]
  readonly payments: readonly PaymentHit[]
  readonly hasMore: boolean
}

/**
 * Members and payments by whatever was typed. The look is written down for each member it shows.
 */
export async function findAnything({ db, clock }: SearchDeps, typed: string, staff: StaffActor): Promise<Found> {
  const text = typed.trim()
  if (text === '' || hasControlCharacter(text)) return { members: [], payments: [], hasMore: false }
  const whole = !may(staff, 'members.read-personal')
  const [members, payments] = await Promise.all([
    searchMembers(db, text, MOST_FOUND + 1, { whole }),
    searchPayments(db, text, MOST_FOUND + 1),
  ])
  const shown = { members: members.slice(0, MOST_FOUND), payments: payments.slice(0, MOST_FOUND) }
  await noteSearched(
    { db, clock },
    staff,
    shown.members.map(({ id }) => id),
  )
  return { ...shown, hasMore: members.length > MOST_FOUND || payments.length > MOST_FOUND }
}

/** Where to go at once when there is one thing alone that this can be. */
export function onlyHit({ members, payments, hasMore }: Found): string | undefined {
  if (hasMore || members.length + payments.length !== 1) return undefined
  const [member, payment] = [members[0], payments[0]]
  return member ? `/admin/members/${member.id}` : payment && `/admin/payments/${payment.id}`
}
