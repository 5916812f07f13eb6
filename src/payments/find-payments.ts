import type { Knex } from 'knex'
import { bound, engineOf, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { alike, filteredPayments, withinIds } from './list-payments'
import type { PaymentFilter } from './list-payments'
import type { Payment } from './payment'
import { toPayment } from './store'
import type { PaymentRow } from './store'

export interface FoundPayments {
  /** Newest first. */
  readonly payments: readonly Payment[]
  /** Where the search stopped before it had filled its page, to be gone on with from there; null when it looked at everything or the page is full. */
  readonly goOn: { readonly before: string; readonly searchedBackTo: Date } | null
}

interface Page {
  readonly before?: string | undefined
  readonly limit: number
}

/** How much one page looks at, at most, so that it takes as long among ten million payments as among ten thousand. */
interface Reach {
  /** A range of amounts that so few payments are in is looked at whole. */
  readonly few: number
  /** Otherwise so many payments are read one by one. */
  readonly slice: number
}

const REACH: Reach = { few: 20_000, slice: 10_000 }

/**
 * One page of payments, newest first, those after `before`. Ids give the order and an index by amount gives a range, and no index gives both: where the range is rare among
 * the newest, the database would read on to the end of the table. So the newest are looked at along the ids, as far as one page reaches; when that does not fill it, a range
 * that few payments are in is looked at by its index, and of another one the next page goes on from there.
 */
export async function findPayments(db: Db, filter: PaymentFilter, page: Page, reach: Reach = REACH): Promise<FoundPayments> {
  if (!needsReach(filter)) return { payments: ((await filteredPayments(db, filter, page)) as PaymentRow[]).map(toPayment), goOn: null }
  const rows = (await walkedPayments(db, filter, page, reach.slice)) as PaymentRow[]
  const goOn = rows.length < page.limit ? await endOfSlice(db, filter, page, reach.slice) : null
  if (goOn && (await areFew(db, filter, reach.few))) return { payments: await among(db, filter, page, reach.few), goOn: null }
  return { payments: rows.map(toPayment), goOn }
}

/** One amount, a member, an invoice and the states that are rare have indexes in the order of the ids, or that lead to few. */
const needsReach = ({ least, most, state, memberId, invoice }: PaymentFilter): boolean =>
  (least !== undefined || most !== undefined) &&
  least !== most &&
  (state === undefined || state === 'captured') &&
  memberId === undefined &&
  invoice === undefined

/** The ids in the range, so many of them. In the order of the index by amount, so that the database reads nothing else for it. */
function rangeOf(db: Db, { least, most }: PaymentFilter, limit: number): Knex.QueryBuilder {
  const query = db('payments').select('id').orderBy(['amount', 'id']).limit(limit)
  if (least !== undefined) void query.where('amount', '>=', bound(least))
  if (most !== undefined) void query.where('amount', '<=', bound(most))
  return query
}

async function areFew(db: Db, filter: PaymentFilter, few: number): Promise<boolean> {
  const rows: { count: unknown }[] = await db.from(rangeOf(db, filter, few + 1).as('in_range')).select(db.raw('count(*) as count'))
  return Number(rows[0]?.count) <= few
}

/** So many ids are taken out of the range at a time, and so many of them go into one statement. */
const [IDS, CHUNK] = [1_000, 200]

/** One page out of a range that few payments are in. */
async function among(db: Db, filter: PaymentFilter, page: Page, few: number): Promise<Payment[]> {
  const found: PaymentRow[] = []
  for (let { before } = page; ;) {
    const newest = withinIds(db.from(rangeOf(db, filter, few).as('in_range')), filter)
      .orderBy('id', 'desc')
      .limit(IDS)
    if (before !== undefined) void newest.where('id', '<', before)
    const ids = (await newest.pluck('id')) as string[]
    for (let from = 0; from < ids.length && found.length < page.limit; from += CHUNK) {
      const query = filteredPayments(db, filter, { limit: page.limit - found.length })
      found.push(...((await query.whereIn('id', ids.slice(from, from + CHUNK))) as PaymentRow[]))
    }
    before = ids.at(-1)
    if (ids.length < IDS || found.length === page.limit) return found.map(toPayment)
  }
}

/** The payments that one page looks at, whether they fit or not. */
function sliceOf(db: Db, filter: PaymentFilter, { before }: Page, slice: number): Knex.QueryBuilder {
  const query = withinIds(db('payments'), filter).orderBy('id', 'desc').limit(slice)
  return before === undefined ? query : query.where('id', '<', before)
}

/** The query alone, so that a test may ask the database how it would go about it. */
export const walkedPayments = (db: Db, filter: PaymentFilter, page: Page, slice = REACH.slice): Knex.QueryBuilder =>
  alike(
    db
      .select('*')
      .from(sliceOf(db, filter, page, slice).select('*').as('looked_at'))
      .orderBy('id', 'desc')
      .limit(page.limit),
    filter,
    engineOf(db),
  )

/** Where a slice ends, or null when it was not full: then nothing is left behind it. */
async function endOfSlice(db: Db, filter: PaymentFilter, page: Page, slice: number): Promise<FoundPayments['goOn']> {
  const [end] = await db
    .from(sliceOf(db, filter, page, slice).select('id').as('looked_at'))
    .select<{ id: string; count: unknown }[]>(db.raw('min(id) as id, count(*) as count'))
  if (!end || Number(end.count) < slice) return null
  const [row] = await db('payments').where({ id: end.id }).select<{ created_at: Date | string }[]>('created_at')
  return row ? { before: end.id, searchedBackTo: moment(row.created_at) } : null
}
