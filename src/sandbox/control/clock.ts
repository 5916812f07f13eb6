import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import type { World } from '../state/world'
import { momentField, readBody, wholeField } from './read'

const TWENTY_YEARS = 20 * 366 * 24 * 60 * 60

const clockSchema = z.strictObject({
  now: momentField.optional(),
  offsetSeconds: wholeField(-TWENTY_YEARS, TWENTY_YEARS).optional(),
  advanceSeconds: wholeField(-TWENTY_YEARS, TWENTY_YEARS).optional(),
})

/** `PUT /_sandbox/clock`: to a moment, to an offset from real time, or on by so many seconds (back when negative). It runs on from there. */
export function moveClock(world: World, body: unknown): void {
  const { now, offsetSeconds, advanceSeconds } = readBody(clockSchema, body)
  if ([now, offsetSeconds, advanceSeconds].filter((value) => value !== undefined).length !== 1) {
    throw new ApiRefusal(422, 'validation', 'Give exactly one of: now, offsetSeconds, advanceSeconds.')
  }
  if (now) world.clock.moveTo(now)
  if (offsetSeconds !== undefined) world.clock.setOffset(offsetSeconds)
  if (advanceSeconds !== undefined) world.clock.moveTo(advanced(world, advanceSeconds))
}

/** Repeated steps must not carry the clock out of the calendar. */
function advanced(world: World, seconds: number): Date {
  const moment = new Date(world.clock.now().getTime() + seconds * 1_000)
  const year = moment.getUTCFullYear()
  if (year >= 1971 && year <= 9000) return moment
  throw new ApiRefusal(422, 'validation', 'The clock stays between the years 1971 and 9000.')
}

export const presentClock = ({ clock }: World) => ({ now: clock.now().toISOString(), offsetSeconds: clock.offsetSeconds() })
