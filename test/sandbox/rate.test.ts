import { createRateCounter } from '../../src/sandbox/state/rate'
import type { RateLimiter } from '../../src/sandbox/state/settings'

const LIMIT = { limit: 2, windowSeconds: 10 }
/** What a limiter says to requests at these seconds. */
const said = (limiter: RateLimiter, seconds: readonly number[]): boolean[] => {
  const counter = createRateCounter()
  return seconds.map((second) => counter.count('ours', LIMIT, second * 1_000, limiter).allowed)
}

test.each<{ limiter: RateLimiter; seconds: number[]; allowed: boolean[]; why: string }>([
  {
    limiter: 'fixed',
    seconds: [9, 9.5, 9.9, 10, 10.1, 10.2],
    allowed: [true, true, false, true, true, false],
    why: 'windows follow the clock',
  },
  {
    limiter: 'flexible',
    seconds: [9, 9.5, 9.9, 10, 18.9, 19],
    allowed: [true, true, false, false, false, true],
    why: 'the first request opens the window',
  },
  {
    limiter: 'sliding-log',
    seconds: [0, 9, 9.9, 10, 10.1, 19, 20],
    allowed: [true, true, false, true, false, true, true],
    why: 'any span of one window counts',
  },
])('$limiter: $why', ({ limiter, seconds, allowed }) => {
  expect(said(limiter, seconds)).toEqual(allowed)
})

test('each says what is left and when to come back', () => {
  const counter = createRateCounter()
  expect(counter.count('ours', LIMIT, 4_000, 'sliding-log')).toEqual({ allowed: true, remaining: 1, resetSeconds: 10 })
  expect(counter.count('ours', LIMIT, 6_500, 'sliding-log')).toEqual({ allowed: true, remaining: 0, resetSeconds: 8 })
  expect(counter.count('ours', LIMIT, 7_500, 'sliding-log')).toEqual({ allowed: false, remaining: 0, resetSeconds: 7 })
  expect(counter.count('theirs', LIMIT, 7_500, 'sliding-log').allowed).toBe(true)
})
