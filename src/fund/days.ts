import { addDays, dayEnd, dayOf, dayStart } from '../shared/days'
import type { Day } from '../shared/days'
import { MINUTE, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { ACCOUNTS, balanceAfter, entryNumberBefore, firstEntryAt, readAccount } from '../ledger'
import type { FundDeps } from './fund'
import { insertFundDay, lastFundDay, sumIncoming } from './day-store'
import type { FundDay, StoredDay } from './day-store'

/** What forecast and chart look back on. */
const KEPT_DAYS = 63
/** Entries of the day's last moments may still be on their way when the day is over. */
const SETTLED_AFTER_MS = 10 * MINUTE

/**
 * One run of the job that writes down each day of the fund once it is over: what it began and ended with, and what came in and went out. Reads where the days are cut and
 * what came in, never the payments themselves, so a day with a million payments costs as much as a quiet one.
 * @returns how many days were written
 */
export async function closeFundDays({ db, clock }: Pick<FundDeps, 'db' | 'clock'>, zone: string): Promise<number> {
  const now = clock.now()
  const last = await lastFundDay(db)
  let day = last ? addDays(last.day, 1) : await firstDay(db, now, zone)
  let from = last?.lastEntry
  let written = 0
  for (; day !== undefined && dayEnd(day, zone) <= plus(now, -SETTLED_AFTER_MS); day = addDays(day, 1)) {
    const row = await drawDay(db, day, zone, from)
    await inTransaction(db, (tx) => insertFundDay(tx, row))
    from = row.lastEntry
    written++
  }
  return written
}

async function firstDay(db: Db, now: Date, zone: string): Promise<Day | undefined> {
  const first = await firstEntryAt(db, ACCOUNTS.fund)
  if (!first) return undefined
  const [began, oldest] = [dayOf(first, zone), addDays(dayOf(now, zone), -KEPT_DAYS)]
  return began > oldest ? began : oldest
}

/** @param from the last entry of the day before, where that is known */
async function drawDay(db: Db, day: Day, zone: string, from: bigint | undefined): Promise<StoredDay> {
  const first = from ?? (await entryNumberBefore(db, ACCOUNTS.fund, dayStart(day, zone)))
  const lastEntry = await entryNumberBefore(db, ACCOUNTS.fund, dayEnd(day, zone), first)
  return { ...(await sumUp(db, day, first, lastEntry)), lastEntry }
}

async function sumUp(db: Db, day: Day, first: bigint, last: bigint): Promise<FundDay> {
  const [opening, closing] = [await balanceAfter(db, ACCOUNTS.fund, first), await balanceAfter(db, ACCOUNTS.fund, last)]
  const { deposited, returned } = await sumIncoming(db, first, last)
  return { day, opening, deposited, returned, spent: opening + deposited + returned - closing, closing }
}

/** The day that is under way, as far as it has come. */
export async function readToday(db: Db, now: Date, zone: string): Promise<FundDay> {
  const day = dayOf(now, zone)
  const last = await lastFundDay(db)
  const first = last?.day === addDays(day, -1) ? last.lastEntry : await entryNumberBefore(db, ACCOUNTS.fund, dayStart(day, zone))
  return sumUp(db, day, first, (await readAccount(db, ACCOUNTS.fund)).entryCount)
}
