import { DAY } from './clock'

/** A calendar day as `2026-11-22`. */
export type Day = string

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)$/

/** Between 1970 and 2999: what lies outside is a slip of the hand, and years near the ends cannot be reckoned with. */
export const isDay = (text: string): text is Day =>
  SHAPE.test(text) &&
  text > '1970-01-01' &&
  text < '2999-12-31' &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  addDays(text, 0) === text

const formats = new Map<string, Intl.DateTimeFormat>()

/** A format costs far more to make than to use. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const kept = formats.get(timeZone)
  if (kept) return kept
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  formats.set(timeZone, made)
  return made
}

function wallClock(at: Date, zone: string): { day: Day; ms: number } {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = parts
  return { day: `${year}-${month}-${day}`, ms: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) }
}

/** The day it is in a time zone at a moment. */
export const dayOf = (at: Date, zone: string): Day => wallClock(at, zone).day

/** The day so many days later, or earlier when the number is negative. */
export const addDays = (day: Day, days: number): Day => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10)

/** The first moment of a day in a time zone. Where the clocks are put forward over midnight, the day begins when they have been. */
export function dayStart(day: Day, zone: string): Date {
  const wanted = Date.parse(`${day}T00:00:00Z`)
  // The zone's distance from Greenwich may differ between the guess and the answer, so the answer is guessed twice.
  const guess = wanted - (wallClock(new Date(wanted), zone).ms - wanted)
  const start = guess - (wallClock(new Date(guess), zone).ms - wanted)
  return new Date(dayOf(new Date(start), zone) < day ? start + (wanted - wallClock(new Date(start), zone).ms) : start)
}

/** The first moment of the day after: where a period that includes the day ends. */
export const dayEnd = (day: Day, zone: string): Date => dayStart(addDays(day, 1), zone)

/** The first day of a day's month. */
export const monthOf = (day: Day): Day => `${day.slice(0, 7)}-01`

/** The first day of the month after. */
export const nextMonth = (day: Day): Day => monthOf(addDays(monthOf(day), 31))

/** 0 is Monday, 6 is Sunday. */
export const weekdayOf = (day: Day): number => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
