import type { Knex } from 'knex'
import { bound, engineOf } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { Day } from '../shared/days'

/** One day of the fund in the operator's zone, in kopecks. `closing` = `opening` + `deposited` + `returned` − `spent`. */
export interface FundDay {
  readonly day: Day
  readonly opening: bigint
  readonly deposited: bigint
  /** Came back to the fund: cancelled payments, and corrections in our favour. */
  readonly returned: bigint
  /** Left the fund: payments, and corrections the other way. */
  readonly spent: bigint
  readonly closing: bigint
}

export interface StoredDay extends FundDay {
  /** The number of the fund's last entry of the day: the next day begins behind it. */
  readonly lastEntry: bigint
}

interface Row extends Omit<StoredDay, 'lastEntry'> {
  last_entry: bigint
}

const toDay = ({ last_entry, ...row }: Row): StoredDay => ({ ...row, lastEntry: last_entry })

export async function lastFundDay(db: Db): Promise<StoredDay | undefined> {
  const row = (await db('fund_days').orderBy('day', 'desc').first()) as Row | undefined
  return row && toDay(row)
}

/** The days that are over, from this one on, in their order. */
export async function readFundDays(db: Db, from: Day): Promise<FundDay[]> {
  return ((await db('fund_days').where('day', '>=', from).orderBy('day')) as Row[]).map(toDay)
}

/** Another process may have written it already: then it stays as it is. */
export async function insertFundDay(tx: Tx, { lastEntry, ...day }: StoredDay): Promise<void> {
  const { opening, deposited, returned, spent, closing } = day
  const amounts = Object.fromEntries(
    Object.entries({ opening, deposited, returned, spent, closing }).map(([name, value]) => [name, bound(value)]),
  )
  await tx('fund_days')
    .insert({ day: day.day, ...amounts, last_entry: bound(lastEntry) })
    .onConflict('day')
    .ignore()
}

/** Entries of the fund by their numbers; what is left out does not bound. */
export interface EntryRange {
  readonly after?: bigint | undefined
  readonly upTo?: bigint | undefined
  readonly before?: bigint | undefined
}

/**
 * The entries by which something came into the fund, along the small index of those alone (migrations/014). SQLite takes it when it is told to; PostgreSQL, when the account
 * stands in the text and nothing else has this order.
 */
function incoming(db: Db, { after, upTo, before }: EntryRange): Knex.QueryBuilder {
  const table = engineOf(db) === 'sqlite' ? 'ledger_entries as e indexed by ledger_entries_fund_in' : 'ledger_entries as e'
  const query = db.from(db.raw(table)).whereRaw(`e.account_id = 'fund' and e.amount > 0`)
  if (after !== undefined) void query.whereRaw('-e.number < ?', [bound(-after)])
  if (upTo !== undefined) void query.whereRaw('-e.number >= ?', [bound(-upTo)])
  if (before !== undefined) void query.whereRaw('-e.number > ?', [bound(-before)])
  return query
}

/** Their numbers, newest first. */
export async function incomingNumbers(db: Db, range: EntryRange, limit: number): Promise<bigint[]> {
  const rows: { number: bigint }[] = await incoming(db, range).orderByRaw('-e.number').limit(limit).select('e.number')
  return rows.map(({ number }) => number)
}

/** What came into the fund with the entries behind `first` up to `last`. */
export async function sumIncoming(db: Db, first: bigint, last: bigint): Promise<{ deposited: bigint; returned: bigint }> {
  const rows: { kind: string; total: bigint | string }[] = await incoming(db, { after: first, upTo: last })
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .groupBy('t.kind')
    .select('t.kind', db.raw('sum(e.amount) as total'))
  // PostgreSQL sums bigint to numeric, which arrives as text.
  const sum = (isDeposit: boolean): bigint =>
    rows.filter(({ kind }) => (kind === 'fund_deposit') === isDeposit).reduce((all, { total }) => all + BigInt(total), 0n)
  return { deposited: sum(true), returned: sum(false) }
}
