import type { Finding } from '../ledger'
import { findBroken } from '../shared/book-rules'
import type { BookRule } from '../shared/book-rules'
import type { Db } from '../shared/database'
import { NEXT_REFUND_STATES, NEXT_STATES } from './states'

const HOLD = `left join ledger_holds h on h.id = r.hold_id left join ledger_resolutions s on s.hold_id = h.id`

/** How often a movement of this kind brought this amount to the account of the order's member. */
const moved = (reference: string, kind: string, amount: string): string => `(select count(*) from ledger_transfers t
  join ledger_entries e on e.transfer_id = t.id and e.account_id = 'member:' || o.member_id
  where t.reference = ${reference} and t.kind = '${kind}' and e.amount = ${amount})`

const stepsOf = (born: string, table: Readonly<Record<string, readonly string[]>>): string =>
  [
    `(e.from_state is null and e.to_state = '${born}')`,
    ...Object.entries(table).flatMap(([from, next]) => next.map((to) => `coalesce(e.from_state, '') = '${from}' and e.to_state = '${to}'`)),
  ].join(' or ')

const listed = (states: readonly string[]): string => `('${states.join("', '")}')`
const KNOWN = listed(Object.keys(NEXT_STATES))
const KNOWN_OF_REFUNDS = listed(Object.keys(NEXT_REFUND_STATES))

/** Sums of the refunds that count against an order. */
const TAKEN = `select order_id, sum(amount) as amount, sum(points) as points from order_refunds where state not in ('rejected', 'cancelled') group by order_id`

