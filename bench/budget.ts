import { setTimeout as wait } from 'node:timers/promises'
import { createRequestBudget } from '../src/invoicebox'
import type { Limit, Permit, RequestBudget } from '../src/invoicebox'
import { startSandbox } from '../src/sandbox'
import { systemClock } from '../src/shared/clock'
import { openDatabase } from '../src/shared/database'
import { newId } from '../src/shared/ids'
import { createLog } from '../src/shared/log'

export interface BudgetFigure {
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** The agreed limit in a shorter window, so that a minute shows what would take ten. What this machine takes for a look at the database counts as many times more. */
const SHORT_MS = 4_000
const AGREED_MS = 30_000
const REQUESTS = 100
const WINDOWS = 2
const LIMITERS = ['fixed', 'flexible', 'sliding-log'] as const
/** In real time; here as many times more as the window is shorter. */
const PAYMENTS_PER_SECOND = 0.5

/**
 * Uses the real request budget, shared by two processes' worth of pools on each of the given migrated databases, against the sandbox with each kind of limiter:
 * endless background alone, and beside one payment in two seconds. Says which share of the window was used, how many requests were answered 429, and how long payments
 * waited for both slots, in seconds of a window of thirty. Background alone is measured against the sliding log, which lets nothing through that another kind refuses;
 * so are all but the last database. About 25 seconds per database, and as much again for the last.
 * @param urls migrated databases, one of each engine
 * @param windowMs whole seconds; 30 000 measures in real time, in about a minute and a half per case
 */
export async function measureBudget(urls: readonly string[], windowMs = SHORT_MS): Promise<{ figures: BudgetFigure[] }> {
  const limit: Limit = { requests: REQUESTS, windowMs }
  const figures: BudgetFigure[] = []
  for (const url of urls) {
    figures.push(...(await measure(url, limit, { limiter: 'sliding-log', withPayments: false })))
    for (const limiter of url === urls.at(-1) ? LIMITERS : (['sliding-log'] as const))
      figures.push(...(await measure(url, limit, { limiter, withPayments: true })))
  }
  return { figures }
}

interface Case {
  readonly limiter: (typeof LIMITERS)[number]
  readonly withPayments: boolean
}

async function measure(url: string, limit: Limit, { limiter, withPayments }: Case): Promise<BudgetFigure[]> {
  const sandbox = await startSandbox({ port: 0, seed: 1 })
  const rateLimit = { limit: limit.requests, windowSeconds: limit.windowMs / 1_000 }
  await fetch(`${sandbox.url}/_sandbox/settings`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rateLimit, rateLimiter: limiter }),
  })
  const pools = [openDatabase(url), openDatabase(url)]
  await pools[0]?.('request_slots').delete()
  const log = createLog('silent')
  const settings = { limit, longestRequestMs: 5_000 }
  const budgets = pools.map((db) => createRequestBudget(settings, { db, clock: systemClock, log, newId, instance: newId() }))
  const run = new Run(limit, `${sandbox.url}/v3/security/api/auth/auth`, sandbox.token)
  await run.go(budgets, withPayments)
  for (const budget of budgets) await budget.close()
  for (const db of pools) await db.destroy()
  await sandbox.close()
  const name = `budget, ${url.startsWith('sqlite:') ? 'SQLite' : 'PostgreSQL'}, ${limiter}, background${withPayments ? ' and payments' : ''}`
  return run.figures(name, withPayments)
}

/** One measurement: the first window fills the bucket, the following ones are counted. */
class Run {
  private readonly startedAt = performance.now()
  private readonly sentAt: number[] = []
  private readonly waits: number[] = []
  private refused = 0

  constructor(
    private readonly limit: Limit,
    private readonly url: string,
    private readonly token: string,
  ) {}

  async go(budgets: readonly RequestBudget[], withPayments: boolean): Promise<void> {
    const endsAt = this.startedAt + (WINDOWS + 1) * this.limit.windowMs
    const background = budgets.flatMap((budget) => [this.background(budget, endsAt), this.background(budget, endsAt)])
    await Promise.all([...background, ...(withPayments ? [this.buyers(budgets, endsAt)] : [])])
  }

  private async background(budget: RequestBudget, endsAt: number): Promise<void> {
    while (performance.now() < endsAt) {
      const { permit } = await budget.take({ as: 'background', waitMs: this.limit.windowMs })
      if (permit) await this.send(permit)
    }
  }

  /** Buyers come independently of each other; the pauses between them are the same in every run. */
  private async buyers(budgets: readonly RequestBudget[], endsAt: number): Promise<void> {
    const paying: Promise<void>[] = []
    for (let count = 0; performance.now() < endsAt; count++) {
      const budget = budgets[count % budgets.length]
      if (budget) paying.push(this.pay(budget))
      await wait((-Math.log(1 - ((count * 0.618_034 + 0.5) % 1)) * 1_000) / (PAYMENTS_PER_SECOND * this.scale()))
    }
    await Promise.all(paying)
  }

  private async pay(budget: RequestBudget): Promise<void> {
    const since = performance.now()
    const { permit } = await budget.take({ as: 'payment', atLeast: 2 })
    this.waits.push(performance.now() - since)
    if (!permit) return
    await this.send(permit)
    await this.send(permit)
  }

  private async send(permit: Permit): Promise<void> {
    const slot = permit.spend()
    if (!slot) return
    this.sentAt.push(performance.now())
    const { status } = await fetch(this.url, { headers: { authorization: `Bearer ${this.token}` } })
    if (status === 429) {
      this.refused += 1
      slot.limited(this.limit.windowMs)
    } else slot.answered()
  }

  private scale(): number {
    return AGREED_MS / this.limit.windowMs
  }

  figures(name: string, withPayments: boolean): BudgetFigure[] {
    const from = this.startedAt + this.limit.windowMs
    const counted = this.sentAt.filter((at) => at >= from && at < from + WINDOWS * this.limit.windowMs).length - this.refused
    const waits = this.waits.sort((a, b) => a - b)
    const wait = (part: number): number => ((waits[Math.floor(waits.length * part)] ?? 0) * this.scale()) / 1_000
    return [
      { name: `${name}: used`, value: counted / (WINDOWS * this.limit.requests), unit: 'of the window' },
      { name: `${name}: answered 429`, value: this.refused, unit: 'requests' },
      ...(withPayments
        ? [
            { name: `${name}: payment waits, p50`, value: wait(0.5), unit: 's' },
            { name: `${name}: payment waits, p99`, value: wait(0.99), unit: 's' },
          ]
        : []),
    ]
  }
}
