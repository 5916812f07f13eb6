import { randomUUID } from 'node:crypto'
import type { Tx } from '../../src/shared/database'
import { IN_STATE, OPEN, now, raw } from './corruption'
import type { Corruption } from './corruption'

const addEvent = (state: string, from: string | null, to: string) => (tx: Tx) =>
  tx.raw(
    `insert into payment_events (id, payment_id, from_state, to_state, actor, at) select '${randomUUID()}', id, ${from ? `'${from}'` : 'null'}, '${to}', 'x', '${now}' from payments where id = ${IN_STATE(state)}`,
  )

export const PAYMENT_CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'a payment becomes captured without proof',
    breaks: { 'captured-not-posted': 7, 'capture-not-proved': 7, 'hold-without-payment': 4, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'captured', transaction_id = '${randomUUID()}' where state = 'confirming'`),
  },
  {
    what: 'an event is promised for a payment that does not exist',
    breaks: { 'row-without-payment': 12 },
    plant: raw(
      `insert into outbox (id, payment_id, topic, body, created_at) values ('${randomUUID()}', 'nobody', 'payment.captured', '{}', '${now}')`,
    ),
  },
  {
    what: 'the transaction id of a capture is changed',
    breaks: { 'capture-not-proved': 7 },
    plant: raw(`update payments set transaction_id = '${randomUUID()}' where state = 'captured'`),
  },
  {
    what: 'the transaction id of a capture is erased',
    breaks: { 'captured-not-posted': 7 },
    plant: raw(`update payments set transaction_id = null where state = 'captured'`),
  },
  {
    what: 'the stored answer that proves a capture is deleted',
    breaks: { 'capture-not-proved': 7 },
    plant: raw(`delete from exchanges where payment_id = ${IN_STATE('captured')}`),
  },
  {
    what: 'a captured payment is called reversed and keeps what it took',
    breaks: { 'reversed-not-given-back': 6, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'reversed' where state = 'captured'`),
  },
  {
    what: 'a reversed payment is called captured',
    breaks: { 'given-back-not-reversed': 6, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'captured' where state = 'reversed'`),
  },
  {
    what: 'a reversed payment took another amount than was given back',
    breaks: { 'reversed-not-given-back': 6 },
    plant: raw(`update payments set points = points + 1 where state = 'reversed'`),
  },
  {
    what: 'a payment becomes voided without proof',
    breaks: { 'void-not-proved': 8, 'hold-without-payment': 4, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'voided', rejection_code = 'made_up' where state = 'confirming'`),
  },
  {
    what: 'the stored answers that prove a void are deleted',
    breaks: { 'void-not-proved': 8 },
    plant: raw(`delete from exchanges where payment_id = ${IN_STATE('voided')}`),
  },
  {
    what: 'the refusal of a void is erased',
    breaks: { 'void-not-proved': 8 },
    plant: raw(`update payments set rejection_code = null where state = 'voided'`),
  },
  {
    what: 'the read behind a void said paid',
    breaks: { 'void-not-proved': 8 },
    plant: raw(`update exchanges set outcome = 'found paid' where operation = 'business.get' and payment_id = ${IN_STATE('voided')}`),
  },
  {
    what: 'the answer behind a void was no refusal',
    breaks: { 'void-not-proved': 8 },
    plant: raw(
      `update exchanges set outcome = 'unknown server-error' where operation = 'business.confirm' and payment_id = ${IN_STATE('voided')}`,
    ),
  },
  {
    what: 'Invoicebox accepted a payment that is voided',
    breaks: { 'voided-yet-accepted': 8 },
    plant:
      raw(`insert into exchanges (id, payment_id, operation, method, path, started_at, duration_ms, request, response, outcome, transaction_id)
      select '${randomUUID()}', payment_id, operation, method, path, started_at, duration_ms, request, response, 'accepted', '${randomUUID()}'
      from exchanges where operation = 'business.confirm' and payment_id = ${IN_STATE('voided')}`),
  },
  {
    what: 'one operation has two transactions and nobody was told',
    breaks: { 'second-transaction-untold': 11 },
    plant:
      raw(`insert into exchanges (id, payment_id, operation, method, path, started_at, duration_ms, request, response, outcome, transaction_id)
      select '${randomUUID()}', payment_id, operation, method, path, started_at, duration_ms, request, response, 'accepted', '${randomUUID()}'
      from exchanges where operation = 'business.confirm' and transaction_id is not null and payment_id = ${IN_STATE('captured')}`),
  },
  {
    what: 'an open payment was asked about without end',
    breaks: { 'confirming-past-its-limit': 17 },
    plant: raw(`update payments set attempts = 500 where state = 'confirming'`),
  },
  {
    what: 'the holds of an open payment are released behind its back',
    breaks: { 'open-payment-without-holds': 4 },
    plant: (tx) =>
      tx.raw(`insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at)
        select p.points_hold_id, 'released', h.instruction_key, h.batch_id, h.created_at from payments p join ledger_holds h on h.id = p.points_hold_id where p.state = 'confirming'`),
  },
  {
    what: 'an open payment names holds that do not exist',
    breaks: { 'open-payment-without-holds': 4 },
    plant: raw(`update payments set points_hold_id = '${randomUUID()}' where state = 'confirming'`),
  },
  {
    what: 'a hold stands without a payment',
    breaks: { 'hold-without-payment': 4 },
    plant: (tx) =>
      tx.raw(`insert into ledger_holds (id, account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at)
        select '${randomUUID()}', account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at from ledger_holds where id = ${OPEN}`),
  },
  {
    what: 'more points are noted than were held',
    breaks: { 'held-not-consented': 6 },
    plant: raw(`update payments set points = points + 1 where state = 'captured'`),
  },
  {
    what: 'another amount is noted than was held',
    breaks: { 'held-not-consented': 6 },
    plant: raw(`update payments set amount = amount - 1 where state = 'voided'`),
  },
  {
    what: 'a payment is written to another member',
    breaks: { 'held-not-consented': 6 },
    plant: raw(`update payments set member_id = '${randomUUID()}' where state = 'captured'`),
  },
  {
    what: 'the last step of a history is deleted',
    breaks: { 'history-not-ending-in-state': 12 },
    plant: raw(`delete from payment_events where to_state = 'captured'`),
  },
  {
    what: 'a history is deleted',
    breaks: { 'history-not-ending-in-state': 12 },
    plant: raw(`delete from payment_events where payment_id = ${IN_STATE('confirming')}`),
  },
  {
    what: 'a payment goes back',
    breaks: { 'step-not-allowed': 12, 'history-not-ending-in-state': 12, 'event-missing': 19 },
    plant: addEvent('captured', 'captured', 'confirming'),
  },
  { what: 'a payment is born captured', breaks: { 'step-not-allowed': 12 }, plant: addEvent('captured', null, 'captured') },
  {
    what: 'a payment is put into a state that nobody knows',
    breaks: { 'state-unknown': 12, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'lost' where state = 'confirming'`),
  },
  { what: 'a payment has been in a state that nobody knows', breaks: { 'state-unknown': 12 }, plant: addEvent('captured', null, 'lost') },
  {
    what: 'a voided payment is captured',
    breaks: { 'step-not-allowed': 12, 'event-missing': 19 },
    plant: addEvent('voided', 'voided', 'captured'),
  },
  {
    what: 'the alert of a review is closed',
    breaks: { 'review-without-alert': 17 },
    plant: raw(`update alerts set closed_at = opened_at where kind = 'payment_in_review'`),
  },
  {
    what: 'the alert of a review is deleted',
    breaks: { 'review-without-alert': 17 },
    plant: raw(`delete from alerts where kind = 'payment_in_review'`),
  },
  {
    what: 'a promised event is deleted',
    breaks: { 'event-missing': 19 },
    plant: raw(`delete from outbox where topic = 'payment.captured'`),
  },
]
