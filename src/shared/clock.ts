/** The time as the rooms see it. Handed in, so that a test can move it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** Moves a moment by so many milliseconds. */
export const plus = (moment: Date, milliseconds: number): Date => new Date(moment.getTime() + milliseconds)

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