const RULES: readonly BookRule[] = [
  {
    invariant: 20,
    name: 'credited-not-once',
    sql: `select o.number as id from orders o where o.state = 'credited' and o.goods = 'points' and ${moved('o.id', 'top_up', 'o.points')} <> 1`,
    text: (id) => `Order ${id} is credited, but its points did not come to its member exactly once.`,
  },
  {
    invariant: 20,
    name: 'points-without-order',
    sql: `select t.id from ledger_transfers t left join orders o on o.id = t.reference left join top_up_codes c on c.id = t.reference
          where t.kind = 'top_up' and (c.id is null or c.state <> 'redeemed' or t.instruction_key <> 'top-up-code:' || c.id)
          and (o.id is null or o.state <> 'credited' or o.goods <> 'points' or t.instruction_key <> 'top-up:' || o.id)`,
    text: (id) => `Transfer ${id} credits points that no credited order sold.`,
  },
  {
    invariant: 20,
    name: 'goods-not-handed-out-once',
    sql: `select o.number as id from orders o where o.state = 'credited' and o.goods <> 'points'
          and (select count(*) from voucher_codes v where v.order_id = o.id and v.state in ('sold', 'withdrawn')) + (select count(*) from top_up_codes c where c.order_id = o.id) <> 1`,
    text: (id) => `Order ${id} was paid, but not exactly one code was handed out for it.`,
  },
  {
    invariant: 20,
    name: 'code-redeemed-not-once',
    sql: `select c.id from top_up_codes c where c.state = 'redeemed' and (select count(*) from ledger_transfers t
          join ledger_entries e on e.transfer_id = t.id and e.account_id = 'member:' || c.redeemed_by
          where t.reference = c.id and t.kind = 'top_up' and e.amount = c.points) <> 1`,
    text: (id) => `Code ${id} is redeemed, but its points did not come to the member exactly once.`,
  },
  {
    invariant: 20,
    name: 'refunded-code-still-good',
    sql: `select o.number as id from orders o join (${TAKEN}) k on k.order_id = o.id where o.state = 'credited' and o.goods <> 'points'
          and (exists (select 1 from voucher_codes v where v.order_id = o.id and v.state <> 'withdrawn') or exists (select 1 from top_up_codes c where c.order_id = o.id and c.state <> 'withdrawn'))`,
    text: (id) => `The money of order ${id} goes back, but its code is still good.`,
  },
  {
    invariant: 20,
    name: 'code-kept-for-no-order',
    sql: `select v.id from voucher_codes v left join orders o on o.id = v.order_id
          where v.state = 'reserved' and (o.id is null or (o.state not in ('creating', 'created') and o.state in ${KNOWN}))`,
    text: (id) => `Voucher code ${id} is set aside, but for no order that waits to be paid.`,
  },
  {
    invariant: 20,
    name: 'code-sold-without-payment',
    sql: `select v.id from voucher_codes v left join orders o on o.id = v.order_id
          where v.state = 'sold' and (o.id is null or (o.state <> 'credited' and o.state in ${KNOWN}))`,
    text: (id) => `Voucher code ${id} is sold, but its order is not credited.`,
  },
  {
    invariant: 12,
    name: 'order-history-not-ending-in-state',
    sql: `select o.number as id from orders o where not exists (select 1 from order_events e where e.order_id = o.id and e.to_state = o.state)
          or exists (select 1 from order_events e where e.order_id = o.id and e.from_state = o.state)`,
    text: (id) => `The history of order ${id} does not end in its state.`,
  },
  {
    invariant: 12,
    name: 'order-step-not-allowed',
    sql: `select o.number as id from order_events e join orders o on o.id = e.order_id
          where e.to_state in ${KNOWN} and coalesce(e.from_state, e.to_state) in ${KNOWN} and not (${stepsOf('creating', NEXT_STATES)})`,
    text: (id) => `Order ${id} made a step that is not in the table of states.`,
  },
  {
    invariant: 17,
    name: 'paid-not-credited-untold',
    sql: `select o.number as id from orders o where o.state = 'paid'
          and not exists (select 1 from alerts a where a.subject = o.id and a.kind = 'order_undeliverable')`,
    text: (id) => `Order ${id} is paid and not credited, and nobody was told.`,
  },
  {
    invariant: 4,
    name: 'open-refund-without-hold',
    sql: `select r.number as id from order_refunds r ${HOLD} where r.state in ('requested', 'drafted') and r.hold_id is not null and (h.id is null or s.hold_id is not null)`,
    text: (id) => `Refund ${id} is open, but the hold on its points is not.`,
  },
  {
    invariant: 4,
    name: 'hold-of-ended-refund',
    sql: `select r.number as id from order_refunds r ${HOLD} where h.id is not null and s.hold_id is null and r.state not in ('requested', 'drafted') and r.state in ${KNOWN_OF_REFUNDS}`,
    text: (id) => `Refund ${id} is over, but its points are still held.`,
  },
  {
    invariant: 6,
    name: 'refund-holds-something-else',
    sql: `select r.number as id from order_refunds r join orders o on o.id = r.order_id ${HOLD}
          where h.id is not null and (h.amount <> r.points or h.account_id <> 'member:' || o.member_id or h.to_account_id <> 'sold')`,
    text: (id) => `Refund ${id} holds something else than its points.`,
  },
  {
    invariant: 7,
    name: 'refund-taken-not-posted',
    sql: `select r.number as id from order_refunds r ${HOLD} where h.id is not null and s.hold_id is not null
          and ((r.state in ('accepted', 'completed', 'cancelled') and s.kind <> 'posted') or (r.state = 'rejected' and s.kind <> 'released'))`,
    text: (id) => `Refund ${id} did not do with its hold what its state says.`,
  },
  {
    invariant: 6,
    name: 'refunded-too-much',
    sql: `select o.number as id from orders o join (${TAKEN}) k on k.order_id = o.id where k.amount > o.amount or k.points > o.points`,
    text: (id) => `More of order ${id} was refunded than was paid or bought.`,
  },
  {
    invariant: 6,
    name: 'cancelled-refund-not-given-back',
    sql: `select r.number as id from order_refunds r join orders o on o.id = r.order_id
          where r.points > 0 and ${moved('r.id', 'reversal', 'r.points')} <> case when r.state = 'cancelled' then 1 else 0 end`,
    text: (id) => `Refund ${id}: its points are back although it stands, or are not back although Invoicebox cancelled it.`,
  },
  {
    invariant: 12,
    name: 'refund-history-not-ending-in-state',
    sql: `select r.number as id from order_refunds r where not exists (select 1 from order_refund_events e where e.refund_id = r.id and e.to_state = r.state)
          or exists (select 1 from order_refund_events e where e.refund_id = r.id and e.from_state = r.state)`,
    text: (id) => `The history of refund ${id} does not end in its state.`,
  },
  {
    invariant: 12,
    name: 'refund-step-not-allowed',
    sql: `select r.number as id from order_refund_events e join order_refunds r on r.id = e.refund_id
          where e.to_state in ${KNOWN_OF_REFUNDS} and coalesce(e.from_state, e.to_state) in ${KNOWN_OF_REFUNDS} and not (${stepsOf('requested', NEXT_REFUND_STATES)})`,
    text: (id) => `Refund ${id} made a step that is not in the table of states.`,
  },
]

/** Every rule by its name. A test plants a corruption for each of them. */
export const ORDER_RULES: readonly string[] = RULES.map((rule) => rule.name)

/** Proves the invariants that concern top-ups and their refunds: 4, 6, 7, 12, 17 and 20 of docs/ledger.md. Changes nothing; an empty list means that all of them hold. */
export const verifyOrders = (db: Db): Promise<Finding[]> => findBroken(db, RULES)
