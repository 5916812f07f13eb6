import { SECOND } from '../../shared/clock'
import { inTransaction } from '../../shared/database'
import { BucketClock } from './bucket-clock'
import { look } from './look'
import type { Look, LookDeps } from './look'
import { createPermit, PERMIT_GOOD_FOR_MS } from './permit'
import type { SlotKeeper } from './permit'
import { allowedNow } from './policy'
import type { RequestClass } from './policy'
import { keptMs, readBudget } from './store'
import type { Notes } from './store'
import type { BudgetDeps, BudgetSettings, BudgetUse, RequestBudget, Taken, Taking } from './types'

/**
 * How long a caller waits for slots unless it says otherwise.
 * payment: nothing is held yet, and a buyer who sees the browser load for longer leaves. page: the page says "not available now" and can be loaded again.
 * recovery: the money is held, and the worker comes back in a second; it must not keep a process from stopping. background: two windows pass only when others need them.
 */
const WAITS_MS: Readonly<Record<RequestClass, number>> = {
  payment: 10 * SECOND,
  page: 8 * SECOND,
  recovery: 10 * SECOND,
  background: 60 * SECOND,
}

/** What became of slots is noted with the next look, or this part of a window later: it frees nothing sooner, and whoever takes a slot meanwhile spares a commit. */
const NOTES_PER_WINDOW = 30
const DEMAND_PER_WINDOW = 15
const ASK_AGAIN_MS = SECOND
/** After a payment waited in vain, pages say so for a moment instead of offering the button again. */
const REFUSED_FOR_MS = 5 * SECOND

interface Caller {
  readonly as: RequestClass
  readonly atLeast: number
  readonly atMost: number
  readonly since: number
  readonly deadline: number
  /** Whether a look was taken for it. */
  wasSeen: boolean
  readonly resolve: (taken: Taken) => void
  readonly reject: (error: unknown) => void
}

const tick = (): number => performance.now()

/** See createRequestBudget. */
export class SharedBudget implements RequestBudget {
  private callers: Caller[] = []
  private answered: { id: string; tick: number }[] = []
  private returned: string[] = []
  private limitedForMs: number | null = null
  private closedUntilTick = 0
  private refusedAt = -Infinity
  private hasDemand = false
  private isClosing = false
  private looking: Promise<void> | null = null
  private isAskedAgain = false
  private timer: { at: number; handle: NodeJS.Timeout } | undefined
  private readonly listeners: ((as: RequestClass, waitedMs: number) => void)[] = []
  private readonly lookDeps: LookDeps
  private readonly keeper: SlotKeeper
  private readonly notesMs: number

  constructor(
    private readonly settings: BudgetSettings,
    private readonly deps: BudgetDeps,
  ) {
    const { limit, longestRequestMs } = settings
    this.notesMs = limit.windowMs / NOTES_PER_WINDOW
    this.lookDeps = {
      keeping: {
        limit,
        unansweredMs: PERMIT_GOOD_FOR_MS + longestRequestMs + SECOND + keptMs(limit),
        demandGoodForMs: limit.windowMs / DEMAND_PER_WINDOW,
      },
      instance: deps.instance,
      bucketClock: new BucketClock(),
      ownClock: () => deps.clock.now().getTime(),
      newId: deps.newId,
    }
    this.keeper = {
      isClosed: () => tick() < this.closedUntilTick,
      answered: (id) => this.note(id),
      limited: (id, retryAfterMs) => {
        this.closedUntilTick = Math.max(this.closedUntilTick, tick() + retryAfterMs)
        this.limitedForMs = Math.max(this.limitedForMs ?? 0, retryAfterMs)
        this.note(id)
        // Everybody else should know before the next request goes out.
        void this.look()
      },
      returned: (ids) => {
        this.returned.push(...ids)
        this.lookIn(0)
      },
    }
  }

  take({ as, atLeast = 1, atMost = atLeast, waitMs = WAITS_MS[as] }: Taking): Promise<Taken> {
    if (this.isClosing) return Promise.resolve({ permit: null, retryAfterMs: ASK_AGAIN_MS })
    return new Promise((resolve, reject) => {
      const since = tick()
      this.callers.push({ as, atLeast, atMost, since, deadline: since + waitMs, wasSeen: false, resolve, reject })
      this.lookIn(0)
    })
  }

  async use(): Promise<BudgetUse> {
    const { row, used } = await readBudget(this.deps.db)
    const { limit } = this.settings
    const now = this.deps.clock.now().getTime()
    return {
      used,
      limit: limit.requests,
      allowed: allowedNow(limit, row.reduction, now - row.reducedAt),
      closedForMs: Math.max(0, row.closedUntil - now),
    }
  }

  isExhausted(): boolean {
    return tick() < Math.max(this.closedUntilTick, this.refusedAt + REFUSED_FOR_MS)
  }

  onWait(listener: (as: RequestClass, waitedMs: number) => void): void {
    this.listeners.push(listener)
  }

  async close(): Promise<void> {
    this.isClosing = true
    for (const caller of this.callers.splice(0)) this.sendAway(caller)
    clearTimeout(this.timer?.handle)
    await this.looking
    if (this.hasNews()) await this.look()
    clearTimeout(this.timer?.handle)
  }

  private note(id: string): void {
    this.answered.push({ id, tick: tick() })
    this.lookIn(this.notesMs)
  }

  private hasNews(): boolean {
    return this.answered.length > 0 || this.returned.length > 0 || this.limitedForMs !== null
  }

