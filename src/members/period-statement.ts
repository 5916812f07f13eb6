import type { Db } from '../shared/database'
import { addDays, dayOf, dayStart, monthOf } from '../shared/days'
import type { Day } from '../shared/days'
import { Refusal } from '../shared/refusals'
import { balanceAfter, entryNumberBefore, memberAccount, readEntries } from '../ledger'
import type { EntryView } from '../ledger'
import type { FindReceipts, Receipt } from './read-statement'

/** Two days and all between them, in the operator's zone. */
export interface Period {
  readonly from: Day
  readonly to: Day
}

/** A member's statement without its movements: what stood there before the period and after it, as the books wrote it down at the time. */
export interface PeriodStatement {
  readonly memberId: string
  readonly period: Period
  /** Minor units of points. */
  readonly opening: bigint
  readonly closing: bigint
  /** The numbers of the movements: those above `after` and up to `upTo`. */
  readonly after: bigint
  readonly upTo: bigint
}

export interface Movement extends EntryView {
  readonly receipt: Receipt | undefined
}

/** Years of movements may be asked for at once; more than that is a slip of the pen. */
const LONGEST_DAYS = 3_660

/** The period that was asked for, or the month so far. @throws Refusal bad_input (detail: period) */
export function requirePeriod(asked: { readonly from?: Day | undefined; readonly to?: Day | undefined }, now: Date, zone: string): Period {
  const to = asked.to ?? dayOf(now, zone)
  const from = asked.from ?? monthOf(to)
  if (from > to || addDays(from, LONGEST_DAYS) < to) throw new Refusal('bad_input', 'period')
  return { from, to }
}

/** Finds the two ends of a period in a member's books: the same few reads whatever lies between them. Nothing is summed. */
export async function readPeriodStatement(db: Db, memberId: string, period: Period, zone: string): Promise<PeriodStatement> {
  const account = memberAccount(memberId)
  const [after, upTo] = await Promise.all([
    entryNumberBefore(db, account, dayStart(period.from, zone)),
    entryNumberBefore(db, account, dayStart(addDays(period.to, 1), zone)),
  ])
  const [opening, closing] = await Promise.all([balanceAfter(db, account, after), balanceAfter(db, account, upTo)])
  return { memberId, period, opening, closing, after, upTo }
}

interface Deps {
  readonly db: Db
  readonly findReceipts: FindReceipts
}

/** One page of the movements for a reader, newest first; `before` is the number of the last one seen. */
export async function readMovements(
  { db, findReceipts }: Deps,
  { memberId, after, upTo }: PeriodStatement,
  page: { readonly before?: bigint | undefined; readonly limit: number },
): Promise<Movement[]> {
  const last = page.before !== undefined && page.before <= upTo ? page.before - 1n : upTo
  return withReceipts(
    findReceipts,
    await readEntries(db, memberAccount(memberId), { after, upTo: last, limit: page.limit, newestFirst: true }),
  )
}

const PAGE = 500

/** All movements in the order of the books, page by page, so that a file of any length costs the memory of one page. */
export async function* streamMovements({ db, findReceipts }: Deps, statement: PeriodStatement): AsyncGenerator<Movement[]> {
  const { memberId, upTo } = statement
  for (let after = statement.after; after < upTo;) {
    const entries = await readEntries(db, memberAccount(memberId), { after, upTo, limit: PAGE })
    const last = entries.at(-1)
    if (!last) return
    yield await withReceipts(findReceipts, entries)
    after = last.number
  }
}

async function withReceipts(findReceipts: FindReceipts, entries: readonly EntryView[]): Promise<Movement[]> {
  const references = [...new Set(entries.flatMap(({ reference }) => reference ?? []))]
  const receipts: ReadonlyMap<string, Receipt> = references.length > 0 ? await findReceipts(references) : new Map()
  return entries.map((entry) => ({ ...entry, receipt: receipts.get(entry.reference ?? '') }))
}
