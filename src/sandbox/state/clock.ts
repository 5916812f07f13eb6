/** The sandbox's own time: real time plus an offset that anybody may move. Delays and rate-limit windows stay on real time. */
export interface MovableClock {
  now(): Date
  offsetSeconds(): number
  moveTo(moment: Date): void
  setOffset(seconds: number): void
}

/** @param onMove told after each move, since what lay ahead may be due now */
export function createClock(onMove: () => void = () => undefined): MovableClock {
  let offset = 0
  return {
    now: () => new Date(Date.now() + offset),
    offsetSeconds: () => Math.round(offset / 1_000),
    moveTo(moment) {
      offset = moment.getTime() - Date.now()
      onMove()
    },
    setOffset(seconds) {
      offset = seconds * 1_000
      onMove()
    },
  }
}

const DATETIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** An ISO 8601 moment or date; a missing offset means UTC. Undefined for anything else. */
export function toMoment(text: string): Date | undefined {
  const match = DATETIME.exec(text)
  if (!match) return undefined
  const zoned = match[1] || text.length === 10 ? text : `${text}Z`
  const moment = new Date(zoned.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  return Number.isNaN(moment.getTime()) ? undefined : moment
}

/** `2026-03-05T09:30:00+00:00`, the only form the API emits. */
export const toAtom = (moment: Date): string => `${moment.toISOString().slice(0, 19)}+00:00`