  /** Notes alone must not keep a program from ending; whoever waits must. */
  private lookIn(milliseconds: number): void {
    const at = tick() + milliseconds
    if (this.timer && this.timer.at <= at) return
    clearTimeout(this.timer?.handle)
    const handle = setTimeout(() => {
      this.timer = undefined
      void this.look()
    }, milliseconds)
    this.timer = { at, handle: this.callers.length > 0 ? handle : handle.unref() }
  }

  /** One look at a time: who comes meanwhile is served by the next. */
  private look(): Promise<void> {
    if (this.looking) this.isAskedAgain = true
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = null
      if (this.isAskedAgain && !this.isClosing) this.lookIn(this.isUrgent() ? 0 : this.notesMs)
      this.isAskedAgain = false
    })
    return this.looking
  }

  /** Whether the next look cannot wait for others: somebody is not served yet, or others wait for what we know. */
  private isUrgent(): boolean {
    return this.callers.some(({ wasSeen }) => !wasSeen) || this.returned.length > 0 || this.limitedForMs !== null
  }

  private async lookOnce(): Promise<void> {
    this.sendAwayTheLate()
    if (this.callers.length === 0 && !this.hasNews() && !this.hasDemand) return
    const [askedAt, waiting] = [tick(), [...this.callers]]
    // Who comes while the look waits for a connection is served by it too.
    let asked: Asked | undefined
    try {
      const seen = await inTransaction(this.deps.db, (tx) => {
        const { callers, news } = (asked ??= this.askedNow())
        return look(tx, this.lookDeps, {
          waiters: callers.map(({ as, atLeast, atMost, since }) => ({ as, atLeast, atMost, waitedMs: tick() - since })),
          notes: noted(news),
          limitedForMs: news.limitedForMs,
          hasDemand: this.hasDemand,
        })
      })
      this.serve(asked?.callers ?? [], seen, askedAt)
    } catch (error) {
      // A database that was away may be back for whoever came since: the next look serves them.
      this.fail(asked ?? { ...this.askedNow(), callers: waiting }, error)
    }
  }

  private askedNow(): Asked {
    const news: News = { answered: this.answered.splice(0), returned: this.returned.splice(0), limitedForMs: this.limitedForMs }
    this.limitedForMs = null
    return { callers: [...this.callers], news }
  }

  private serve(callers: readonly Caller[], seen: Look, askedAt: number): void {
    this.hasDemand = seen.hasDemand
    this.closedUntilTick = Math.max(this.limitedForMs === null ? 0 : this.closedUntilTick, tick() + seen.closedForMs)
    callers.forEach((caller, index) => {
      caller.wasSeen = true
      const ids = seen.grants[index] ?? []
      if (ids.length === 0) return
      const permit = createPermit(ids, this.keeper, askedAt)
      if (this.leave(caller)) {
        if (caller.as === 'payment') this.refusedAt = -Infinity
        this.told(caller)
        caller.resolve({ permit })
      } else permit.giveBack() // It was sent away meanwhile.
    })
    this.sendAwayTheLate()
    const patience = this.callers.map(({ deadline }) => deadline - tick())
    if (this.callers.length > 0) this.lookIn(Math.max(1, Math.min(seen.wakeInMs, ...patience)))
    else if (this.hasDemand) this.lookIn(0)
  }

  /** The database is out: nobody may send, and each caller learns why. What became of slots is noted later, or their time runs out. */
  private fail({ callers, news }: Asked, error: unknown): void {
    this.answered.unshift(...news.answered)
    this.returned.unshift(...news.returned)
    if (news.limitedForMs !== null) this.limitedForMs = Math.max(this.limitedForMs ?? 0, news.limitedForMs)
    this.deps.log.warn({ err: error, callers: callers.length }, 'the request budget could not be read')
    for (const caller of callers) if (this.leave(caller)) caller.reject(error)
    if (!this.isClosing) this.lookIn(SECOND)
  }

  private sendAwayTheLate(): void {
    const closedForMs = this.closedUntilTick - tick()
    // A caller who cannot wait is served by the first look or not at all.
    const isLate = ({ deadline, wasSeen }: Caller): boolean => wasSeen && deadline <= tick() + Math.max(0, closedForMs)
    for (const caller of this.callers.filter(isLate)) {
      this.leave(caller)
      this.sendAway(caller)
    }
  }

  private leave(caller: Caller): boolean {
    const index = this.callers.indexOf(caller)
    if (index >= 0) this.callers.splice(index, 1)
    return index >= 0
  }

  private sendAway(caller: Caller): void {
    if (caller.as === 'payment' && tick() >= this.closedUntilTick) this.refusedAt = tick()
    this.told(caller)
    caller.resolve({ permit: null, retryAfterMs: Math.max(ASK_AGAIN_MS, Math.ceil(this.closedUntilTick - tick())) })
  }

  private told({ as, since }: Caller): void {
    for (const listener of this.listeners) listener(as, tick() - since)
  }
}

/** What one look is about. */
interface Asked {
  readonly callers: readonly Caller[]
  readonly news: News
}

/** What happened since the last look. */
interface News {
  readonly answered: readonly { readonly id: string; readonly tick: number }[]
  readonly returned: readonly string[]
  readonly limitedForMs: number | null
}

const noted = ({ answered, returned }: News): Notes => ({
  answered: answered.map(({ id, tick: at }) => ({ id, agoMs: tick() - at })),
  returned,
})
