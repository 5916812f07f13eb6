import { findBroken } from '../shared/book-rules'
import type { BookRule } from '../shared/book-rules'
import type { Db } from '../shared/database'
import type { Finding } from '../ledger'
import { MOST_ATTEMPTS } from './backoff'
import { NOT_ASKED } from './settle-payment'
import { NEXT_STATES, PAYMENT_STATES } from './states'

const HOLDS = `left join ledger_holds hp on hp.id = p.points_hold_id left join ledger_holds hf on hf.id = p.fund_hold_id
  left join ledger_resolutions rp on rp.hold_id = hp.id left join ledger_resolutions rf on rf.hold_id = hf.id`

/** Both holds must have ended this way; an organisation has only the one of the fund. */
const NOT = (kind: 'posted' | 'released'): string =>
  `coalesce(rf.kind, '') <> '${kind}' or (p.member_id is not null and coalesce(rp.kind, '') <> '${kind}')`

/**
 * Payments that Rule R lets go: an explicit refusal of the newest confirm, then a read that says "not paid". (A late acceptance has a rule of its own.) Every answer is looked
 * at once, whatever payment it belongs to: looked up for each voided payment, a planner without statistics might read all of them for each.
 */
const REFUSED_THEN_READ = `select distinct c.payment_id from exchanges c join (select payment_id,
      max(case when operation = 'business.get' and outcome in ('found pending', 'found canceled') then id end) as read_id,
      max(case when operation = 'business.confirm' and transaction_id is null then id end) as asked_id from exchanges group by payment_id) n on n.payment_id = c.payment_id
  where c.operation = 'business.confirm' and c.outcome like 'rejected%' and c.id < n.read_id and (n.asked_id is null or c.id >= n.asked_id)`

/** Or nothing was ever sent: it was seen in time that the invoice is for what we sell. */
const NEVER_ASKED = `(p.rejection_code = '${NOT_ASKED}' and asked.payment_id is null)`
const ASKED = `select distinct payment_id from exchanges where operation = 'business.confirm'`

/** An acceptance that was stored for a payment we gave up, or two for one operation: staff were told, or something is wrong. */
const UNTOLD = `not exists (select 1 from alerts a where a.subject = p.id and a.kind = `

/** How often the reversal of a payment has brought an amount back to an account. */
const GIVEN_BACK = `select t.reference, e.account_id, e.amount, count(*) as times from ledger_transfers t join ledger_entries e on e.transfer_id = t.id
  where t.kind = 'reversal' and t.instruction_key = 'reverse:' || t.reference group by t.reference, e.account_id, e.amount`

const STEPS = [
  `(e.from_state is null and e.to_state = 'confirming')`,
  ...Object.entries(NEXT_STATES).flatMap(([from, next]) =>
    next.map((to) => `coalesce(e.from_state, '') = '${from}' and e.to_state = '${to}'`),
  ),
].join(' or ')

const ENDED = `('captured', 'voided', 'reversed')`
const KNOWN = `('${PAYMENT_STATES.join("', '")}')`

