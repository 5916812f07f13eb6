import type { Organisation } from './organisation'
import type { Rule } from './rule'

/** What has been paid, or is being paid, in kopecks, in the operator's day and month. */
export interface Spent {
  readonly day: bigint
  readonly month: bigint
}

/** Another invoice that could be the same debt: one that is paid, being paid, or due besides. */
export interface SimilarInvoice {
  readonly invoiceId: string
  readonly number: string
  readonly description: string
  readonly amount: bigint
  readonly issuedAt: Date
  readonly merchantOrder: string | null
  /** Whether it was seen, or is paid, before the one it is like: of two that are due the earlier one is paid. */
  readonly isEarlier: boolean
  readonly isPaid: boolean
}

/** What people have said about one invoice, as far as it still counts: for this amount, and given within 72 hours. */
export interface Approval {
  /** The steps, counted from 0 in the organisation's order, that are signed; of an organisation without steps, 0. */
  readonly signedSteps: readonly number[]
  /** Somebody refused it, with a reason that stands in the timeline. */
  readonly isRefused: boolean
  /** Invoices of which somebody who looked says that this one is no duplicate of them. */
  readonly releasedFrom: readonly string[]
}

/** Everything that decisions depend on besides the invoices themselves, read at one moment. Plain values: a decision asks nobody. */
export interface DecisionContext {
  readonly now: Date
  /** The operator's time zone: limits are for its days and months. */
  readonly zone: string
  readonly organisations: ReadonlyMap<string, Organisation>
  /** Organisations whose automatic payment is off or stopped, with which of the two. */
  readonly shut: ReadonlyMap<string, 'off' | 'stopped'>
  /** Those that are on, of every organisation. */
  readonly rules: readonly Rule[]
  /** By `organisation:<id>`, `rule:<id>` and `payee:<organisation id>:<payee>`; absent is nothing. */
  readonly spent: ReadonlyMap<string, Spent>
  /** What the fund has available above the floor, in kopecks; below zero when it is under the floor. */
  readonly fund: bigint
  /** By invoice id; absent is none. */
  readonly similar: ReadonlyMap<string, readonly SimilarInvoice[]>
  /** By invoice id; absent is nothing said. */
  readonly approvals: ReadonlyMap<string, Approval>
}
