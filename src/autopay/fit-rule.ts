import { DAY } from '../shared/clock'
import { dayOf } from '../shared/days'
import type { Day } from '../shared/days'
import type { DueInvoice } from './invoice'
import { fitsPattern } from './pattern'
import type { Rule, RuleConditions } from './rule'

export type Condition = keyof RuleConditions

type Fits = (invoice: DueInvoice, wanted: RuleConditions, now: Date) => boolean

/** One line for each condition; a condition that is not given holds. */
const CONDITIONS: Readonly<Record<Condition, Fits>> = {
  payerName: ({ payerName }, wanted) => wanted.payerName === undefined || fitsPattern(wanted.payerName, payerName, 'contains'),
  description: ({ description }, wanted) => wanted.description === undefined || fitsPattern(wanted.description, description, 'contains'),
  number: ({ number }, wanted) => wanted.number === undefined || fitsPattern(wanted.number, number, 'equals'),
  currency: ({ amount }, { currency }) => currency === undefined || amount.unit === currency,
  amountFrom: ({ amount }, { amountFrom }) => amountFrom === undefined || amount.minor >= amountFrom,
  amountUpTo: ({ amount }, { amountUpTo }) => amountUpTo === undefined || amount.minor <= amountUpTo,
  issuedWithinDays: ({ issuedAt }, { issuedWithinDays: days }, now) =>
    days === undefined || now.getTime() - issuedAt.getTime() <= days * DAY,
  dueWithinDays: ({ dueAt }, { dueWithinDays: days }, now) => days === undefined || dueAt.getTime() - now.getTime() <= days * DAY,
}

/** The conditions that an invoice does not meet; none means that the rule fits. */
export const unmetConditions = (invoice: DueInvoice, when: RuleConditions, now: Date): Condition[] =>
  (Object.keys(CONDITIONS) as Condition[]).filter((name) => !CONDITIONS[name](invoice, when, now))

/** Whether a rule is valid on a day. */
export const isInForce = ({ body: { validFrom, validUntil } }: Rule, today: Day): boolean =>
  (validFrom === undefined || validFrom <= today) && (validUntil === undefined || today <= validUntil)

/** Of two rules with one priority the name decides, so that the outcome never depends on the order in which they were read. */
const inOrder = (a: Rule, b: Rule): number =>
  a.body.priority - b.body.priority || (a.body.name < b.body.name ? -1 : a.body.name > b.body.name ? 1 : a.id < b.id ? -1 : 1)

/** The rules of an invoice's organisation that are in force now, the first to apply first. */
export function rulesFor({ organisationId }: DueInvoice, rules: readonly Rule[], now: Date, zone: string): Rule[] {
  const today = dayOf(now, zone)
  return rules.filter((rule) => rule.organisationId === organisationId && rule.isOn && isInForce(rule, today)).sort(inOrder)
}
