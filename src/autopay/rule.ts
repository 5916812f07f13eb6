/** What a rule does with an invoice that it fits. */
export const RULE_ACTIONS = ['pay', 'ask', 'hold'] as const
export type RuleAction = (typeof RULE_ACTIONS)[number]

/** Which invoices: every condition that is given must hold. */
export interface RuleConditions {
  /** Safe patterns (pattern.ts): plain text with `*` for anything; letter case does not count. */
  readonly payerName?: string
  readonly description?: string
  readonly number?: string
  /** ISO 4217. */
  readonly currency?: string
  /** In minor units, both ends included. */
  readonly amountFrom?: bigint
  readonly amountUpTo?: bigint
  /** The invoice is at most so many days old. */
  readonly issuedWithinDays?: number
  /** It falls due within so many days. */
  readonly dueWithinDays?: number
}

/** In kopecks. */
export interface RuleLimits {
  readonly invoice?: bigint
  /** For one payee (what stands in for it: see gates) and day. */
  readonly payee?: bigint
  readonly day?: bigint
  readonly month?: bigint
}

/** What a person writes; each change is a new version and the old one stays readable. */
export interface RuleBody {
  /** Unique within the organisation. */
  readonly name: string
  readonly when: RuleConditions
  readonly do: RuleAction
  readonly limits: RuleLimits
  /** 1 comes first. */
  readonly priority: number
  /** Calendar days (`2026-11-22`) in the operator's zone, both included. */
  readonly validFrom?: string
  readonly validUntil?: string
}

export interface Rule {
  readonly id: string
  readonly organisationId: string
  /** Counts from 1. */
  readonly version: number
  readonly body: RuleBody
  /** A rule is off until it was tried on the last 30 days in this very version and switched on. */
  readonly isOn: boolean
  readonly triedAt: Date | null
}
