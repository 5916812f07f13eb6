import type { Knex } from 'knex'
import { HOUR, plus } from '../shared/clock'
import { bound, engineOf, iso } from '../shared/database'
import type { Db, Engine } from '../shared/database'
import { firstIdAt, looksLikeId } from '../shared/ids'
import type { Payment } from './payment'
import type { PaymentState } from './states'
import { toPayment } from './store'
import type { PaymentRow } from './store'

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
 * One page of payments, newest first, those after `before`. Every filter finds its rows by an index (migrations/013 and 022), also among ten million: the order is that of the ids,
 * which grow with time.
 */
export async function pagePayments(
  db: Db,
  filter: PaymentFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<Payment[]> {
  return ((await filteredPayments(db, filter, page)) as PaymentRow[]).map(toPayment)
}

/** The query alone, so that a test may ask the database how it would go about it. */
export function filteredPayments(
  db: Db,
  filter: PaymentFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Knex.QueryBuilder {
  const query = db('payments').select('payments.*').orderBy('id', 'desc').limit(page.limit)
  if (page.before !== undefined) void query.where('id', '<', page.before)
  if (filter.state !== undefined) ofState(query, filter.state, engineOf(db))
  if (filter.memberId !== undefined) void query.where('member_id', filter.memberId)
  if (filter.invoice !== undefined)
    void (looksLikeId(filter.invoice)
      ? query.where('invoice_id', filter.invoice.toLowerCase())
      : query.where('invoice_number', filter.invoice))
  if (filter.least !== undefined) void query.where('amount', '>=', bound(filter.least))
  if (filter.most !== undefined) void query.where('amount', '<=', bound(filter.most))
  if (filter.organisations !== undefined) void query.where(ofMembersOr(filter.organisations))
  return within(query, filter)
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

function within(query: Knex.QueryBuilder, { from, until }: PaymentFilter): Knex.QueryBuilder {
  if (from) void query.where('created_at', '>=', iso(from)).where('id', '>=', firstIdAt(plus(from, -APART_MS)))
  if (until) void query.where('created_at', '<', iso(until)).where('id', '<', firstIdAt(plus(until, APART_MS)))
  return query
}
