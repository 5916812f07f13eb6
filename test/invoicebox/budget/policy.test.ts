import { allowedNow, decide, furtherReduction, NONE, RECOVERS_IN_MS } from '../../../src/invoicebox/budget/policy'
import type { Bucket, RequestClass, Waiter } from '../../../src/invoicebox/budget/policy'
import { judge, LIMIT, LIMITERS, percentile, simulate } from './simulation'

const bucket = (more: Partial<Bucket> = {}): Bucket => ({
  limit: LIMIT,
  now: 1_000_000,
  used: NONE,
  soonFree: 0,
  nextFreeAt: null,
  closedForMs: 0,
  allowed: 100,
  pacedUntil: 0,
  wantedElsewhere: NONE,
  ...more,
})
const one = (as: RequestClass, more: Partial<Waiter> = {}): Waiter => ({ as, atLeast: 1, atMost: 1, waitedMs: 0, ...more })
const payment = one('payment', { atLeast: 2, atMost: 2 })

test.each<{ name: string; bucket?: Partial<Bucket>; waiters: Waiter[]; grants: number[] }>([
  {
    name: 'an empty bucket serves buyers at once, and whoever is in no hurry at the pace that all keep together',
    waiters: [one('background'), one('page'), payment],
    grants: [0, 1, 2],
  },
  {
    name: 'the last two slots go to the payment that came last',
    bucket: { used: { ...NONE, page: 10, payment: 88 } },
    waiters: [one('background'), one('page'), payment],
    grants: [0, 0, 2],
  },
  {
    name: 'a payment gets both slots or none, and nobody takes the one that it waits for',
    bucket: { used: { ...NONE, payment: 99 } },
    waiters: [payment, one('page')],
    grants: [0, 0],
  },
  {
    name: 'payments are served in the order in which they came',
    bucket: { used: { ...NONE, payment: 97 } },
    waiters: [payment, payment],
    grants: [2, 0],
  },
  {
    name: "pages take half of the slots at most, and are in nobody's way beyond it",
    bucket: { used: { ...NONE, page: 50 } },
    waiters: [one('page'), payment],
    grants: [0, 2],
  },
  {
    name: 'background leaves six slots to buyers',
    bucket: { used: { ...NONE, payment: 1, background: 93 } },
    waiters: [one('background')],
    grants: [0],
  },
  {
    name: 'slots that are about to be free count for them',
    bucket: { used: { ...NONE, payment: 1, background: 93 }, soonFree: 1 },
    waiters: [one('background')],
    grants: [1],
  },
  {
    name: 'without buyers nothing is left unused',
    bucket: { used: { ...NONE, background: 99 } },
    waiters: [one('background')],
    grants: [1],
  },
  { name: 'background takes one slot at a time', bucket: { pacedUntil: 1_000_001 }, waiters: [one('background')], grants: [0] },
  { name: 'recovery takes a tenth of the slots at once', waiters: [one('recovery', { atLeast: 2, atMost: 51 })], grants: [10] },
  {
    name: 'recovery keeps the pace as background does',
    bucket: { pacedUntil: 1_000_001 },
    waiters: [one('recovery', { atLeast: 2, atMost: 51 })],
    grants: [0],
  },
  {
    name: 'recovery that waited long goes with the payments',
    bucket: { used: { ...NONE, payment: 98 }, pacedUntil: 2_000_000 },
    waiters: [one('recovery', { atLeast: 2, atMost: 51, waitedMs: 5_000 })],
    grants: [2],
  },
  {
    name: 'what another process wants for a payment is not given to a page',
    bucket: { used: { ...NONE, background: 98 }, wantedElsewhere: { ...NONE, payment: 2 } },
    waiters: [one('page'), payment],
    grants: [0, 2],
  },
  { name: 'a closed bucket serves nobody', bucket: { closedForMs: 1 }, waiters: [payment, one('background')], grants: [0, 0] },
  {
    name: 'a limit of one request serves a payment slot by slot',
    bucket: { limit: { requests: 1, windowMs: 1_000 }, allowed: 1 },
    waiters: [payment],
    grants: [1],
  },
])('$name', ({ bucket: state = {}, waiters, grants }) => {
  expect(decide(bucket(state), waiters).grants).toEqual(grants)
})

test('a look is worth while when a slot is free or the pace allows one, at the latest after a sixtieth of the window', () => {
  const wake = (more: Partial<Bucket>): number => decide(bucket({ used: { ...NONE, background: 100 }, ...more }), [payment]).wakeInMs
  expect(wake({ nextFreeAt: 1_000_020 })).toBe(20)
  expect(wake({ nextFreeAt: 1_060_000 })).toBe(500)
  expect(wake({ closedForMs: 7_000 })).toBe(7_000)
  expect(decide(bucket({ pacedUntil: 1_000_150 }), [one('background')]).wakeInMs).toBe(150)
  expect(decide(bucket(), [payment]).wakeInMs).toBe(Infinity)
})

test('a lateness of the pace is made up for once, and no idle time is saved up', () => {
  expect(decide(bucket({ pacedUntil: 999_900 }), [one('background')]).pacedUntil).toBe(1_000_200)
  expect(decide(bucket({ pacedUntil: 5_000 }), [one('background')]).pacedUntil).toBe(1_000_000)
})

test('each 429 takes a fifth away, down to one payment, and all comes back evenly', () => {
  expect(furtherReduction(LIMIT, 100)).toBe(20)
  expect(allowedNow(LIMIT, 20, 0)).toBe(80)
  expect(allowedNow(LIMIT, 20, RECOVERS_IN_MS / 2)).toBe(90)
  expect(allowedNow(LIMIT, 20, RECOVERS_IN_MS)).toBe(100)
  expect(allowedNow(LIMIT, furtherReduction(LIMIT, 80), 0)).toBe(64)
  expect(allowedNow(LIMIT, 100, 0)).toBe(2)
  expect(allowedNow({ requests: 1, windowMs: 1_000 }, 1, 0)).toBe(1)
})

const windows = 16
const idle = simulate({ seed: 7, windows })
const busy = simulate({ seed: 3, windows, paymentsPerSecond: 0.5 })

describe.each(Object.entries(LIMITERS))('simulated against a limiter of the kind %s', (_kind, limiter) => {
  test('endless background uses 0.98 of the window without a refusal', () => {
    const { share, refused } = judge(idle, limiter, windows)
    expect(refused).toBe(0)
    expect(share).toBeGreaterThanOrEqual(0.98)
  })

  test('beside it, one payment in two seconds waits at most a second in 99 of 100 cases, at 0.95 of the window', () => {
    const { share, refused } = judge(busy, limiter, windows)
    expect(refused).toBe(0)
    expect(share).toBeGreaterThanOrEqual(0.95)
    expect(percentile(busy.waits, 0.99)).toBeLessThanOrEqual(1_000)
  })
})
