import { dayOf, monthOf } from '../shared/days'
import type { Day } from '../shared/days'
import { decide } from './decide'
import type { Decision, DecisionKind } from './decision'
import type { DecisionContext, SimilarInvoice, Spent } from './decision-context'
import { rulesFor, unmetConditions } from './fit-rule'
import { likenessOf } from './gates'
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

/** A past invoice with what does not depend on the rule that is tried: for many rules it is looked at once. */
export interface SeenInvoice {
  readonly one: PastInvoice
  /** When it was first seen, in the operator's zone. */
  readonly day: Day
  /** What came before it and could be the same debt. */
  readonly similar: readonly SimilarInvoice[]
  /** The first two of the organisation's rules that fit it, without their conditions: one of them may be an earlier version of the rule that is tried. */
  readonly takers: readonly Rule[]
}

/** The past in the order in which it came to pass. One step for each invoice. */
export function* lookBack(
  past: readonly PastInvoice[],
  { others, zone }: Pick<ReplayContext, 'others' | 'zone'>,
): Generator<void, SeenInvoice[]> {
  const byAmount = new Map<string, PastInvoice[]>()
  const byDay = new Map<Day, readonly Rule[]>()
  const fitting = new Map(others.map((rule) => [rule.id, withoutConditions(rule)]))
  const seen: SeenInvoice[] = []
  for (const one of inOrder(past)) {
    const { invoice } = one
    const day = dayOf(invoice.firstSeenAt, zone)
    const rules = byDay.get(day) ?? rulesFor(invoice, others, invoice.firstSeenAt, zone)
    byDay.set(day, rules)
    const amount = `${invoice.amount.unit} ${invoice.amount.minor}`
    const alike = byAmount.get(amount) ?? []
    byAmount.set(amount, alike)
    const similar = alike.map(asSimilar).filter((other) => likenessOf(invoice, other) !== undefined)
    seen.push({ one, day, similar, takers: firstTwo(rules, invoice).flatMap(({ id }) => fitting.get(id) ?? []) })
    if (alike.length < MOST_ALIKE) alike.push(one)
    yield
  }
  return seen
}

const inOrder = (past: readonly PastInvoice[]): PastInvoice[] =>
  [...past].sort((a, b) => a.invoice.firstSeenAt.getTime() - b.invoice.firstSeenAt.getTime() || (a.invoice.id < b.invoice.id ? -1 : 1))

/** A thousand invoices of one amount must not cost a million comparisons. */
const MOST_ALIKE = 50

const fits = (rule: Rule, invoice: DueInvoice): boolean => unmetConditions(invoice, rule.body.when, invoice.firstSeenAt).length === 0

function firstTwo(rules: readonly Rule[], invoice: DueInvoice): Rule[] {
  const found: Rule[] = []
  for (const rule of rules) {
    if (fits(rule, invoice)) found.push(rule)
    if (found.length === 2) break
  }
  return found
}

/**
 * Plays a rule through on past invoices, each at the moment when it was first seen, as if it had been on all the time and the fund had reached for everything. Limits fill up day
 * by day as they would have. Nothing is written and nobody is asked. One step for each invoice.
 */
export function* replayRule(rule: Rule, past: readonly PastInvoice[], context: ReplayContext): Generator<void, Replay> {
  return yield* replaySeen(rule, yield* lookBack(past, context), context)
}

/** The same on a past that was looked at already. */
export function* replaySeen(
  tried: Rule,
  seen: readonly SeenInvoice[],
  context: Pick<ReplayContext, 'organisation' | 'zone'>,
): Generator<void, Replay> {
  const [rule, fitting] = [asIfOn(tried), withoutConditions(asIfOn(tried))]
  const spent: Counted = new Map()
  const sums = { pay: NOTHING, ask: NOTHING, wait: NOTHING, hold: NOTHING, refuse: NOTHING }
  const lines: ReplayLine[] = []
  let [taken, reallyPaid] = [0, NOTHING]
  for (const { one, ...of } of seen) {
    yield
    const rules = [...of.takers.filter(({ id }) => id !== rule.id).slice(0, 1), ...(fits(rule, one.invoice) ? [fitting] : [])]
    // What no rule takes is held, and neither spends anything nor has a line.
    if (rules.length === 0) continue
    const decision = decideThen(one, { ...of, rules }, spent, context)
    // Of another rule's payment payee and organisation have spent as much as of its own; the rule itself has not.
    if (decision.decision === 'pay' && decision.rule) count(spent, decision.rule, one, of.day)
    const wasItsOwn = decision.rule?.id === rule.id
    if (decision.rule && !wasItsOwn) taken++
    if (!wasItsOwn) continue
    lines.push({ past: one, decision })
    sums[decision.decision] = plusOne(sums[decision.decision], one)
    if (decision.decision === 'pay' && one.outcome === 'paid') reallyPaid = plusOne(reallyPaid, one)
  }
  return { lines, sums, tried: seen.length, taken, reallyPaid }
}

/** Of a rule that is known to fit: texts are not compared once more. */
const withoutConditions = (rule: Rule): Rule => ({ ...rule, body: { ...rule.body, when: {} } })

/** Whatever the rule's own dates say: it is tried as if it were valid then. */
function asIfOn(rule: Rule): Rule {
  const { name, when, do: action, limits, priority } = rule.body
  return { ...rule, body: { name, when, do: action, limits, priority }, isOn: true }
}

const plusOne = ({ count: so, amount }: ReplaySum, { invoice }: PastInvoice): ReplaySum => ({
  count: so + 1,
  amount: amount + invoice.amount.minor,
})

type Counted = Map<string, Spent & { dayOf: string; monthOf: string }>

function decideThen(
  { invoice }: PastInvoice,
  { day, similar, rules }: Pick<SeenInvoice, 'day' | 'similar'> & { readonly rules: readonly Rule[] },
  spent: Counted,
  { organisation, zone }: Pick<ReplayContext, 'organisation' | 'zone'>,
): Decision {
  const then: DecisionContext = {
    now: invoice.firstSeenAt,
    zone,
    organisations: new Map([[organisation.id, organisation]]),
    shut: new Map(),
    rules,
    spent: spentOn(day, spent, namesOf(invoice, rules)),
    fund: BOUNDLESS,
    similar: new Map([[invoice.id, similar]]),
    approvals: new Map(),
  }
  return decide({ ...invoice, status: 'pending' }, then)
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
function spentOn(day: Day, counted: Counted, names: Iterable<string>): Map<string, Spent> {
  const month = monthOf(day)
  return new Map(
    [...names].map((name) => {
      const so = counted.get(name)
      return [name, { day: so?.dayOf === day ? so.day : 0n, month: so?.monthOf === month ? so.month : 0n }]
    }),
  )
}

function count(counted: Counted, rule: Pick<Rule, 'id'>, { invoice }: PastInvoice, day: Day): void {
  const { minor } = invoice.amount
  for (const [name, so] of spentOn(day, counted, Object.values(spentNames(invoice, rule))))
    counted.set(name, { day: so.day + minor, month: so.month + minor, dayOf: day, monthOf: monthOf(day) })
}
