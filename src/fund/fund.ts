import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Money } from '../shared/money'
import type { Ledger } from '../ledger'

/** What the use cases of this room need. */
export interface FundDeps {
  readonly db: Db
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
}

/** Our mirror of the money deposited at Invoicebox, in roubles. */
export interface Fund {
  readonly balance: Money
  /** Waits for open payments. */
  readonly held: Money
  /** balance − held; below zero while the overdraft is used. */
  readonly available: Money
  /** The part that is kept for buyers: automatic payments leave at least this much available. */
  readonly floor: Money
  /** How far below zero the available money may go. */
  readonly overdraft: Money
}