const RULES: readonly BookRule[] = [
  {
    // One sentence for each such payment; the rules below leave to the later version what they cannot judge.
    invariant: 12,
    name: 'state-unknown',
    sql: `select p.id from payments p where p.state not in ${KNOWN}
          union select p.id from payments p join payment_events e on e.payment_id = p.id where e.to_state not in ${KNOWN} or e.from_state not in ${KNOWN}`,
    text: (id) => `Payment ${id} is or was in a state that this version does not know: verify with the newest version that runs here.`,
  },
  {
    invariant: 4,
    name: 'open-payment-without-holds',
    sql: `select p.id from payments p ${HOLDS} where p.state in ('confirming', 'review')
          and (hf.id is null or rf.hold_id is not null or (p.member_id is not null and (hp.id is null or rp.hold_id is not null)))`,
    text: (id) => `Payment ${id} is open, but its holds are not.`,
  },
  {
    invariant: 4,
    name: 'hold-without-payment',
    sql: `select h.id from ledger_holds h left join ledger_resolutions r on r.hold_id = h.id
          left join payments p on p.points_hold_id = h.id left join payments f on f.fund_hold_id = h.id
          where r.hold_id is null and ((p.id is null and f.id is null) or p.state in ${ENDED} or f.state in ${ENDED})
          and not exists (select 1 from order_refunds o where o.hold_id = h.id)`,
    text: (id) => `Hold ${id} is open without an open payment.`,
  },
  {
    invariant: 6,
    name: 'held-not-consented',
    sql: `select p.id from payments p ${HOLDS} where hp.amount <> p.points or hf.amount <> p.amount or hp.account_id <> 'member:' || p.member_id or (p.member_id is not null and hp.id is null) or hf.account_id <> 'fund'`,
    text: (id) => `Payment ${id} holds something else than the member consented to.`,
  },
  {
    invariant: 7,
    name: 'captured-not-posted',
    sql: `select p.id from payments p ${HOLDS} where p.state in ('captured', 'reversed')
          and (${NOT('posted')} or p.transaction_id is null)`,
    text: (id) => `Payment ${id} is captured without both holds posted or without Invoicebox's transaction id.`,
  },
  {
    invariant: 7,
    name: 'capture-not-proved',
    sql: `select p.id from payments p where p.state in ('captured', 'reversed') and p.resolved_by is null
          and not exists (select 1 from exchanges x where x.payment_id = p.id and x.operation = 'business.confirm' and x.transaction_id = p.transaction_id)`,
    text: (id) => `Payment ${id} is captured, but no stored answer of Invoicebox proves it.`,
  },
  {
    invariant: 6,
    name: 'reversed-not-given-back',
    sql: `select p.id from payments p left join (${GIVEN_BACK}) m on m.reference = p.id and m.account_id = 'member:' || p.member_id and m.amount = p.points
          left join (${GIVEN_BACK}) f on f.reference = p.id and f.account_id = 'fund' and f.amount = p.amount
          where p.state = 'reversed' and ((p.member_id is not null and coalesce(m.times, 0) <> 1) or coalesce(f.times, 0) <> 1)`,
    text: (id) => `Payment ${id} is reversed, but what it took was not given back, exactly and once.`,
  },
  {
    invariant: 6,
    name: 'given-back-not-reversed',
    sql: `select t.reference as id from ledger_transfers t left join payments p on p.id = t.reference
          where t.instruction_key like 'reverse:%' and (p.id is null or p.state <> 'reversed')`,
    text: (id) => `What payment ${id} took was given back, but it is not reversed.`,
  },
  {
    invariant: 8,
    name: 'void-not-proved',
    sql: `select p.id from payments p ${HOLDS} left join (${REFUSED_THEN_READ}) refused on refused.payment_id = p.id
          left join (${ASKED}) asked on asked.payment_id = p.id where p.state = 'voided'
          and (${NOT('released')} or (p.resolved_by is null and (p.rejection_code is null or not (${NEVER_ASKED} or refused.payment_id is not null))))`,
    text: (id) => `Payment ${id} is voided without both holds released or without a proven refusal.`,
  },
  {
    invariant: 8,
    name: 'voided-yet-accepted',
    sql: `select p.id from payments p where p.state = 'voided' and exists (select 1 from exchanges x where x.payment_id = p.id and x.transaction_id is not null)
          and ${UNTOLD} 'paid_after_void')`,
    text: (id) => `Payment ${id} is voided, but Invoicebox accepted it and nobody was told.`,
  },
  {
    invariant: 11,
    name: 'second-transaction-untold',
    sql: `select p.id from payments p join (select payment_id from exchanges group by payment_id having min(transaction_id) <> max(transaction_id)) x
          on x.payment_id = p.id where ${UNTOLD} 'second_transaction')`,
    text: (id) => `Payment ${id} has two transactions at Invoicebox and nobody was told.`,
  },
  {
    invariant: 12,
    name: 'history-not-ending-in-state',
    // No step leads back, so the last state is the one that was entered and not left: that holds whatever the clocks of two processes say about the order.
    sql: `select p.id from payments p where not exists (select 1 from payment_events e where e.payment_id = p.id and e.to_state = p.state)
          union select p.id from payments p join payment_events e on e.payment_id = p.id and e.from_state = p.state`,
    text: (id) => `The history of payment ${id} does not end in its state.`,
  },
  {
    invariant: 12,
    name: 'step-not-allowed',
    sql: `select e.payment_id as id from payment_events e where e.to_state in ${KNOWN} and coalesce(e.from_state, e.to_state) in ${KNOWN} and not (${STEPS})`,
    text: (id) => `Payment ${id} made a step that is not in the table of states.`,
  },
  {
    invariant: 12,
    name: 'row-without-payment',
    sql: ['payment_events', 'outbox', 'exchanges']
      .map((table) => `select x.payment_id as id from ${table} x left join payments p on p.id = x.payment_id where p.id is null`)
      .join(' union '),
    text: (id) => `Payment ${id} has a history, an event or an answer, but does not exist.`,
  },
  {
    invariant: 17,
    name: 'confirming-past-its-limit',
    sql: `select p.id from payments p where p.state = 'confirming' and p.attempts > ${MOST_ATTEMPTS}`,
    text: (id) => `Payment ${id} was asked about more often than allowed and is not in review.`,
  },
  {
    invariant: 17,
    name: 'review-without-alert',
    sql: `select p.id from payments p where p.state = 'review' and not exists
            (select 1 from alerts a where a.subject = p.id and a.kind = 'payment_in_review' and a.closed_at is null)`,
    text: (id) => `Payment ${id} is in review, but no alert is open for it.`,
  },
  {
    invariant: 19,
    name: 'event-missing',
    sql: `select e.payment_id as id from payment_events e left join outbox o on o.payment_id = e.payment_id and o.topic = 'payment.' || e.to_state
          where e.from_state is not null and o.id is null`,
    text: (id) => `An event of payment ${id} was promised and never written.`,
  },
]

/** Every rule by its name. A test plants a corruption for each of them. */
export const PAYMENT_RULES: readonly string[] = RULES.map((rule) => rule.name)

/** Proves the invariants that concern payments and their holds: 4, 6, 7, 8, 11, 12, 17 and 19 of docs/ledger.md. Changes nothing; an empty list means that all of them hold. */
export const verifyPayments = (db: Db): Promise<Finding[]> => findBroken(db, RULES)
