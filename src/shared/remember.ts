import type { Clock } from './clock'

/**
 * Asks at most once in so many milliseconds and gives everybody that answer; those who come while it is being asked wait for the same one.
 * A failure is not remembered. A clock that was moved makes it ask again.
 */
export function remember<T>(clock: Clock, forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; readonly askedAt: number } | undefined
  return () => {
    const now = clock.now().getTime()
    if (kept && Math.abs(now - kept.askedAt) < forMs) return kept.answer
    const asked = { answer: ask(), askedAt: now }
    kept = asked
    asked.answer.catch(() => {
      if (kept === asked) kept = undefined
    })
    return asked.answer
  }
}
