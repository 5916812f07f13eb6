import { organisationsOf, searchInvoices } from '../../autopay'
import type { KeptInvoice, Organisation } from '../../autopay'
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
  readonly invoices: readonly KeptInvoice[]
  readonly organisations: readonly Organisation[]
  readonly hasMore: boolean
}

const NOTHING: Found = { members: [], payments: [], orders: [], invoices: [], organisations: [], hasMore: false }

/**
 * Members, payments, top-ups, invoices of organisations and organisations by whatever was typed. The look is written down for each member it shows.
 */
export async function findAnything({ db, clock, knownOrganisations }: SearchDeps, typed: string, staff: StaffActor): Promise<Found> {
  const text = typed.trim()
  if (text === '' || hasControlCharacter(text)) return NOTHING
  const whole = !may(staff, 'members.read-personal')
  const known = await organisationsOf(db, staff)
  const [members, payments, orders, invoices] = await Promise.all([
    searchMembers(db, text, MOST_FOUND + 1, { whole }),
    searchPayments(db, text, MOST_FOUND + 1, await knownOrganisations(staff)),
    text.length <= MOST_NAME ? listOrders(db, { name: text }, { limit: MOST_FOUND }) : [],
    searchInvoices(db, text, MOST_FOUND, known),
  ])
  const shown = { members: members.slice(0, MOST_FOUND), payments: payments.slice(0, MOST_FOUND), orders, invoices }
  await noteSearched(
    { db, clock },
    staff,
    shown.members.map(({ id }) => id),
  )
  const organisations = known.filter(({ vatNumber }) => vatNumber === text)
  return { ...shown, organisations, hasMore: members.length > MOST_FOUND || payments.length > MOST_FOUND }
}

/** Where to go at once when there is one thing alone that this can be. */
export function onlyHit({ members, payments, orders, invoices, organisations, hasMore }: Found): string | undefined {
  const hits = [
    ...members.map(({ id }) => `/admin/members/${id}`),
    ...payments.map(({ id }) => `/admin/payments/${id}`),
    ...orders.map(({ number }) => `/admin/orders/${number}`),
    ...invoices.map(({ id }) => `/admin/autopay/invoices/${id}`),
    ...organisations.map(({ id }) => `/admin/autopay/organisations/${id}`),
  ]
  return hasMore || hits.length !== 1 ? undefined : hits[0]
}
