import type { Sample } from './measure'
import { quantile } from './numbers'

/** Does one thing for the caller of this number, counted from 0, and answers once it is done; false when there is nothing left to do. */
export type Call = (caller: number) => Promise<boolean>

/**
 * Keeps so many callers busy for so long: each asks again as soon as it is answered. Counts what was answered, and waits for the last answers and for `settled`
 * (work that the callers left behind) before the clock stops, so nothing is had for free.
 */
export async function keepCalling(
  call: Call,
  { callers, seconds, settled }: { callers: number; seconds: number; settled?: () => Promise<void> },
): Promise<Sample> {
  const waits: number[] = []
  const from = performance.now()
  const until = from + seconds * 1_000
  const caller = async (number: number): Promise<void> => {
    for (;;) {
      const asked = performance.now()
      if (asked >= until || !(await call(number))) return
      waits.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  await settled?.()
  if (waits.length === 0) throw new Error('Nothing was done in the time of one run. Give it more time: --seconds.')
  const tookMs = performance.now() - from
  return { calls: waits.length, value: (waits.length / tookMs) * 1_000, p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) }
}
