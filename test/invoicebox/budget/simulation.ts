import { decide, NONE, REQUEST_CLASSES, soonMs } from '../../../src/invoicebox/budget/policy'
import type { Limit, PerClass, RequestClass } from '../../../src/invoicebox/budget/policy'

/** The policy in simulated time: seeded, and fast, since nothing waits. */
export interface Scenario {
  readonly seed: number
  readonly windows: number
  readonly paymentsPerSecond?: number
}

export interface Simulated {
  /** When upstream counted each request, in order. */
  readonly counted: readonly number[]
  /** Milliseconds from pressing "pay" to having both slots, sorted. */
  readonly waits: readonly number[]
}

export const LIMIT: Limit = { requests: 100, windowMs: 30_000 }
const STEP_MS = 10

/** A small generator of numbers between 0 and 1 that a seed repeats (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const simulate = (scenario: Scenario): Simulated => new Simulation(scenario).run()

/** The value below which so large a part of the sorted values lies. */
export const percentile = (sorted: readonly number[], part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0

/** Requests that a limiter lets through after the first window, which begins empty, as a share of what it allows; and how many it refuses. */
export function judge({ counted }: Simulated, limiter: Limiter, windows: number): { share: number; refused: number } {
  const lets = limiter()
  const passed = counted.filter((at) => lets(at))
  const inTime = passed.filter((at) => at >= LIMIT.windowMs && at < windows * LIMIT.windowMs)
  return { share: inTime.length / ((windows - 1) * LIMIT.requests), refused: counted.length - passed.length }
}

/** Says of each request, by its moment, whether it is let through. Refused ones do not count. */
export type Limiter = () => (at: number) => boolean

const { requests, windowMs } = LIMIT

export const LIMITERS: Readonly<Record<'fixed' | 'flexible' | 'sliding-log', Limiter>> = {
  fixed: () => {
    let [window, count] = [-1, 0]
    return (at) => {
      const current = Math.floor((at + windowMs / 3) / windowMs)
      if (current !== window) [window, count] = [current, 0]
      return ++count <= requests
    }
  },
  flexible: () => {
    let [startedAt, count] = [-Infinity, 0]
    return (at) => {
      if (at >= startedAt + windowMs) [startedAt, count] = [at, 0]
      return ++count <= requests
    }
  },
  'sliding-log': () => {
    let log: number[] = []
    return (at) => {
      log = log.filter((moment) => moment > at - windowMs)
      if (log.length >= requests) return false
      log.push(at)
      return true
    }
  },
}

interface Slot {
  readonly as: RequestClass
  readonly freeAt: number
}

class Simulation {
  private slots: Slot[] = []
  private pacedUntil = 0
  private readonly buyers: number[] = []
  private readonly waits: number[] = []
  private readonly counted: number[] = []
  private readonly random: () => number

  constructor(private readonly scenario: Scenario) {
    this.random = chance(scenario.seed)
  }

  run(): Simulated {
    const end = this.scenario.windows * windowMs
    let next = this.untilNextBuyer()
    for (let now = 0; now < end; now += STEP_MS) {
      for (; next <= now; next += this.untilNextBuyer()) this.buyers.push(next)
      this.look(now)
    }
    return { counted: this.counted.sort((a, b) => a - b), waits: this.waits.sort((a, b) => a - b) }
  }

  /** Buyers come at random, as people do: independently of each other. */
  private untilNextBuyer(): number {
    const { paymentsPerSecond = 0 } = this.scenario
    return paymentsPerSecond === 0 ? Infinity : (-Math.log(1 - this.random()) * 1_000) / paymentsPerSecond
  }

  private look(now: number): void {
    this.slots = this.slots.filter(({ freeAt }) => freeAt > now)
    const waiters = [
      ...this.buyers.map((since) => ({ as: 'payment' as const, atLeast: 2, atMost: 2, waitedMs: now - since })),
      { as: 'background' as const, atLeast: 1, atMost: 1, waitedMs: 0 },
    ]
    const soonFree = this.slots.filter(({ freeAt }) => freeAt <= now + soonMs(LIMIT)).length
    const unused = { closedForMs: 0, nextFreeAt: null, wantedElsewhere: NONE, allowed: requests }
    const { grants, pacedUntil } = decide(
      { ...unused, limit: LIMIT, now, used: this.used(), soonFree, pacedUntil: this.pacedUntil },
      waiters,
    )
    this.pacedUntil = pacedUntil
    waiters.forEach(({ as, waitedMs }, index) => {
      const granted = grants[index] ?? 0
      if (as === 'payment' && granted > 0) this.waits.push(waitedMs)
      for (let slot = 0; slot < granted; slot++) this.send(as, now + slot * 40)
    })
    this.buyers.splice(0, grants.slice(0, -1).filter((count) => count > 0).length)
  }

  /** Upstream counts the request somewhere on its way. */
  private send(as: RequestClass, at: number): void {
    const takes = 60 + this.random() * 200
    this.counted.push(at + takes * this.random())
    this.slots.push({ as, freeAt: at + takes + windowMs * 1.001 })
  }

  private used(): PerClass {
    const counts = Object.fromEntries(REQUEST_CLASSES.map((name) => [name, 0])) as Record<RequestClass, number>
    for (const { as } of this.slots) counts[as] += 1
    return counts
  }
}
