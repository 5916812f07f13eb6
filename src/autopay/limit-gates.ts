import type { Approval, DecisionContext, Spent } from './decision-context'
import { closed, open, rub } from './gates'
import type { Passage } from './gates'
import type { DueInvoice } from './invoice'
import type { Organisation } from './organisation'
import { payeeOf } from './payee'
import type { Rule } from './rule'

/** What is left while one payment after the other is decided. Of a single decision it is what the context says. */
export interface Purse {
  fund: bigint
  /** By the names of `spentNames`. */
  readonly spent: Map<string, Spent>
  /** The priority of the first payment that the fund did not reach for; what comes after it in priority leaves the fund alone. */
  shortAt: number | null
}

export const openPurse = ({ fund, spent }: DecisionContext): Purse => ({ fund, spent: new Map(spent), shortAt: null })

const NOTHING: Spent = { day: 0n, month: 0n }

/** The names under which a payment counts against the limits of its rule, of its payee and of its organisation. */
export const spentNames = (invoice: DueInvoice, rule: Pick<Rule, 'id'>): { rule: string; payee: string; organisation: string } => ({
  rule: `rule:${rule.id}`,
  payee: `payee:${invoice.organisationId}:${payeeOf(invoice)}`,
  organisation: `organisation:${invoice.organisationId}`,
})

/** Counts a payment that was decided upon. */
export function spend(purse: Purse, invoice: DueInvoice, rule: Rule): void {
  const { minor } = invoice.amount
  purse.fund -= minor
  for (const name of Object.values(spentNames(invoice, rule))) {
    const { day, month } = purse.spent.get(name) ?? NOTHING
    purse.spent.set(name, { day: day + minor, month: month + minor })
  }
}

interface Cap {
  readonly code: 'over_budget_month' | 'over_month' | 'over_budget_day' | 'over_day' | 'over_payee'
  readonly limit: bigint | null | undefined
  readonly spent: bigint
}

/** Gate 4: what the rule allows for one invoice, payee, day and month, and the organisation's budgets. What no new day lets pass is for a person to look at. */
export function limitsGate(invoice: DueInvoice, rule: Rule, organisation: Organisation, purse: Purse): Passage {
  const { minor } = invoice.amount
  const { limits } = rule.body
  if (limits.invoice !== undefined && minor > limits.invoice)
    return closed('limits', 'hold', 'over_invoice', { limit: rub(limits.invoice), rule: rule.body.name })
  const caps = capsOn(invoice, rule, organisation, purse)
  const never = caps.find(({ limit }) => isBroken(limit, minor))
  if (never) return closed('limits', 'hold', `${never.code}_alone`, capValues(never))
  const over = caps.find(({ limit, spent }) => isBroken(limit, spent + minor))
  return over ? closed('limits', 'wait', over.code, capValues(over)) : open('limits', 'within_limits')
}

const isBroken = (limit: Cap['limit'], sum: bigint): boolean => limit !== undefined && limit !== null && sum > limit

const capValues = ({ limit, spent }: Cap): { limit: string; spent: string } => ({ limit: rub(limit ?? 0n), spent: rub(spent) })

/** The caps in the order of how long they stand in the way. */
function capsOn(invoice: DueInvoice, rule: Rule, { perDay, perMonth }: Organisation, { spent }: Purse): Cap[] {
  const names = spentNames(invoice, rule)
  const of = (name: string): Spent => spent.get(name) ?? NOTHING
  const { limits } = rule.body
  return [
    { code: 'over_budget_month', limit: perMonth, spent: of(names.organisation).month },
    { code: 'over_month', limit: limits.month, spent: of(names.rule).month },
    { code: 'over_budget_day', limit: perDay, spent: of(names.organisation).day },
    { code: 'over_day', limit: limits.day, spent: of(names.rule).day },
    { code: 'over_payee', limit: limits.payee, spent: of(names.payee).day },
  ]
}

/** Gate 5: the part of the fund that is not kept for buyers reaches, and nothing of a higher priority waits for it. */
export function fundGate({ amount }: DueInvoice, { body: { priority } }: Rule, { fund, shortAt }: Purse): Passage {
  if (amount.minor > fund) return closed('fund', 'wait', 'fund_short', { available: rub(fund > 0n ? fund : 0n) })
  if (shortAt !== null && priority > shortAt) return closed('fund', 'wait', 'fund_kept', { priority: String(shortAt) })
  return open('fund', 'fund_reaches', { left: rub(fund - amount.minor) })
}

/** A signature that an invoice needs. */
export interface NeededStep {
  /** Where the step stands among the organisation's, from 0. */
  readonly index: number
  /** Staff ids, any one of them; null is any member of staff of this organisation who may approve. */
  readonly approvers: readonly string[] | null
}

/** The signatures that an amount needs, in order. Below the lowest step, or without steps, any one member of staff of the organisation signs. */
export function neededSteps({ steps }: Pick<Organisation, 'steps'>, amount: bigint): NeededStep[] {
  const reached = steps.flatMap(({ from, approvers }, index) => (from <= amount ? [{ index, approvers }] : []))
  return reached.length > 0 ? reached : [{ index: 0, approvers: null }]
}

/** Gate 6: whoever must sign has signed. */
export function approvalGate(invoice: DueInvoice, rule: Rule, organisation: Organisation, said: Approval | undefined): Passage {
  if (rule.body.do === 'pay') return open('approval', 'approval_not_needed')
  const needed = neededSteps(organisation, invoice.amount.minor)
  const signed = needed.filter(({ index }) => said?.signedSteps.includes(index)).length
  const values = { signed: String(signed), needed: String(needed.length) }
  return signed === needed.length ? open('approval', 'approved', values) : closed('approval', 'ask', 'approval_missing', values)
}

/** Gate 7: automatic payment is on. */
export function switchGate({ organisationId }: DueInvoice, { shut }: DecisionContext): Passage {
  const how = shut.get(organisationId)
  return how ? closed('switch', 'wait', `switch_${how}`) : open('switch', 'switch_on')
}
