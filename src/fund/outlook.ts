import { addDays } from '../shared/days'
import type { Day } from '../shared/days'
import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money, Rate } from '../shared/money'
import { ACCOUNTS, readAccounts } from '../ledger'
import { readToday } from './days'
import { readFundDays } from './day-store'
import type { FundDay } from './day-store'
import { expectedLevels, forecastFund, weekdayBurn, WEEKS_LOOKED_AT, COVERED_DAYS } from './forecast'
import type { Burn, ExpectedLevel, ForecastInput } from './forecast'
import type { Fund } from './fund'
import { readFund } from './show-fund'

export interface OutlookAt {
  readonly now: Date
  /** The operator's time zone. */
  readonly zone: string
  /** Points for a rouble. */
  readonly rate: Rate
}

/** Whether the fund will last. */
export interface FundOutlook {
  readonly available: Money
  readonly floor: Money
  /** Whole days until the available money is used up, 0 is today; null when that is a year off or more, or when too little is known. */
  readonly runwayDays: number | null
  readonly emptyOn: Day | null
  /** What to deposit by the end of which day; null when nothing need be. */
  readonly advice: { readonly amount: Money; readonly by: Day } | null
  readonly coverage: Coverage
}

/** What members could spend against what is there to pay for it. */
export interface Coverage {
  /** All points that members have, what is held for open payments included. */
  readonly outstanding: Money
  /** What they are worth at the rate, rounded up. */
  readonly worth: Money
  /** The whole fund, what is held for open payments included, since those points count above too. */
  readonly balance: Money
  /** In whole per cent, rounded down; null when there are no points. */
  readonly percent: number | null
}

/** The outlook with everything that the fund's own page shows besides. */
export interface FundPicture extends FundOutlook {
  readonly fund: Fund
  /** The days that are over, oldest first, then today as far as it has come. */
  readonly days: readonly FundDay[]
  readonly burn: Burn | undefined
  readonly expected: readonly ExpectedLevel[]
}

export async function readFundPicture(db: Db, { now, zone, rate }: OutlookAt): Promise<FundPicture> {
  const [fund, today] = [await readFund(db), await readToday(db, now, zone)]
  const days = await readFundDays(db, addDays(today.day, -7 * WEEKS_LOOKED_AT))
  const burn = weekdayBurn(days, today.day)
  const input: ForecastInput = { available: fund.available.minor, floor: fund.floor.minor, today, burn }
  const { advice, ...forecast } = forecastFund(input)
  return {
    ...forecast,
    fund,
    available: fund.available,
    floor: fund.floor,
    advice: advice && { amount: money(advice.amount, 'RUB'), by: advice.by },
    coverage: await readCoverage(db, fund, rate),
    days: [...days.filter(({ day }) => day < today.day), today],
    burn,
    expected: burn ? expectedLevels(input, COVERED_DAYS) : [],
  }
}

/** For the home page. */
export const readFundOutlook = (db: Db, at: OutlookAt): Promise<FundOutlook> => readFundPicture(db, at)

/** Where points are that no member has. All points together are zero, so the members have the opposite of these: nobody need be added up. */
const NOT_OF_MEMBERS = [ACCOUNTS.program, ACCOUNTS.redeemed, ACCOUNTS.expired, ACCOUNTS.adjusted]

async function readCoverage(db: Db, { balance }: Fund, { numerator, denominator }: Rate): Promise<Coverage> {
  const others = await readAccounts(db, NOT_OF_MEMBERS)
  const points = -others.reduce((sum, account) => sum + account.balance, 0n)
  const worth = (points * denominator + numerator - 1n) / numerator
  return {
    outstanding: money(points, 'PTS'),
    worth: money(worth, 'RUB'),
    balance,
    percent: worth <= 0n ? null : Number((balance.minor * 100n) / worth),
  }
}
