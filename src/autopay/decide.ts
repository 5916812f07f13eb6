import type { Decision, DecisionKind, Why } from './decision'
import type { DecisionContext } from './decision-context'
import { duplicateGate, ruleGate, statusGate } from './gates'
import type { Passage } from './gates'
import type { DueInvoice } from './invoice'
import { approvalGate, fundGate, limitsGate, openPurse, spend, switchGate } from './limit-gates'
import type { Purse } from './limit-gates'
import type { Organisation } from './organisation'
import type { Rule } from './rule'

/** What is to be done with one invoice now, and why. Pure: the same values always give the same decision, and nobody is asked. */
export const decide = (invoice: DueInvoice, context: DecisionContext): Decision => decideFrom(invoice, context, openPurse(context))

/** An invoice with what was decided about it, in the order of payment. */
export interface PlannedPayment {
  readonly invoice: DueInvoice
  readonly decision: Decision
}

export interface PaymentPlan {
  readonly items: readonly PlannedPayment[]
  /** What the fund has above its floor once everything to be paid is paid, in kopecks. */
  readonly fundAfter: bigint
}

/**
 * Decides about all due invoices together: by the priority of their rules, then the nearest deadline, then the smaller amount. Each payment lessens limits and fund for those after
 * it. Where the fund does not reach for one, smaller ones of the same priority may still be paid, and whatever has a lower priority waits, so that it cannot use up
 * what the more important one waits for. The order of the list does not matter. One step for each invoice, so that thousands can be decided about in turns.
 */
export function* planPayments(invoices: readonly DueInvoice[], context: DecisionContext): Generator<void, PaymentPlan> {
  const purse = openPurse(context)
  const items: PlannedPayment[] = []
  for (const invoice of yield* inOrderOfPayment(invoices, context)) {
    items.push({ invoice, decision: decideFrom(invoice, context, purse) })
    yield
  }
  return { items, fundAfter: purse.fund }
}

function* inOrderOfPayment(invoices: readonly DueInvoice[], context: DecisionContext): Generator<void, DueInvoice[]> {
  const ranked: { invoice: DueInvoice; priority: number }[] = []
  for (const invoice of invoices) {
    ranked.push({ invoice, priority: ruleGate(invoice, context).rule?.body.priority ?? Infinity })
    yield
  }
  return ranked.sort((a, b) => byNumber(a.priority, b.priority) || byDeadline(a.invoice, b.invoice)).map(({ invoice }) => invoice)
}

const byNumber = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

const byDeadline = (a: DueInvoice, b: DueInvoice): number =>
  a.dueAt.getTime() - b.dueAt.getTime() ||
  (a.amount.minor === b.amount.minor ? 0 : a.amount.minor < b.amount.minor ? -1 : 1) ||
  (a.id < b.id ? -1 : 1)

function decideFrom(invoice: DueInvoice, context: DecisionContext, purse: Purse): Decision {
  const organisation = context.organisations.get(invoice.organisationId)
  if (!organisation) throw new Error('bug: an invoice of an organisation that the context lacks')
  const why: Why[] = []
  const pass = (passage: Passage): DecisionKind | undefined => {
    why.push(passage.why)
    return passage.shut
  }
  const about = { invoiceId: invoice.id, amount: invoice.amount }
  const before = pass(statusGate(invoice, context)) ?? pass(duplicateGate(invoice, context))
  if (before) return { ...about, decision: before, rule: null, why }
  const ruling = ruleGate(invoice, context)
  const ruled = pass(ruling)
  const rule = ruling.rule && { id: ruling.rule.id, version: ruling.rule.version, name: ruling.rule.body.name }
  if (ruled || !ruling.rule) return { ...about, decision: ruled ?? 'hold', rule, why }
  const decision = spendable({ invoice, context, purse, organisation, rule: ruling.rule }, pass)
  return { ...about, decision, rule, why }
}

interface Case {
  readonly invoice: DueInvoice
  readonly context: DecisionContext
  readonly purse: Purse
  readonly organisation: Organisation
  readonly rule: Rule
}

/** The gates after the rule. What passes them all is taken out of the purse. */
function spendable(of: Case, pass: (passage: Passage) => DecisionKind | undefined): DecisionKind {
  const { invoice, context, purse, organisation, rule } = of
  const approval = approvalGate(invoice, rule, organisation, context.approvals.get(invoice.id))
  const switched = switchGate(invoice, context)
  const limits = pass(limitsGate(invoice, rule, organisation, purse))
  if (limits) return limits
  const fund = pass(fundGate(invoice, rule, purse))
  // Only what lacks nothing but the money keeps others of lower priority from it.
  if (fund && !approval.shut && !switched.shut) purse.shortAt ??= rule.body.priority
  const shut = fund ?? pass(approval) ?? pass(switched)
  if (!shut) spend(purse, invoice, rule)
  return shut ?? 'pay'
}
