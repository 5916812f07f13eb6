import { refuseBelowFloor } from '../fund'
import type { Invoice, Permit } from '../invoicebox'
import { companion, payForOrganisation } from '../payments'
import type { Companion, HoldInTurn, PaymentDeps } from '../payments'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { DecisionContext } from './decision-context'
import type { KeptDecision } from './decision-store'
import type { DueInvoice } from './invoice'
import { isInForce } from './fit-rule'
import { neededSteps } from './limit-gates'
import { payeeOf } from './payee'
import { refuseUnlessSigned } from './refuse-unless-signed'
import type { SignedHold } from './refuse-unless-signed'
import { spendingPeriods, spendWithinLimits } from './spending'
import type { Spending } from './spending'
import { refuseUnlessOn, ruleStamp } from './switch'
import type { RuledHold } from './switch'

export interface Paying {
  readonly invoice: Invoice
  readonly due: DueInvoice
  readonly decision: KeptDecision
  readonly context: DecisionContext
  readonly readAt: Date
  /** What must stay in the fund for buyers. */
  readonly leaving: Money
  readonly permit: Permit
  /** Others are to be paid before it. */
  readonly holdInTurn?: HoldInTurn | undefined
  readonly onFault?: OnFault | undefined
}

/** Hears of an invoice that failed by a fault of our own. */
export type OnFault = (invoice: { readonly id: string; readonly number: string }, error: unknown) => void

/** These stop one payment before anything is held, and leave the invoice to be decided about anew. */
const STOPPED_BY: readonly string[] = [
  'autopay_off',
  'rule_off',
  'autopay_over_limit',
  'autopay_not_signed',
  'fund_floor_reached',
  'invoice_being_paid',
  'invoice_not_fresh',
  'invoice_not_payable',
  'invoice_unsupported',
  'payments_unavailable',
]

/**
 * Pays one invoice on a stored decision. A fault of our own is logged and stays with this invoice: one poisonous invoice must not keep a thousand others waiting.
 * @returns the code of what stopped it, or null
 */
export async function payOne(deps: PaymentDeps, paying: Paying): Promise<string | null> {
  const { invoice, due, decision, context, readAt, leaving, permit, holdInTurn } = paying
  try {
    await payForOrganisation(deps, {
      organisationId: due.organisationId,
      vatNumber: context.organisations.get(due.organisationId)?.vatNumber ?? '',
      invoice,
      readAt,
      decisionId: decision.id,
      decidedAt: decision.at,
      leaving,
      companions: guardsOf(paying, deps),
      permit,
      holdInTurn,
    })
    return null
  } catch (error) {
    const isExpected = error instanceof Refusal && STOPPED_BY.includes(error.code)
    const about = { invoiceId: invoice.id, err: error }
    if (isExpected) deps.log.info(about, 'an automatic payment was stopped before the hold')
    else {
      deps.log.error(about, 'an automatic payment failed; the others go on')
      paying.onFault?.(due, error)
    }
    return error instanceof Refusal ? error.code : 'failed'
  }
}

/** What must still be so in the very transaction that holds the money: the switch, the rule in its version, the signatures, every limit, the floor of the fund. */
function guardsOf(paying: Paying, deps: PaymentDeps): Companion[] {
  const { due, decision, context } = paying
  const { rule } = decision
  const applied = context.rules.find(({ id }) => id === rule?.id)
  const organisation = context.organisations.get(due.organisationId)
  if (!rule || !applied || !organisation) throw new Error('bug: a decision to pay without its rule')
  const now = deps.clock.now()
  const periods = spendingPeriods(now, deps.settings.timeZone)
  // The payment counts in this day, so the rule must be valid on it: midnight may have come since the decision.
  if (!isInForce(applied, periods.day)) throw new Refusal('rule_off', rule.id)
  const among = new Set(context.rules.filter(({ organisationId }) => organisationId === due.organisationId).map(ruleStamp))
  const ruled: RuledHold = { organisationId: due.organisationId, ruleId: rule.id, version: rule.version, among, terms: organisation }
  const { limits } = applied.body
  const spending: Spending = {
    ...periods,
    decisionId: decision.id,
    organisationId: due.organisationId,
    ruleId: rule.id,
    payee: payeeOf(due).slice(0, 100),
    amount: due.amount.minor,
    limits: {
      organisation: { day: organisation.perDay, month: organisation.perMonth },
      rule: { day: limits.day ?? null, month: limits.month ?? null },
      payeeDay: limits.payee ?? null,
    },
  }
  const signed: SignedHold = {
    invoiceId: due.id,
    organisationId: due.organisationId,
    amount: due.amount,
    steps: applied.body.do === 'ask' ? neededSteps(organisation, due.amount.minor).map(({ index }) => index) : [],
    at: now,
  }
  return [
    companion(refuseUnlessOn, ruled),
    companion(refuseUnlessSigned, signed),
    companion(spendWithinLimits, spending),
    companion(refuseBelowFloor, {}),
  ]
}
