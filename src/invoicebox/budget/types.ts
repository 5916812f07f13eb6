import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import type { Log } from '../../shared/log'
import type { Permit } from './permit'
import type { Limit, PerClass, RequestClass } from './policy'

/** What a caller asks for. All of `atLeast` come at once, or none. */
export interface Taking {
  readonly as: RequestClass
  readonly atLeast?: number
  readonly atMost?: number
  /** The caller's deadline; by class unless given (WAITS_MS in shared-budget.ts). 0: now or not at all. */
  readonly waitMs?: number
}

/** Slots, or how long to stay away before it is worth asking again. */
export type Taken = { readonly permit: Permit } | { readonly permit: null; readonly retryAfterMs: number }

/** How the budget stands, for people and metrics. */
export interface BudgetUse {
  readonly used: PerClass
  readonly limit: number
  /** The limit at this moment: lower for a while after a 429. */
  readonly allowed: number
  readonly closedForMs: number
}

/** The requests that Invoicebox allows our account, shared by all processes on one database. */
export interface RequestBudget {
  take(taking: Taking): Promise<Taken>
  /** null where no limit was agreed. */
  use(): Promise<BudgetUse | null>
  /** Whether a payment would hardly get a slot now, as far as this process knows: the bucket is closed, or a payment has just waited in vain. */
  isExhausted(): boolean
  /** Calls `listener` with the milliseconds that each caller waited, served or not. */
  onWait(listener: (as: RequestClass, waitedMs: number) => void): void
  /** Sends everybody away who waits, and notes what became of the last slots. */
  close(): Promise<void>
}

export interface BudgetDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
  /** Names this process among those that share the database. */
  readonly instance: string
}

export interface BudgetSettings {
  readonly limit: Limit
  /** The longest that one request may take, from sending to the last byte of the answer. */
  readonly longestRequestMs: number
}
