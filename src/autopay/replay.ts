import { dayOf, monthOf } from '../shared/days'
import { decide } from './decide'
import type { Decision, DecisionKind } from './decision'
import type { DecisionContext, SimilarInvoice, Spent } from './decision-context'
import type { DueInvoice } from './invoice'
import { spentNames } from './limit-gates'
import type { Organisation } from './organisation'
import type { PastInvoice } from './past-invoices'
import type { Rule } from './rule'

/** What a rule would have done with one invoice when it was first seen. */
export interface ReplayLine {
  readonly past: PastInvoice
  readonly decision: Decision
}

export interface ReplaySum {
  readonly count: number
  /** Kopecks. */
  readonly amount: bigint
}

/** A rule on the invoices of the past. Those that it does not fit, or that another rule would have taken before it, have no line. */
export interface Replay {
  readonly lines: readonly ReplayLine[]
  readonly sums: Readonly<Record<DecisionKind, ReplaySum>>
  /** How many invoices it was tried on. */
  readonly tried: number
  /** How many of them another rule of higher priority would have taken. */
  readonly taken: number
  /** Of what it would have paid: how much was really paid, by whomever. */
  readonly reallyPaid: ReplaySum
}

export interface ReplayContext {
  readonly organisation: Organisation
  /** The organisation's other rules; those that are off do not count. */
  readonly others: readonly Rule[]
  readonly zone: string
  readonly now: Date
}

const NOTHING: ReplaySum = { count: 0, amount: 0n }

/**
 * Plays a rule through on past invoices, each at the moment when it was first seen, as if it had been on all the time and the fund had reached for everything. Limits fill up day
 * by day as they would have. Nothing is written and nobody is asked. One step for each invoice.
 */
export function* replayRule(rule: Rule, past: readonly PastInvoice[], context: ReplayContext): Generator<void, Replay> {
  const spent = new Map<string, Spent & { dayOf: string; monthOf: string }>()
  const sums = { pay: NOTHING, ask: NOTHING, wait: NOTHING, hold: NOTHING, refuse: NOTHING }
  const lines: ReplayLine[] = []
  let [taken, reallyPaid] = [0, NOTHING]
  for (const { one, earlier } of inOrder(past)) {
    yield
    const decision = decideThen(rule, one, earlier, spent, context)
    // Of another rule's payment payee and organisation have spent as much as of its own; the rule itself has not.
    if (decision.decision === 'pay' && decision.rule) count(spent, decision.rule, one, context)
    const wasItsOwn = decision.rule?.id === rule.id
    if (decision.rule && !wasItsOwn) taken++
    if (!wasItsOwn) continue
    lines.push({ past: one, decision })
    sums[decision.decision] = plusOne(sums[decision.decision], one)
    if (decision.decision === 'pay' && one.outcome === 'paid') reallyPaid = plusOne(reallyPaid, one)
  }
  return { lines, sums, tried: past.length, taken, reallyPaid }
}

const plusOne = ({ count: so, amount }: ReplaySum, { invoice }: PastInvoice): ReplaySum => ({
  count: so + 1,
  amount: amount + invoice.amount.minor,
})

/** One of the past after the other, with those before it that could be the same debt. */
function* inOrder(past: readonly PastInvoice[]): Generator<{ one: PastInvoice; earlier: readonly PastInvoice[] }> {
  const sorted = [...past].sort(
    (a, b) => a.invoice.firstSeenAt.getTime() - b.invoice.firstSeenAt.getTime() || (a.invoice.id < b.invoice.id ? -1 : 1),
  )
  const byAmount = new Map<string, PastInvoice[]>()
  for (const one of sorted) {
    const amount = `${one.invoice.amount.unit} ${one.invoice.amount.minor}`
    const alike = byAmount.get(amount) ?? []
    yield { one, earlier: alike }
    if (alike.length < MOST_ALIKE) byAmount.set(amount, [...alike, one])
  }
}

/** A thousand invoices of one amount must not cost a million comparisons. */
const MOST_ALIKE = 50

type Counted = Map<string, Spent & { dayOf: string; monthOf: string }>

function decideThen(
  rule: Rule,
  { invoice }: PastInvoice,
  earlier: readonly PastInvoice[],
  spent: Counted,
  context: ReplayContext,
): Decision {
  const now = invoice.firstSeenAt
  const asSeen: DueInvoice = { ...invoice, status: 'pending' }
  // Whatever the rule's own dates say: it is tried as if it were valid then.
  const { name, when, do: action, limits, priority } = rule.body
  const body = { name, when, do: action, limits, priority }
  const rules = [...context.others.filter((other) => other.id !== rule.id && other.isOn), { ...rule, body, isOn: true }]
  const then: DecisionContext = {
    now,
    zone: context.zone,
    organisations: new Map([[context.organisation.id, context.organisation]]),
    shut: new Map(),
    rules,
    spent: spentOn(now, spent, namesOf(invoice, rules), context.zone),
    fund: BOUNDLESS,
    similar: new Map([[invoice.id, earlier.map(asSimilar)]]),
    approvals: new Map(),
  }
  return decide(asSeen, then)
}

/** More than the fund can ever hold. */
const BOUNDLESS = 10n ** 18n

const asSimilar = ({ invoice }: PastInvoice): SimilarInvoice => ({
  invoiceId: invoice.id,
  number: invoice.number,
  description: invoice.description,
  amount: invoice.amount.minor,
  issuedAt: invoice.issuedAt,
  merchantOrder: invoice.merchantOrder,
  isEarlier: true,
  isPaid: false,
})

/** Whatever a decision about this invoice can ask for. The thousands of other payees are left alone. */
const namesOf = (invoice: DueInvoice, rules: readonly Rule[]): ReadonlySet<string> =>
  new Set(rules.flatMap((rule) => Object.values(spentNames(invoice, rule))))

/** What was counted under these names on the same day and in the same month; a new day begins with nothing. */
function spentOn(now: Date, counted: Counted, names: Iterable<string>, zone: string): Map<string, Spent> {
  const day = dayOf(now, zone)
  const month = monthOf(day)
  return new Map(
    [...names].map((name) => {
      const so = counted.get(name)
      return [name, { day: so?.dayOf === day ? so.day : 0n, month: so?.monthOf === month ? so.month : 0n }]
    }),
  )
}

function count(counted: Counted, rule: Pick<Rule, 'id'>, { invoice }: PastInvoice, { zone }: ReplayContext): void {
  const day = dayOf(invoice.firstSeenAt, zone)
  const { minor } = invoice.amount
  for (const [name, so] of spentOn(invoice.firstSeenAt, counted, Object.values(spentNames(invoice, rule)), zone))
    counted.set(name, { day: so.day + minor, month: so.month + minor, dayOf: day, monthOf: monthOf(day) })
}
