import { createTexts } from './index'
import type { Language } from './index'
import { MINUTE } from '../clock'
import type { Money, Unit } from '../money'

const NO_BREAK_SPACE = '\u00a0'
const MINUS = '\u2212'

const texts = createTexts()

const SIGNS = { RUB: '₽', USD: '$', EUR: '€', GBP: '£', CNY: '¥', UZS: 'UZS' } as const satisfies Record<Exclude<Unit, 'PTS'>, string>

/** Russian asks for another case after «не хватает»: 1 балла, 2 баллов. English has one form. */
export type PointsCase = 'points' | 'points_genitive'

/**
 * An amount as a person reads it: `10 000,00 ₽`, `10 000 баллов`, `₽10,000.00`, `10,000 points`, with no-break spaces throughout.
 * Points show decimals only when there are any. Nothing passes through a floating-point number.
 */
export function formatMoney({ minor, unit }: Money, language: Language, pointsCase: PointsCase = 'points'): string {
  const size = minor < 0n ? -minor : minor
  const sign = minor < 0n ? MINUS : ''
  const whole = groupThousands(size / 100n, language)
  const decimals = String(size % 100n).padStart(2, '0')
  const point = language === 'ru' ? ',' : '.'
  if (unit === 'PTS') {
    const amount = `${sign}${whole}${size % 100n === 0n ? '' : point + decimals}`
    return texts
      .translator(language)(pointsCase, { amount, count: pluralCount(size) })
      .replaceAll(' ', NO_BREAK_SPACE)
  }
  return withCurrency(sign, `${whole}${point}${decimals}`, SIGNS[unit], language)
}

/** On a button whole roubles stand without their kopecks: «Пополнить на 1 240 ₽». */
export function formatWhole(amount: Money, language: Language): string {
  const text = formatMoney(amount, language)
  return amount.minor % 100n === 0n ? text.replace(/[.,]00(?!\d)/, '') : text
}

function withCurrency(sign: string, amount: string, currency: string, language: Language): string {
  if (language === 'ru') return `${sign}${amount}${NO_BREAK_SPACE}${currency}`
  return `${sign}${currency}${currency.length > 1 ? NO_BREAK_SPACE : ''}${amount}`
}

const groupThousands = (whole: bigint, language: Language): string =>
  whole.toString().replace(/\B(?=(\d{3})+$)/g, language === 'ru' ? NO_BREAK_SPACE : ',')

/** A whole number as a person reads it: `3 322`, `3,322`. */
export const formatCount = (count: number, language: Language): string => groupThousands(BigInt(count), language)

/** A share in whole per cent, rounded down: `12 %` with a no-break space, `12%`. What is more than nothing is never told as nothing: `< 1 %`, `<1%`. */
export function formatShare(part: bigint, whole: bigint, language: Language): string {
  const percent = (part * 100n) / whole
  const space = language === 'ru' ? NO_BREAK_SPACE : ''
  const isLess = part > 0n && percent === 0n
  return `${isLess ? `<${space}` : ''}${groupThousands(isLess ? 1n : percent, language)}${space}%`
}

/** The number that picks the plural form. A fraction always takes the form `other`, whatever its digits, so any fraction stands for all. */
const pluralCount = (size: bigint): number => (size % 100n === 0n ? Number(size / 100n) : 0.5)

/** `01.01.24 23:15 МСК`, `1 Jan 2024, 23:15 MSK`. Zones other than Moscow's show their distance from Greenwich. */
export function formatMoment(date: Date, language: Language, zone = 'Europe/Moscow'): string {
  const name = `${language} ${zone} ${Math.floor(date.getTime() / MINUTE)}`
  const known = formatted.get(name)
  if (known !== undefined) return known
  const text = momentText(date, language, zone)
  if (formatted.size >= MOST_FORMATTED) formatted.clear()
  formatted.set(name, text)
  return text
}

/** Every page of an invoice tells the same minute, and so do the lines of one payment. */
const formatted = new Map<string, string>()
const MOST_FORMATTED = 10_000

/** The same to the second, `01.01.24 23:15:09 МСК`: where steps follow each other within a minute. */
export const formatSecond = (date: Date, language: Language, zone: string): string => momentText(date, language, zone, true)

function momentText(date: Date, language: Language, zone: string, withSeconds = false): string {
  const part = datePart(date, zone)
  const time = `${part('hour')}:${part('minute')}${withSeconds ? `:${part('second')}` : ''}`
  const zoneName = zone === 'Europe/Moscow' ? (language === 'ru' ? 'МСК' : 'MSK') : part('timeZoneName')
  const day = language === 'ru' ? `${part('day')}.${part('month')}.${part('year').slice(-2)}` : englishDay(date, zone)
  return `${day}${language === 'ru' ? '' : ','} ${time} ${zoneName}`
}

/** A zone as the head of a column names it. Others than Moscow keep their full name: how far they are from Greenwich changes with the season. */
export const zoneText = (zone: string, language: Language): string => (zone !== 'Europe/Moscow' ? zone : language === 'ru' ? 'МСК' : 'MSK')

type Value = (type: Intl.DateTimeFormatPartTypes) => string

const partsOf = (format: Intl.DateTimeFormat, date: Date): Value => {
  const parts = format.formatToParts(date)
  return (type) => parts.find((part) => part.type === type)?.value ?? ''
}

/** A format costs far more to make than to use, and there are as many as there are zones. */
function keptByZone(make: (timeZone: string) => Intl.DateTimeFormat): (zone: string) => Intl.DateTimeFormat {
  const kept = new Map<string, Intl.DateTimeFormat>()
  return (zone) => {
    const format = kept.get(zone) ?? make(zone)
    kept.set(zone, format)
    return format
  }
}

const numeric = keptByZone(
  (timeZone) =>
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      day: '2-digit',
      month: '2-digit',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    }),
)

const english = keptByZone((timeZone) => new Intl.DateTimeFormat('en-US', { timeZone, day: 'numeric', month: 'short', year: 'numeric' }))

const datePart = (date: Date, zone: string): Value => partsOf(numeric(zone), date)

function englishDay(date: Date, zone: string): string {
  const value = partsOf(english(zone), date)
  return `${value('day')} ${value('month')} ${value('year')}`
}
