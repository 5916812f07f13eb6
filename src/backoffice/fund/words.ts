import type { FundOutlook } from '../../fund'
import { addDays, weekdayOf } from '../../shared/days'
import type { Day } from '../../shared/days'
import type { Money } from '../../shared/money'
import type { Language, Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'

interface Reader {
  readonly language: Language
  readonly t: Translate
}

/** `04.12.2026`, `4 Dec 2026`. */
export function dayText(day: Day, language: Language): string {
  const [year = '', month = '', date = ''] = day.split('-')
  if (language === 'ru') return `${date}.${month}.${year}`
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  )
}

/** `04.12`, for an axis. */
export const shortDay = (day: Day): string => `${day.slice(8)}.${day.slice(5, 7)}`

/** An amount of whole roubles without its kopecks: `350 000 ₽`. */
export const wholeRoubles = (amount: Money, language: Language): string => formatMoney(amount, language).replace(/[.,]00(?=\D*$)/, '')

const WEEKDAYS = ['fund.by.0', 'fund.by.1', 'fund.by.2', 'fund.by.3', 'fund.by.4', 'fund.by.5', 'fund.by.6'] as const

/** «Пополнить до пятницы на 350 000 ₽»: a day within the week is told by its name. */
export function adviceText(advice: NonNullable<FundOutlook['advice']>, today: Day, { language, t }: Reader): string {
  const amount = wholeRoubles(advice.amount, language)
  if (advice.by <= today) return t('fund.advice_today', { amount })
  const name = advice.by < addDays(today, 7) ? WEEKDAYS[weekdayOf(advice.by)] : undefined
  return t('fund.advice_by', { amount, day: name ? t(name) : dayText(advice.by, language) })
}

/** For how long the fund will do, in words. */
export function runwayText({ runwayDays, emptyOn }: FundOutlook, isKnown: boolean, { language, t }: Reader): string {
  if (runwayDays === null || emptyOn === null) return t(isKnown ? 'fund.runway_long' : 'fund.runway_unknown')
  if (runwayDays === 0) return t('fund.runway_today')
  return t('fund.runway', { count: runwayDays, amount: String(runwayDays), day: dayText(emptyOn, language) })
}

const DISTANCES = [
  [1_000_000_000, 'fund.axis.billion'],
  [1_000_000, 'fund.axis.million'],
  [1_000, 'fund.axis.thousand'],
] as const

/** An amount as an axis tells it, in roubles: `1,5 млн`. */
export function axisText(roubles: number, { language, t }: Reader): string {
  const figures = (value: number): string => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value)
  const found = DISTANCES.find(([least]) => Math.abs(roubles) >= least)
  return found ? t(found[1], { amount: figures(roubles / found[0]) }) : figures(roubles)
}
