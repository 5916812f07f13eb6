import { addDays, weekdayOf } from '../shared/days'
import type { Day } from '../shared/days'
import type { FundDay } from './day-store'

/** So many weeks tell what a weekday usually costs. */
export const WEEKS_LOOKED_AT = 8
/** An advised deposit keeps the fund above its floor for so many days after it arrives. */
export const COVERED_DAYS = 14
/** A forecast that does not end within a year says nothing about when it ends. */
const LONGEST_DAYS = 365

/** What a day of each weekday usually takes out of the fund, less what comes back: Monday first, in kopecks. */
export type Burn = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint]

const net = ({ spent, returned }: FundDay): bigint => spent - returned

/**
 * The average of each weekday over the last eight weeks before today. A week in which nothing was spent at all is left out: the gateway was not in use, or the programme
 * stood still. A weekday that no such week has yet is taken for an average day. Undefined while nothing is known. Averages are rounded up: rather too early than too late.
 */
export function weekdayBurn(days: readonly FundDay[], today: Day): Burn | undefined {
  const weeks = Array.from({ length: WEEKS_LOOKED_AT }, (_, week) => {
    const [from, to] = [addDays(today, -7 * (week + 1)), addDays(today, -7 * week)]
    return days.filter(({ day }) => day >= from && day < to)
  })
  const known = weeks.filter((week) => week.some(({ spent }) => spent > 0n)).flat()
  if (known.length === 0) return undefined
  const ordinary = average(known)
  const of = (weekday: number): bigint => {
    const same = known.filter(({ day }) => weekdayOf(day) === weekday)
    return same.length === 0 ? ordinary : average(same)
  }
  return [of(0), of(1), of(2), of(3), of(4), of(5), of(6)]
}

function average(days: readonly FundDay[]): bigint {
  const total = days.reduce((sum, day) => sum + net(day), 0n)
  const count = BigInt(days.length)
  return total <= 0n ? 0n : (total + count - 1n) / count
}

export interface ForecastInput {
  /** In kopecks. */
  readonly available: bigint
  readonly floor: bigint
  /** Today as far as it has come. */
  readonly today: FundDay
  readonly burn: Burn | undefined
}

/** What is expected to be available when a day ends, in kopecks. */
export interface ExpectedLevel {
  readonly day: Day
  readonly level: bigint
}

/** What this day is expected to cost still: of today the part that has not been spent yet. */
function expectedCost({ today, burn }: ForecastInput, day: Day): bigint {
  const usual = burn?.[weekdayOf(day)] ?? 0n
  if (day !== today.day) return usual
  const rest = usual - net(today)
  return rest > 0n ? rest : 0n
}

/** The level at the end of today and of each of the days after it, `days` of them, when nothing is deposited. */
export function expectedLevels(input: ForecastInput, days: number): ExpectedLevel[] {
  let level = input.available
  return Array.from({ length: days + 1 }, (_, index) => {
    const day = addDays(input.today.day, index)
    level -= expectedCost(input, day)
    return { day, level }
  })
}

export interface Advice {
  /** In kopecks, rounded up to thousands of roubles, above 100 000 ₽ to tens of thousands. */
  readonly amount: bigint
  /** The last day on which the money may arrive: a banking day, unless that is too late already; then today. */
  readonly by: Day
}

export interface Forecast {
  /** Whole days from today until the available money is used up, the overdraft not counted: 0 is today. Null when that is a year off or more, or when nothing is known. */
  readonly runwayDays: number | null
  readonly emptyOn: Day | null
  readonly advice: Advice | null
}

/** When the fund will be empty, and what to deposit by when so that it stays above its floor. */
export function forecastFund(input: ForecastInput): Forecast {
  const levels = expectedLevels(input, LONGEST_DAYS)
  const emptyAt = input.available <= 0n ? 0 : levels.findIndex(({ level }) => level <= 0n)
  const isEmptied = emptyAt >= 0 && (input.burn !== undefined || input.available <= 0n)
  return {
    runwayDays: isEmptied ? emptyAt : null,
    emptyOn: isEmptied ? (levels[emptyAt]?.day ?? null) : null,
    advice: advise(input, levels),
  }
}

/** Nothing is advised as long as the fund stays above its floor for the days that a deposit is to cover. */
function advise(input: ForecastInput, levels: readonly ExpectedLevel[]): Advice | null {
  const { available, floor, today } = input
  const low = available < floor ? 0 : levels.slice(0, COVERED_DAYS + 1).findIndex(({ level }) => level < floor)
  const lowOn = levels[low]?.day
  if (low < 0 || lowOn === undefined) return null
  const by = lastBankingDay(addDays(lowOn, -1))
  const arrives = by < today.day ? today.day : by
  const covered = addDays(arrives, COVERED_DAYS)
  const then = levels.find(({ day }) => day === covered)
  const missing = floor - (then?.level ?? available)
  return missing > 0n ? { amount: roundUp(missing), by: arrives } : null
}

/** Banks carry transfers out from Monday to Friday; public holidays are not known here. */
function lastBankingDay(day: Day): Day {
  const weekday = weekdayOf(day)
  return weekday < 5 ? day : addDays(day, 4 - weekday)
}

const THOUSAND = 100_000n

function roundUp(kopecks: bigint): bigint {
  const step = kopecks > 100n * THOUSAND ? 10n * THOUSAND : THOUSAND
  return ((kopecks + step - 1n) / step) * step
}
