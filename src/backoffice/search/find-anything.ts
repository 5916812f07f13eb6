import { searchMembers } from '../../members'
import type { Member } from '../../members'
import { listOrders } from '../../orders'
import type { Order } from '../../orders'
import { searchPayments } from '../../payments'
import type { PaymentDeps, PaymentHit } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { hasControlCharacter } from '../../shared/audit'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import { may } from '../../shared/permissions'
import { noteSearched } from '../note-searched'

export interface SearchDeps {
  readonly db: Db
  readonly clock: Clock
  readonly knownOrganisations: PaymentDeps['knownOrganisations']
}

export const MOST_FOUND = 20
/** An order's own number, or an id of it at Invoicebox. */
const MOST_NAME = 36

export interface Found {
  readonly members: readonly Member[]
  readonly payments: readonly PaymentHit[]
  readonly orders: readonly Order[]
  readonly hasMore: boolean
}

/**
 * Members, payments and top-ups by whatever was typed. The look is written down for each member it shows.
 */
export async function findAnything({ db, clock, knownOrganisations }: SearchDeps, typed: string, staff: StaffActor): Promise<Found> {
  const text = typed.trim()
  if (text === '' || hasControlCharacter(text)) return { members: [], payments: [], orders: [], hasMore: false }
  const whole = !may(staff, 'members.read-personal')
  const [members, payments, orders] = await Promise.all([
    searchMembers(db, text, MOST_FOUND + 1, { whole }),
    searchPayments(db, text, MOST_FOUND + 1, await knownOrganisations(staff)),
    text.length <= MOST_NAME ? listOrders(db, { name: text }, { limit: MOST_FOUND }) : [],
  ])
  const shown = { members: members.slice(0, MOST_FOUND), payments: payments.slice(0, MOST_FOUND), orders }
  await noteSearched(
    { db, clock },
    staff,
    shown.members.map(({ id }) => id),
  )
  return { ...shown, hasMore: members.length > MOST_FOUND || payments.length > MOST_FOUND }
}

/** Where to go at once when there is one thing alone that this can be. */
export function onlyHit({ members, payments, orders, hasMore }: Found): string | undefined {
  if (hasMore || members.length + payments.length + orders.length !== 1) return undefined
  const [member, payment, order] = [members[0], payments[0], orders[0]]
  if (order) return `/admin/orders/${order.number}`
  return member ? `/admin/members/${member.id}` : payment && `/admin/payments/${payment.id}`
}
