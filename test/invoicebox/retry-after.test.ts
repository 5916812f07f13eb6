import { readRateLimitWait, readRetryAfter } from '../../src/invoicebox/retry-after'

const NOW = new Date('2026-03-05T10:00:00Z')

describe('Retry-After is bounded, whatever it says', () => {
  test.each<[string, number | null]>([
    ['7', 7_000],
    ['0', 1_000],
    ['-30', 1_000],
    ['1.5', 1_500],
    ['86400', 300_000],
    ['99999999999999999999999', 300_000],
    ['9'.repeat(400), 300_000],
    ['Thu, 05 Mar 2026 10:00:20 GMT', 20_000],
    ['Thu, 05 Mar 2026 09:00:00 GMT', 1_000],
    ['Thu, 05 Mar 2036 10:00:00 GMT', 300_000],
    ['soon', null],
    ['', null],
    ['1e9', null],
    ['NaN', null],
  ])('%j', (text, milliseconds) => {
    expect(readRetryAfter({ 'retry-after': text }, NOW)).toBe(milliseconds)
  })

  test('absent is absent', () => {
    expect(readRetryAfter({}, NOW)).toBeNull()
  })

  test('of several the first counts', () => {
    expect(readRetryAfter({ 'retry-after': ['3', '300'] }, NOW)).toBe(3_000)
  })

  test('a date is measured against the answer’s own date, so that a wrong clock changes nothing', () => {
    const headers = { date: 'Thu, 05 Mar 2026 10:00:00 GMT', 'retry-after': 'Thu, 05 Mar 2026 10:00:20 GMT' }
    for (const now of [NOW, new Date('2016-03-05T10:00:00Z'), new Date('2036-03-05T10:00:00Z')])
      expect(readRetryAfter(headers, now)).toBe(20_000)
  })
})

test('a 429 without a readable Retry-After waits for the window’s reset, or else for the whole window', () => {
  expect(readRateLimitWait({ 'retry-after': 'soon', 'ratelimit-reset': '4' }, NOW)).toBe(4_000)
  expect(readRateLimitWait({ 'x-ratelimit-reset': '5' }, NOW)).toBe(5_000)
  expect(readRateLimitWait({ 'retry-after': '2', 'ratelimit-reset': '9' }, NOW)).toBe(2_000)
  expect(readRateLimitWait({ 'ratelimit-reset': 'x' }, NOW)).toBe(30_000)
  expect(readRateLimitWait({}, NOW)).toBe(30_000)
})
