import type { Money } from '../shared/money'
import type { autopayWhyRu } from '../shared/texts/backoffice/autopay-why'

/** The gates in the one order in which they are passed. The switch comes last, so that what is off still tells what it would do. */
export const GATES = ['status', 'duplicate', 'rule', 'limits', 'fund', 'approval', 'switch'] as const
export type Gate = (typeof GATES)[number]

/** What is to be done with an invoice now. */
export const DECISIONS = [
  'pay', //    every gate is open
  'ask', //    somebody must approve first
  'wait', //   nothing is wrong with it, but not now: a limit of the day, the fund, the switch
  'hold', //   a person must look: no rule fits, a rule says so, a limit of one invoice
  'refuse', // it will not be paid: cancelled, expired, paid already, a duplicate
] as const
export type DecisionKind = (typeof DECISIONS)[number]

/** What a line of ours says: each has its sentence. What is read from the database may come from a later version. */
export type WhyCode = {
  [Key in keyof typeof autopayWhyRu]: Key extends `autopay.why.${infer Code}` ? Code : never
}[keyof typeof autopayWhyRu]

/** One line of «почему»: what a gate found, as a text `autopay.why.<code>` with its values (amounts as `12.00 RUB`, moments as ISO text, ids, words). Never personal data. */
export interface Why {
  readonly gate: Gate
  readonly passed: boolean
  readonly code: string
  readonly values: Readonly<Record<string, string>>
}

export interface Decision {
  readonly invoiceId: string
  readonly amount: Money
  readonly decision: DecisionKind
  /** The rule that fits, in the version that was applied. */
  readonly rule: { readonly id: string; readonly version: number; readonly name: string } | null
  /** In the order of the gates, up to the one that stayed shut. */
  readonly why: readonly Why[]
}
