import { MINUTE, SECOND } from '../shared/clock'

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export const SHORTEST_WAIT_MS = SECOND
export const LONGEST_WAIT_MS = 5 * MINUTE
/** One window of the documented limit, 100 requests in 30 s (2.7). */
export const DEFAULT_WAIT_MS = 30 * SECOND

/** These headers are undocumented, so each is optional; the first that can be read wins (2.7). */
const SECONDS_HEADERS = ['ratelimit-reset', 'x-ratelimit-reset'] as const

/**
 * How long Invoicebox asks us to wait, in milliseconds between 1 s and 5 min; `null` when it does not say.
 * `Retry-After` may be whole seconds or an HTTP date. A date is measured against the answer's own `Date`, so that a wrong clock
 * on either side changes nothing; `now` is used only without one.
 */
export function readRetryAfter(headers: Headers, now: Date): number | null {
  const text = headerText(headers, 'retry-after')
  const asked = text === null ? null : (fromSeconds(text) ?? fromDate(text, headers, now))
  return asked === null ? null : bounded(asked)
}

/** The same for a 429, which always means a wait: without `Retry-After` the window's reset, without that the whole window. */
export function readRateLimitWait(headers: Headers, now: Date): number {
  const asked = readRetryAfter(headers, now)
  if (asked !== null) return asked
  for (const name of SECONDS_HEADERS) {
    const seconds = fromSeconds(headerText(headers, name) ?? '')
    if (seconds !== null) return bounded(seconds)
  }
  return DEFAULT_WAIT_MS
}

export function headerText(headers: Headers, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value)?.trim() ?? null
}

const fromSeconds = (text: string): number | null => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) * SECOND : null)

function fromDate(text: string, headers: Headers, now: Date): number | null {
  const moment = Date.parse(text)
  if (Number.isNaN(moment)) return null
  const sentAt = Date.parse(headerText(headers, 'date') ?? '')
  return moment - (Number.isNaN(sentAt) ? now.getTime() : sentAt)
}

const bounded = (milliseconds: number): number => Math.round(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, milliseconds)))
