import { toDecimal } from '../shared/money'
import type { DecisionContext, SimilarInvoice } from './decision-context'
import type { DecisionKind, Gate, Why, WhyCode } from './decision'
import { rulesFor, unmetConditions } from './fit-rule'
import type { DueInvoice } from './invoice'
import { foldText } from './pattern'
import type { Rule } from './rule'

/** What one gate found: its line, and what becomes of the invoice when it stays shut. */
export interface Passage {
  readonly why: Why
  readonly shut?: DecisionKind
}

export const open = (gate: Gate, code: WhyCode, values: Why['values'] = {}): Passage => ({ why: { gate, passed: true, code, values } })

export const closed = (gate: Gate, shut: DecisionKind, code: WhyCode, values: Why['values'] = {}): Passage => ({
  why: { gate, passed: false, code, values },
  shut,
})

export const rub = (kopecks: bigint): string => `${toDecimal(kopecks)} RUB`

const STATUS = { paid: 'paid', canceled: 'cancelled', partial: 'partly_paid' } as const

/** Gate 1: the invoice can be paid at all. A status that Invoicebox does not tell proves nothing, so a person looks. */
export function statusGate(invoice: DueInvoice, { now, approvals }: DecisionContext): Passage {
  const { status, amount, dueAt } = invoice
  if (status === null) return closed('status', 'hold', 'status_unknown')
  if (status !== 'pending') return closed('status', 'refuse', STATUS[status])
  if (dueAt <= now) return closed('status', 'refuse', 'expired', { at: dueAt.toISOString() })
  if (amount.unit !== 'RUB') return closed('status', 'refuse', 'currency', { currency: amount.unit })
  if (approvals.get(invoice.id)?.isRefused) return closed('status', 'refuse', 'refused_by_person')
  return open('status', 'payable', { at: dueAt.toISOString() })
}

/** How far apart two invoices may have been issued and still be one debt. Numbers hardly ever repeat; the same words for the same amount do, every month. */
const SAME_NUMBER_MS = 90 * 86_400_000
const SAME_WORDS_MS = 14 * 86_400_000

/** Gate 2: it is not a second invoice for what is paid or due already. */
export function duplicateGate(invoice: DueInvoice, { similar, approvals }: DecisionContext): Passage {
  const found = (similar.get(invoice.id) ?? []).flatMap((other) => {
    const likeness = other.invoiceId !== invoice.id && (other.isPaid || other.isEarlier) ? likenessOf(invoice, other) : undefined
    return likeness ? [{ other, likeness }] : []
  })
  const told = ({ other }: (typeof found)[number]) => ({ number: other.number, invoice: other.invoiceId })
  const [any] = found.sort((a, b) => (a.other.invoiceId < b.other.invoiceId ? -1 : 1))
  if (!any) return open('duplicate', 'no_duplicate')
  // Whoever let it go on had looked at one other invoice: what has come since is another question.
  const lookedAt = approvals.get(invoice.id)?.releasedFrom ?? []
  const first = found.find(({ other }) => !lookedAt.includes(other.invoiceId))
  return first ? closed('duplicate', 'refuse', first.likeness, told(first)) : open('duplicate', 'duplicate_released', told(any))
}

/** By what another invoice is the same debt as this one, if it is. */
export function likenessOf(
  invoice: DueInvoice,
  other: SimilarInvoice,
): 'duplicate_order' | 'duplicate_number' | 'duplicate_words' | undefined {
  if (invoice.merchantOrder !== null && invoice.merchantOrder === other.merchantOrder) return 'duplicate_order'
  if (other.amount !== invoice.amount.minor) return undefined
  const apart = Math.abs(other.issuedAt.getTime() - invoice.issuedAt.getTime())
  if (apart <= SAME_NUMBER_MS && isSame(other.number, invoice.number)) return 'duplicate_number'
  return apart <= SAME_WORDS_MS && isSame(other.description, invoice.description) ? 'duplicate_words' : undefined
}

/** Nothing said twice is no likeness. */
const isSame = (a: string, b: string): boolean => foldText(a) !== '' && foldText(a) === foldText(b)

export interface Ruling extends Passage {
  /** The rule that applies, also when it says to hold. */
  readonly rule: Rule | null
}

/** A rule that does not fit. */
interface Missed {
  readonly rule: Rule
  readonly unmet: readonly string[]
  /** How many of its conditions are met. */
  readonly met: number
}

/** Less is missing, or as little where more was found. */
const isNearer = (a: Missed, b: Missed): boolean => a.unmet.length < b.unmet.length || (a.unmet.length === b.unmet.length && a.met > b.met)

/** Gate 3: the first rule that fits says what to do. Where none does, the one that came nearest tells what was missing. */
export function ruleGate(invoice: DueInvoice, context: DecisionContext): Ruling {
  const { now } = context
  let nearest: Missed | undefined
  for (const rule of rulesIn(context, invoice)) {
    const unmet = unmetConditions(invoice, rule.body.when, now)
    if (unmet.length === 0) return { ...applied(rule), rule }
    const missed = { rule, unmet, met: Object.keys(rule.body.when).length - unmet.length }
    if (!nearest || isNearer(missed, nearest)) nearest = missed
  }
  if (!nearest) return { ...closed('rule', 'hold', 'no_rule'), rule: null }
  return { ...closed('rule', 'hold', 'no_rule_fits', { rule: nearest.rule.body.name, condition: nearest.unmet[0] ?? '' }), rule: null }
}

/** The rules of each organisation in their order, sought once for a context: every invoice of a plan asks for them twice. */
const sought = new WeakMap<DecisionContext, Map<string, readonly Rule[]>>()

function rulesIn(context: DecisionContext, invoice: DueInvoice): readonly Rule[] {
  const found = sought.get(context) ?? new Map<string, readonly Rule[]>()
  sought.set(context, found)
  const rules = found.get(invoice.organisationId) ?? rulesFor(invoice, context.rules, context.now, context.zone)
  found.set(invoice.organisationId, rules)
  return rules
}

function applied({ body, version }: Rule): Passage {
  const values = { rule: body.name, version: String(version) }
  return body.do === 'hold' ? closed('rule', 'hold', 'rule_holds', values) : open('rule', `rule_${body.do}`, values)
}
