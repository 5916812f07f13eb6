import type { RateLimit } from './settings'

/** What the X-RateLimit headers say after a request was counted. */
export interface RateVerdict {
  readonly allowed: boolean
  readonly remaining: number
  /** Whole seconds until the window ends. */
  readonly resetSeconds: number
}

export interface RateCounter {
  /** Counts one request of an account. `now`: real milliseconds, so that moving the sandbox clock lifts no limit. */
  count(account: string, limit: RateLimit, now: number): RateVerdict
}

interface Window {
  readonly startedAt: number
  used: number
}

/** A fixed window that opens with the first request. A refused request does not count. */
export function createRateCounter(): RateCounter {
  const windows = new Map<string, Window>()
  return {
    count(account, { limit, windowSeconds }, now) {
      let window = windows.get(account)
      if (!window || now >= window.startedAt + windowSeconds * 1_000) {
        window = { startedAt: now, used: 0 }
        windows.set(account, window)
      }
      const allowed = window.used < limit
      if (allowed) window.used += 1
      const resetSeconds = Math.max(1, Math.ceil((window.startedAt + windowSeconds * 1_000 - now) / 1_000))
      return { allowed, remaining: limit - window.used, resetSeconds }
    },
  }
}
