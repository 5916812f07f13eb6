import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'
import { newSortedId } from '../src/shared/ids'

const TABLES = [
  'autopay_outbox',
  'autopay_spending',
  'autopay_delegations',
  'autopay_verdicts',
  'autopay_signatures',
  'autopay_run_items',
  'autopay_runs',
  'autopay_decisions',
  'autopay_changes',
  'autopay_invoices',
] as const

/** What was once written in these stays as it was written. */
const APPEND_ONLY = ['autopay_changes', 'autopay_decisions', 'autopay_spending'] as const

const POSITIONS = ['autopay', 'autopay-late']

/** Invoices of organisations as they were read, what was decided about them and by whom, the runs that pay them, and what they have spent. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const moment = postgres ? 'timestamptz' : 'text'
  for (const sql of [...invoiceTables(moment), ...runTables(moment), ...peopleTables(moment)]) await knex.raw(sql)
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
  const position = newSortedId()
  await knex('notice_positions').insert(POSITIONS.map((name) => ({ name, position })))
}

const ID = 'varchar(36)'

const invoiceTables = (moment: string): string[] => [
  // The id is Invoicebox's; `place` grows with the order in which invoices were first seen, which is the order of lists.
  // One with a problem could not be understood: it has no amount and is never paid.
  `create table autopay_invoices (
     id ${ID} primary key, place ${ID} not null unique, organisation_id ${ID} not null, number varchar(50) not null, description varchar(1000) not null, payer_name varchar(250) not null,
     amount bigint, currency varchar(3), status varchar(10), merchant_order varchar(256), payment_url text, problem varchar(300),
     issued_at ${moment}, due_at ${moment}, first_seen_at ${moment} not null, last_seen_at ${moment} not null,
     queue varchar(10) not null, next_step integer, decision_id ${ID}, queued_at ${moment} not null,
     constraint autopay_invoices_queue check (queue in ('new', 'ask', 'due', 'paying', 'exception', 'paid', 'closed')),
     constraint autopay_invoices_step check ((queue = 'ask') = (next_step is not null)),
     constraint autopay_invoices_understood check (problem is not null or (amount > 0 and currency is not null and due_at is not null)))`,
  `create index autopay_invoices_queue on autopay_invoices (queue, place)`,
  `create index autopay_invoices_organisation on autopay_invoices (organisation_id, queue, place)`,
  `create index autopay_invoices_alike on autopay_invoices (organisation_id, amount)`,
  `create index autopay_invoices_order on autopay_invoices (organisation_id, merchant_order) where merchant_order is not null`,
  `create index autopay_invoices_due on autopay_invoices (due_at) where queue in ('new', 'ask', 'due')`,
  `create table autopay_changes (
     id ${ID} primary key, invoice_id ${ID} not null references autopay_invoices (id), at ${moment} not null, field varchar(20) not null, "before" varchar(300), "after" varchar(300))`,
  `create index autopay_changes_invoice on autopay_changes (invoice_id, id)`,
  // The id of a decision to pay is the consent of its payment.
  `create table autopay_decisions (
     id ${ID} primary key, invoice_id ${ID} not null references autopay_invoices (id), run_id ${ID}, at ${moment} not null, kind varchar(10) not null,
     amount bigint not null, currency varchar(3) not null, rule_id ${ID}, rule_version integer, rule_name varchar(200), why text not null,
     constraint autopay_decisions_kind check (kind in ('pay', 'ask', 'wait', 'hold', 'refuse')),
     constraint autopay_decisions_rule check ((rule_id is null) = (rule_version is null)))`,
  `create index autopay_decisions_invoice on autopay_decisions (invoice_id, id)`,
]

const runTables = (moment: string): string[] => [
  // The key names what was to be done once, such as the run of one moment of the schedule.
  `create table autopay_runs (
     id ${ID} primary key, key varchar(60) not null unique, started_by varchar(100) not null, organisation_id ${ID}, invoice_id ${ID}, merchant_order varchar(256),
     state varchar(10) not null, token bigint not null, step varchar(10) not null, listed integer not null default 0, total integer not null default 0, done integer not null default 0,
     problem varchar(500), started_at ${moment} not null, seen_alive_at ${moment} not null, ended_at ${moment},
     constraint autopay_runs_state check (state in ('running', 'done', 'failed')),
     constraint autopay_runs_step check (step in ('reading', 'deciding', 'paying', 'telling')),
     constraint autopay_runs_ended check ((state = 'running') = (ended_at is null)))`,
  // Two runs would decide about the same money, so the second waits for the first.
  `create unique index autopay_runs_one on autopay_runs (state) where state = 'running'`,
  `create table autopay_run_items (
     run_id ${ID} not null references autopay_runs (id), invoice_id ${ID} not null references autopay_invoices (id), organisation_id ${ID} not null, position integer not null,
     number varchar(50) not null, amount bigint not null, currency varchar(3) not null, outcome varchar(10) not null, decision varchar(10) not null, why text not null, at ${moment} not null,
     primary key (run_id, invoice_id), unique (run_id, position), constraint autopay_run_items_outcome check (outcome in ('paid', 'waiting', 'refused')))`,
  `create index autopay_run_items_month on autopay_run_items (organisation_id, at)`,
  // Written in the transaction that holds the money, under the lock of the fund: what counts against the limits of rules, payees and organisations.
  // Days are the operator's. A row whose payment is voided or reversed does not count.
  `create table autopay_spending (
     decision_id ${ID} primary key references autopay_decisions (id), organisation_id ${ID} not null, rule_id ${ID} not null, payee varchar(100) not null, day varchar(10) not null,
     amount bigint not null, constraint autopay_spending_amount check (amount > 0))`,
  `create index autopay_spending_organisation on autopay_spending (organisation_id, day)`,
  `create index autopay_spending_rule on autopay_spending (rule_id, day)`,
]

const peopleTables = (moment: string): string[] => [
  // One signature of one step. It ends when the amount changes or its time is over, and then somebody must sign again.
  `create table autopay_signatures (
     id ${ID} primary key, invoice_id ${ID} not null references autopay_invoices (id), step integer not null, amount bigint not null, currency varchar(3) not null,
     staff_id ${ID} not null, on_behalf_of ${ID}, reason varchar(500) not null, key varchar(150) not null, signed_at ${moment} not null, lapses_at ${moment} not null, ended_at ${moment}, ended_why varchar(20),
     constraint autopay_signatures_ended check ((ended_at is null) = (ended_why is null)),
     constraint autopay_signatures_step check (step >= 0))`,
  `create unique index autopay_signatures_one_a_step on autopay_signatures (invoice_id, step) where ended_at is null`,
  // Nobody signs twice, for somebody else neither.
  `create unique index autopay_signatures_one_a_person on autopay_signatures (invoice_id, staff_id) where ended_at is null`,
  `create index autopay_signatures_lapse on autopay_signatures (lapses_at) where ended_at is null`,
  // What a person has said besides: refused, or looked at and let go on although it stood under Exceptions, with the invoices that it was held back for as a duplicate.
  `create table autopay_verdicts (
     id ${ID} primary key, invoice_id ${ID} not null references autopay_invoices (id), kind varchar(10) not null, amount bigint not null, author varchar(100) not null,
     reason varchar(500) not null, at ${moment} not null, other_invoices text not null default '', ended_at ${moment}, ended_why varchar(20),
     constraint autopay_verdicts_kind check (kind in ('refused', 'released')),
     constraint autopay_verdicts_ended check ((ended_at is null) = (ended_why is null)))`,
  `create unique index autopay_verdicts_one on autopay_verdicts (invoice_id) where ended_at is null`,
  `create table autopay_delegations (
     id ${ID} primary key, from_staff ${ID} not null, to_staff ${ID} not null, begins_at ${moment} not null, ends_at ${moment} not null, created_by varchar(100) not null,
     created_at ${moment} not null, withdrawn_at ${moment}, constraint autopay_delegations_other check (from_staff <> to_staff), constraint autopay_delegations_span check (begins_at < ends_at))`,
  `create index autopay_delegations_to on autopay_delegations (to_staff) where withdrawn_at is null`,
  `create index autopay_delegations_from on autopay_delegations (from_staff) where withdrawn_at is null`,
  // What an organisation's people are to be told by letter. Facts hold amounts, counts and ids, never an address.
  `create table autopay_outbox (
     id ${ID} primary key, topic varchar(20) not null, source ${ID} not null, organisation_id ${ID} not null, facts text not null, at ${moment} not null, unique (topic, source, organisation_id),
     constraint autopay_outbox_topic check (topic in ('digest', 'approval')))`,
]

async function guardSqlite(knex: Knex): Promise<void> {
  for (const table of APPEND_ONLY)
    for (const verb of ['update', 'delete'])
      await knex.raw(
        `create trigger ${table}_no_${verb} before ${verb} on ${table} begin select raise(abort, 'what was decided is never changed'); end`,
      )
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function autopay_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'what was decided is never changed'; end $$`,
  )
  for (const table of APPEND_ONLY)
    await knex.raw(
      `create trigger ${table}_no_change before update or delete or truncate on ${table} for each statement execute function autopay_refuse_change()`,
    )
}

export async function down(knex: Knex): Promise<void> {
  await knex('notice_positions').whereIn('name', POSITIONS).delete()
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) === 'postgres') await knex.raw('drop function autopay_refuse_change()')
}
