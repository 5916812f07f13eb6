import { DAY, plus } from '../shared/clock'
import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { addDays, dayEnd, dayOf, dayStart } from '../shared/days'
import type { Day } from '../shared/days'
import { sumUnpaid, unpaidRows } from './month-report'
import type { Total } from './month-report'

/** What falls due on one day, in kopecks. */
export interface DueDay {
  readonly day: Day
  readonly count: number
  readonly amount: bigint
}

export const WEEK_DAYS = 7

interface WeekOf {
  readonly organisationIds: readonly string[]
  readonly now: Date
  readonly zone: string
}

/** What is under Exceptions and falls due within the seven days, as far as it may still be paid. */
export async function readHeldWeek(db: Db, of: WeekOf): Promise<Total> {
  const end = dayEnd(addDays(dayOf(of.now, of.zone), WEEK_DAYS - 1), of.zone)
  const held = unpaidRows(db, of)
    .where({ 'i.queue': 'exception', 'i.currency': 'RUB' })
    .where('i.due_at', '>', iso(of.now))
    .where('i.due_at', '<', iso(end))
  const sums = await sumUnpaid(held, 'waiting')
  return sums.reduce(({ count, amount }, sum) => ({ count: count + sum.count, amount: amount + sum.amount }), { count: 0, amount: 0n })
}

/** What is to be paid on each of the next seven days, today first. An invoice under Exceptions is not counted: perhaps it will never be paid. */
export async function readDueWeek(db: Db, of: WeekOf): Promise<DueDay[]> {
  const rows: { due_at: Date | string; amount: bigint }[] = await db('autopay_invoices')
    .whereIn('queue', ['new', 'ask', 'due'])
    .whereIn('organisation_id', [...of.organisationIds])
    .where({ currency: 'RUB' })
    .where('due_at', '>', iso(of.now))
    .where('due_at', '<', iso(plus(of.now, (WEEK_DAYS + 1) * DAY)))
    .select('due_at', 'amount')
  const moments = rows.map((row) => ({ at: moment(row.due_at), amount: row.amount }))
  const today = dayOf(of.now, of.zone)
  return Array.from({ length: WEEK_DAYS }, (_, index) => {
    const day = addDays(today, index)
    // Two calendar days are found out once, where the day of each of thousands would take long.
    const [from, to] = [dayStart(day, of.zone), dayEnd(day, of.zone)]
    const due = moments.filter(({ at }) => at >= from && at < to)
    return { day, count: due.length, amount: due.reduce((sum, { amount }) => sum + amount, 0n) }
  })
}
