import type { Knex } from 'knex'
import { HOUR, plus } from '../shared/clock'
import { bound, engineOf, iso } from '../shared/database'
import type { Db, Engine } from '../shared/database'
import { firstIdAt, looksLikeId } from '../shared/ids'
import type { PaymentState } from './states'

/** What staff look for. Everything that is absent does not narrow the list. */
export interface PaymentFilter {
  readonly state?: PaymentState | undefined
  /** Created at that moment or later. */
  readonly from?: Date | undefined
  /** Created before that moment. */
  readonly until?: Date | undefined
  /** Amounts of the invoice in minor units, both included. */
  readonly least?: bigint | undefined
  readonly most?: bigint | undefined
  readonly memberId?: string | undefined
  /** Payments of organisations are shown of these alone; undefined shows all of them. */
  readonly organisations?: readonly string[] | undefined
  /** The number of an invoice, or its id. */
  readonly invoice?: string | undefined
}

/**
 * The query for one page of payments, newest first, those after `before`. The order is that of the ids, which grow with time; what narrows the list has an index
 * (migrations/013 and 022), but for a range of amounts among those that are captured, which `findPayments` looks at in parts.
 */
export function filteredPayments(
  db: Db,
  filter: PaymentFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Knex.QueryBuilder {
  const query = db('payments').select('payments.*').orderBy('id', 'desc').limit(page.limit)
  if (page.before !== undefined) void query.where('id', '<', page.before)
  return alike(withinIds(query, filter), filter, engineOf(db))
}

/** Narrows a query to the payments that fit. */
export function alike(query: Knex.QueryBuilder, filter: PaymentFilter, engine: Engine): Knex.QueryBuilder {
  if (filter.state !== undefined) ofState(query, filter.state, engine)
  if (filter.memberId !== undefined) void query.where('member_id', filter.memberId)
  if (filter.invoice !== undefined)
    void (looksLikeId(filter.invoice)
      ? query.where('invoice_id', filter.invoice.toLowerCase())
      : query.where('invoice_number', filter.invoice))
  if (filter.least !== undefined) void query.where('amount', '>=', bound(filter.least))
  if (filter.most !== undefined) void query.where('amount', '<=', bound(filter.most))
  if (filter.organisations !== undefined) void query.where(ofMembersOr(filter.organisations))
  if (filter.from) void query.where('created_at', '>=', iso(filter.from))
  if (filter.until) void query.where('created_at', '<', iso(filter.until))
  return query
}

/** SQLite takes a partial index only where its very words stand in the statement; PostgreSQL sees by itself that it may, and would take them for one more filter. */
function ofState(query: Knex.QueryBuilder, state: PaymentState, engine: Engine): void {
  void query.where('state', state)
  if (engine === 'postgres' || state === 'captured') return
  void query.whereRaw(`state <> 'captured'`)
  if (state !== 'confirming') void query.whereRaw(`state not in ('captured', 'confirming')`)
}

/** What somebody may know of: payments of members, and of these organisations. */
export const ofMembersOr =
  (organisations: readonly string[]) =>
  (query: Knex.QueryBuilder): void =>
    void query.whereNull('organisation_id').orWhereIn('organisation_id', [...organisations])

/** An id tells when it was made, to the millisecond; the clock that wrote `created_at` was read a moment earlier. */
const APART_MS = HOUR

/** Narrows a query to the ids of the time that is asked for, so that its index is read there alone. */
export function withinIds(query: Knex.QueryBuilder, { from, until }: Pick<PaymentFilter, 'from' | 'until'>): Knex.QueryBuilder {
  if (from) void query.where('id', '>=', firstIdAt(plus(from, -APART_MS)))
  if (until) void query.where('id', '<', firstIdAt(plus(until, APART_MS)))
  return query
}
