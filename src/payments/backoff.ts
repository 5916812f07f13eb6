import { HOUR, MINUTE, SECOND } from '../shared/clock'

/** How long after the n-th attempt without a definite answer the question is repeated. The sum is about 24 hours; then a person decides. */
const PAUSES_MS = [
  2 * SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  ...Array<number>(22).fill(HOUR),
  1.1 * HOUR,
]

/**
 * The pause after `attempts` attempts, never shorter than what Invoicebox asked for; undefined when the question was asked often enough.
 * Counted in attempts and not in hours: a clock that jumps ten years ahead must not end a payment.
 */
export function pauseAfter(attempts: number, retryAfterMs = 0): number | undefined {
  const pause = PAUSES_MS[attempts - 1]
  return pause === undefined ? undefined : Math.max(pause, retryAfterMs)
}

/** After so many attempts a person decides; one more may be under way. */
export const MOST_ATTEMPTS = PAUSES_MS.length + 1

/** No pause is longer than this: a payment that is due later than that was scheduled by a clock that was wrong. */
export const LONGEST_PAUSE_MS = 2 * HOUR
