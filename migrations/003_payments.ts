import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['outbox', 'exchanges', 'payment_events', 'payments', 'checkouts', 'alerts']
const APPEND_ONLY = ['payment_events', 'exchanges']
/** What a payment is about, and what the member consented to. */
const KEPT =
  'id, checkout_id, consent_id, consented_at, operation_id, invoice_id, member_id, points, amount, currency, points_hold_id, fund_hold_id'

export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  for (const sql of [
    // What a person must look at, open until somebody or something settles it. One open alert per kind and subject.
    `create table alerts (
       id ${id} primary key, kind varchar(40) not null, subject varchar(100) not null, detail varchar(1000) not null, opened_at ${moment} not null, closed_at ${moment}, closed_by varchar(100))`,
    `create unique index alerts_one_open on alerts (kind, subject) where closed_at is null`,
    // One arrival of a browser: the invoice as it was last read, and the links the buyer may leave by.
    `create table checkouts (
       id ${id} primary key, invoice_id ${id} not null, member_id ${id}, problem varchar(20), number varchar(50), description varchar(1000), amount bigint, currency varchar(3), shown_amount bigint,
       status varchar(10), expires_at ${moment}, payment_url varchar(1000), read_at ${moment}, success_url varchar(1000), fail_url varchar(1000), return_url varchar(1000),
       created_at ${moment} not null)`,
    `create table payments (
       id ${id} primary key, checkout_id ${id} not null references checkouts (id), consent_id ${id} not null unique, consented_at ${moment} not null,
       invoice_id ${id} not null, invoice_number varchar(50) not null, member_id ${id} not null, operation_id ${id} not null unique, state varchar(10) not null,
       points bigint not null, amount bigint not null, currency varchar(3) not null, points_hold_id ${id} not null unique references ledger_holds (id), fund_hold_id ${id} not null unique references ledger_holds (id),
       attempts integer not null, lease_owner varchar(60), lease_token bigint not null, lease_until ${moment}, next_attempt_at ${moment} not null,
       transaction_id varchar(100), rejection_code varchar(100), reason varchar(500), resolved_by varchar(100),
       created_at ${moment} not null, settled_at ${moment}, checked_at ${moment}, check_attempts integer not null default 0, next_check_at ${moment},
       constraint payments_state check (state in ('confirming', 'review', 'captured', 'voided', 'reversed')),
       constraint payments_positive check (points > 0 and amount > 0 and points <= 9007199254740991 and amount <= 9007199254740991),
       constraint payments_capture_proved check (state <> 'captured' or transaction_id is not null),
       constraint payments_void_proved check (state <> 'voided' or rejection_code is not null or resolved_by is not null))`,
    `create unique index payments_one_per_invoice on payments (invoice_id) where state in ('confirming', 'review', 'captured')`,
    // What Invoicebox calls one transaction pays for one payment.
    `create unique index payments_one_per_transaction on payments (transaction_id) where transaction_id is not null`,
    `create index payments_due on payments (next_attempt_at) where state = 'confirming'`,
    `create index payments_unchecked on payments (next_check_at) where state = 'captured' and checked_at is null`,
    `create index payments_member on payments (member_id, id)`,
    `create index payments_invoice on payments (invoice_id, created_at)`,
    `create table payment_events (
       id ${id} primary key, payment_id ${id} not null references payments (id), from_state varchar(10), to_state varchar(10) not null, actor varchar(100) not null, note varchar(1000), at ${moment} not null)`,
    `create index payment_events_payment on payment_events (payment_id, id)`,
    `create table exchanges (
       id ${id} primary key, payment_id ${id} not null references payments (id), operation varchar(30) not null, method varchar(6) not null, path varchar(500) not null, started_at ${moment} not null,
       duration_ms integer not null, status integer, request_id varchar(200), request text not null, response text not null, outcome varchar(300) not null, transaction_id varchar(100))`,
    `create index exchanges_payment on exchanges (payment_id, id)`,
    `create table outbox (
       id ${id} primary key, payment_id ${id} not null references payments (id), topic varchar(30) not null, body text not null, created_at ${moment} not null, unique (payment_id, topic))`,
  ]) {
    await knex.raw(sql)
  }
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

async function guardSqlite(knex: Knex): Promise<void> {
  for (const table of APPEND_ONLY) {
    for (const verb of ['update', 'delete']) {
      await knex.raw(
        `create trigger ${table}_no_${verb} before ${verb} on ${table} begin select raise(abort, 'the history of a payment is never changed'); end`,
      )
    }
  }
  await knex.raw(`create trigger payments_keep before update of ${KEPT} on payments
    begin select raise(abort, 'what a payment is about is never changed'); end`)
  await knex.raw(`create trigger payments_final before update of state on payments when new.state <> old.state and (old.state in ('voided', 'reversed') or (old.state = 'captured' and new.state <> 'reversed'))
    begin select raise(abort, 'a final state is final'); end`)
  await knex.raw(`create trigger payments_no_delete before delete on payments begin select raise(abort, 'payments are never deleted'); end`)
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function payments_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'the history of a payment is never changed'; end $$`,
  )
  await knex.raw(
    `create function payments_refuse_final() returns trigger language plpgsql as $$ begin raise exception 'a final state is final'; end $$`,
  )
  for (const table of APPEND_ONLY) {
    await knex.raw(
      `create trigger ${table}_no_change before update or delete or truncate on ${table} for each statement execute function payments_refuse_change()`,
    )
  }
  await knex.raw(
    `create trigger payments_keep before update of ${KEPT} or delete on payments for each row execute function payments_refuse_change()`,
  )
  await knex.raw(
    `create trigger payments_final before update of state on payments for each row when (new.state <> old.state and (old.state in ('voided', 'reversed') or (old.state = 'captured' and new.state <> 'reversed'))) execute function payments_refuse_final()`,
  )
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) !== 'postgres') return
  await knex.raw('drop function payments_refuse_change()')
  await knex.raw('drop function payments_refuse_final()')
}
