import type { RateLimit, RateLimiter } from './settings'

/** What the X-RateLimit headers say after a request was counted. */
export interface RateVerdict {
  readonly allowed: boolean
  readonly remaining: number
  /** Whole seconds until the window ends. */
  readonly resetSeconds: number
}

export interface RateCounter {
  /** Counts one request of an account. `now`: real milliseconds, so that moving the sandbox clock lifts no limit. A refused request does not count. */
  count(account: string, limit: RateLimit, now: number, limiter?: RateLimiter): RateVerdict
}

/** The moments of the requests that count now, and when the first of them stops to. */
interface Counted {
  readonly moments: number[]
  readonly endsAt: number
}

/** What is left of the counted requests at a moment. */
const REMAINDERS: Readonly<Record<RateLimiter, (counted: Counted | undefined, windowMs: number, now: number) => Counted>> = {
  fixed: (counted, windowMs, now) => same(counted, now) ?? { moments: [], endsAt: (Math.floor(now / windowMs) + 1) * windowMs },
  flexible: (counted, windowMs, now) => same(counted, now) ?? { moments: [], endsAt: now + windowMs },
  'sliding-log': (counted, windowMs, now) => {
    const moments = (counted?.moments ?? []).filter((moment) => moment > now - windowMs)
    return { moments, endsAt: (moments[0] ?? now) + windowMs }
  },
}

const same = (counted: Counted | undefined, now: number): Counted | undefined => (counted && now < counted.endsAt ? counted : undefined)

export function createRateCounter(): RateCounter {
  const accounts = new Map<string, Counted>()
  return {
    count(account, { limit, windowSeconds }, now, limiter = 'flexible') {
      const counted = REMAINDERS[limiter](accounts.get(account), windowSeconds * 1_000, now)
      const allowed = counted.moments.length < limit
      if (allowed) counted.moments.push(now)
      accounts.set(account, counted)
      const resetSeconds = Math.max(1, Math.ceil((counted.endsAt - now) / 1_000))
      return { allowed, remaining: limit - counted.moments.length, resetSeconds }
    },
  }
}
