import { moment } from '../shared/database'
import type { Db } from '../shared/database'
import { dayEnd, dayOf, dayStart, monthOf, nextMonth } from '../shared/days'
import type { Money } from '../shared/money'
import { readTogether } from '../shared/statements'
import { Refusal } from '../shared/refusals'
import type { SpendingLimits } from '../members'

/** The day and the month it is in the operator's time zone. */
export interface Periods {
  readonly day: Date
  readonly month: Date
  readonly nextDay: Date
  readonly nextMonth: Date
}

export function periodsAt(now: Date, zone: string): Periods {
  const today = dayOf(now, zone)
  return {
    day: dayStart(today, zone),
    month: dayStart(monthOf(today), zone),
    nextDay: dayEnd(today, zone),
    nextMonth: dayStart(nextMonth(today), zone),
  }
}

/** Points that a member's payments have taken or hold, in minor units. */
export interface Spent {
  readonly day: bigint
  readonly month: bigint
}

/** A limit that a payment would break. */
export interface OverLimit {
  readonly kind: 'per_payment' | 'per_day' | 'per_month'
  /** Minor units of points. */
  readonly limit: bigint
  /** What is left of it; never below zero. */
  readonly left: bigint
  /** When the same payment may be tried again; null when this limit will never let it pass. */
  readonly liftsAt: Date | null
}

/** The limit that stands in the way the longest, if any does. */
export function findOverLimit(limits: SpendingLimits, spent: Spent, price: bigint, periods: Periods): OverLimit | undefined {
  const over = (kind: OverLimit['kind'], limit: bigint | null, taken: bigint, next: Date | null): OverLimit[] => {
    if (limit === null || taken + price <= limit) return []
    return [{ kind, limit, left: limit > taken ? limit - taken : 0n, liftsAt: price > limit ? null : next }]
  }
  const found = [
    ...over('per_payment', limits.perPayment, 0n, null),
    ...over('per_month', limits.perMonth, spent.month, periods.nextMonth),
    ...over('per_day', limits.perDay, spent.day, periods.nextDay),
  ]
  return found.find(({ liftsAt }) => liftsAt === null) ?? found[0]
}

/** Payments in these states have taken points, or hold them. */
const COUNTED = ['confirming', 'review', 'captured']

const PAGE = 200
/** Ids and moments come from one clock each and agree but for a moment. */
const SLACK_MS = 60_000

interface Row {
  id: string
  state: string
  points: bigint
  created_at: Date | string
}

/**
 * What a member has spent since the day and the month began. Reads the newest payments first and stops before the month: one short read for nearly everybody.
 * @param except payments that do not count, since whoever asks is about to make them
 */
export async function readSpent(db: Db, memberId: string, { day, month }: Periods, except: readonly string[] = []): Promise<Spent> {
  const spent = { day: 0n, month: 0n }
  for (let before: string | undefined; ;) {
    const rows = await newestPayments(db, memberId, before)
    for (const { id, state, points, created_at } of rows) {
      const at = moment(created_at)
      if (at < month || !COUNTED.includes(state) || except.includes(id)) continue
      spent.month += points
      if (at >= day) spent.day += points
    }
    const last = rows.at(-1)
    if (!last || rows.length < PAGE || moment(last.created_at).getTime() < month.getTime() - SLACK_MS) return spent
    before = last.id
  }
}

async function newestPayments(db: Db, memberId: string, before: string | undefined): Promise<Row[]> {
  const older = before === undefined ? '' : 'and id < ?'
  const sql = `select id, state, points, created_at from payments where member_id = ? ${older} order by id desc limit ${PAGE}`
  const [rows = []] = await readTogether(db, [{ sql, values: before === undefined ? [memberId] : [memberId, before] }])
  return rows as Row[]
}

/** A payment that is about to hold points of a member with limits. */
export interface LimitedHold {
  /** Undefined while there is no payment yet. */
  readonly paymentId?: string
  readonly memberId: string
  readonly points: bigint
  readonly limits: SpendingLimits
  readonly periods: Periods
}

export const limitedHold = (
  { memberId, points }: { readonly memberId: string; readonly points: Money },
  limits: SpendingLimits,
  periods: Periods,
): LimitedHold => ({ memberId, points: points.minor, limits, periods })

/**
 * Refuses holds that would break a limit. As a ledger companion it runs in the transaction of the holds, where the members' accounts are locked: of two payments that
 * arrive together, at whatever instance, the second sees the first. A refusal takes the batch back; its neighbours are then written without it.
 * @throws Refusal spending_limit (detail: which limit)
 */
export async function refuseOverLimit(db: Db, holds: readonly LimitedHold[]): Promise<void> {
  const ids = holds.flatMap(({ paymentId }) => paymentId ?? [])
  const sums = new Map<string, Spent>()
  for (const { memberId, points, limits, periods } of holds) {
    const spent = sums.get(memberId) ?? (await readSpent(db, memberId, periods, ids))
    const over = findOverLimit(limits, spent, points, periods)
    if (over) throw new Refusal('spending_limit', over.kind)
    sums.set(memberId, { day: spent.day + points, month: spent.month + points })
  }
}
