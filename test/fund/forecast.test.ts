import { addDays } from '../../src/shared/days'
import type { FundDay } from '../../src/fund/day-store'
import { expectedLevels, forecastFund, weekdayBurn } from '../../src/fund/forecast'
import type { Burn } from '../../src/fund/forecast'

/** 2026-11-16 is a Monday. */
const MONDAY = '2026-11-16'
const rub = (roubles: number): bigint => BigInt(roubles) * 100n

const dayOf = (day: string, spent: bigint, returned = 0n): FundDay => ({
  day,
  opening: 0n,
  deposited: 0n,
  returned,
  spent,
  closing: returned - spent,
})

/** Weeks that end the day before `today`, each with these amounts from Monday to Sunday. */
const weeks = (today: string, count: number, spent: readonly bigint[]): FundDay[] =>
  Array.from({ length: count * 7 }, (_, index) => dayOf(addDays(today, index - count * 7), spent[index % 7] ?? 0n))

const BUSY_WEEKDAYS = [10, 10, 10, 10, 20, 0, 0].map(rub)
const burnOf = (spent: readonly bigint[]): Burn => weekdayBurn(weeks(MONDAY, 8, spent), MONDAY) as Burn

describe('what a weekday usually costs', () => {
  test('is its average over the last eight weeks', () => {
    expect(burnOf(BUSY_WEEKDAYS)).toEqual(BUSY_WEEKDAYS)
    const days = [
      ...weeks(addDays(MONDAY, -28), 4, BUSY_WEEKDAYS),
      ...weeks(
        MONDAY,
        4,
        BUSY_WEEKDAYS.map((spent) => spent * 2n),
      ),
    ]
    expect(weekdayBurn(days, MONDAY)).toEqual([15, 15, 15, 15, 30, 0, 0].map(rub))
  })

  test('leaves weeks without any spending out, and days before the eight weeks', () => {
    const days = [
      ...weeks(
        addDays(MONDAY, -56),
        1,
        BUSY_WEEKDAYS.map((spent) => spent * 100n),
      ),
      ...weeks(addDays(MONDAY, -21), 5, [0n, 0n, 0n, 0n, 0n, 0n, 0n]),
      ...weeks(MONDAY, 3, BUSY_WEEKDAYS),
    ]
    expect(weekdayBurn(days, MONDAY)).toEqual(BUSY_WEEKDAYS)
  })

  test('counts less what came back, never below nothing, and rounds up to a kopeck', () => {
    const week = [dayOf(addDays(MONDAY, -7), 100n, 40n), dayOf(addDays(MONDAY, -6), 10n, 40n)]
    expect(weekdayBurn(week, MONDAY)?.slice(0, 2)).toEqual([60n, 0n])
    expect(weekdayBurn([...weeks(MONDAY, 1, [1n]), ...weeks(addDays(MONDAY, -7), 1, [2n])], MONDAY)?.[0]).toBe(2n)
  })

  test('takes a weekday that was never seen for an average day, and knows nothing without any day', () => {
    const three = [1, 2, 3].map((back) => dayOf(addDays(MONDAY, -back), rub(30)))
    expect(weekdayBurn(three, MONDAY)).toEqual(Array.from({ length: 7 }, () => rub(30)))
    expect(weekdayBurn([], MONDAY)).toBeUndefined()
    expect(weekdayBurn(weeks(MONDAY, 3, [0n]), MONDAY)).toBeUndefined()
  })
})

describe('how long the fund lasts', () => {
  const today = dayOf(MONDAY, 0n)
  const input = { available: rub(60), floor: 0n, today, burn: burnOf(BUSY_WEEKDAYS) }

  test('follows the weekdays: a quiet weekend costs nothing', () => {
    expect(expectedLevels(input, 7).map(({ level }) => level)).toEqual([50, 40, 30, 20, 0, 0, 0, -10].map(rub))
    expect(forecastFund(input)).toMatchObject({ runwayDays: 4, emptyOn: '2026-11-20' })
    expect(forecastFund({ ...input, available: rub(61) })).toMatchObject({ runwayDays: 7, emptyOn: '2026-11-23' })
  })

  test('of today only what has not been spent yet counts', () => {
    const spent = { ...input, available: rub(52), today: dayOf(MONDAY, rub(8)) }
    expect(expectedLevels(spent, 1).map(({ level }) => level)).toEqual([50, 40].map(rub))
    const more = { ...input, available: rub(40), today: dayOf(MONDAY, rub(20)) }
    expect(expectedLevels(more, 1).map(({ level }) => level)).toEqual([40, 30].map(rub))
  })

  test('is now when nothing is available, and unknown when nothing is spent or it would take a year', () => {
    expect(forecastFund({ ...input, available: 0n })).toMatchObject({ runwayDays: 0, emptyOn: MONDAY })
    expect(forecastFund({ ...input, burn: undefined })).toMatchObject({ runwayDays: null, emptyOn: null, advice: null })
    expect(forecastFund({ ...input, available: rub(1_000_000) })).toEqual({ runwayDays: null, emptyOn: null, advice: null })
  })
})

describe('the advised deposit', () => {
  const burn = burnOf([10, 10, 10, 10, 10, 10, 10].map((thousands) => rub(thousands * 1000)))
  const input = { available: rub(105_000), floor: rub(50_000), today: dayOf(MONDAY, 0n), burn }

  test('arrives on the last banking day before the floor is touched, and covers two weeks from there', () => {
    // 95, 85, 75, 65, 55 at the ends of Monday to Friday; below 50 on Saturday. Two weeks after Friday: 105 − 19 × 10 = −85, so 135 are missing.
    expect(forecastFund(input).advice).toEqual({ by: '2026-11-20', amount: rub(140_000) })
  })

  test('does not wait for a weekend, when banks do nothing', () => {
    // Below the floor on Monday the 23rd: the money must be there on Friday.
    expect(forecastFund({ ...input, available: rub(125_000) }).advice).toEqual({ by: '2026-11-20', amount: rub(120_000) })
  })

  test('is due today when the floor is touched today or already, whatever day it is', () => {
    expect(forecastFund({ ...input, available: rub(55_000) }).advice).toEqual({ by: MONDAY, amount: rub(150_000) })
    expect(forecastFund({ ...input, available: rub(40_000) }).advice).toMatchObject({ by: MONDAY })
    const sunday = { ...input, available: rub(40_000), today: dayOf('2026-11-15', 0n) }
    expect(forecastFund(sunday).advice?.by).toBe('2026-11-15')
  })

  test('is what is missing to the floor where nothing is known of the spending, in small steps for small sums', () => {
    expect(forecastFund({ ...input, available: rub(49_500), burn: undefined }).advice).toEqual({ by: MONDAY, amount: rub(1_000) })
  })

  test('is nothing while the fund stays above its floor for two weeks', () => {
    expect(forecastFund({ ...input, available: rub(200_000) }).advice).toBeNull()
    expect(forecastFund({ ...input, available: rub(199_999) }).advice).not.toBeNull()
  })
})
