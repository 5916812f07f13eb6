import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** What the lists of payments are looked up by. The ids of payments grow with time, so their order and their days need no index of their own. */
const INDEXES = [
  // Hardly any payment is in another state for long, so this index stays small.
  `create index payments_not_captured on payments (state, id) where state <> 'captured'`,
  `create index payments_number on payments (invoice_number, id)`,
  `create index payments_amount on payments (amount, id)`,
  `create index exchanges_request on exchanges (request_id) where request_id is not null`,
] as const

const TABLES = ['statement_lines', 'statements', 'reconciliation_differences', 'reconciliation_runs', 'staff_views'] as const

export async function up(knex: Knex): Promise<void> {
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  const id = 'varchar(36)'
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz' : 'text'
  for (const sql of [
    ...INDEXES,
    `create table staff_views (
       id ${id} primary key, staff_id ${id} not null references staff (id), section varchar(20) not null, name varchar(60) not null, query varchar(500) not null, created_at ${moment} not null,
       unique (staff_id, section, name))`,
    // One comparison of our books with Invoicebox's list. The key names what was to be done once, such as the run of one night.
    `create table reconciliation_runs (
       id ${id} primary key, key varchar(60) not null unique, started_by varchar(100) not null, resolves integer not null, since ${moment},
       state varchar(10) not null, token bigint not null, pages integer not null default 0, checked bigint not null default 0, differences bigint not null default 0,
       problem varchar(500), started_at ${moment} not null, seen_alive_at ${moment} not null, ended_at ${moment},
       constraint reconciliation_runs_state check (state in ('running', 'done', 'failed')),
       constraint reconciliation_runs_ended check ((state = 'running') = (ended_at is null)))`,
    // The request budget is one, so runs do not stand in each other's way.
    `create unique index reconciliation_runs_one on reconciliation_runs (state) where state = 'running'`,
    // Something in which the two sides do not agree, as it was last seen; open until it is gone or a person has dealt with it.
    `create table reconciliation_differences (
       id ${id} primary key, source varchar(10) not null, kind varchar(40) not null, subject varchar(120) not null,
       invoice_id ${id}, payment_id ${id} references payments (id), facts text not null, text varchar(1000) not null,
       first_seen ${moment} not null, last_seen ${moment} not null, last_run varchar(36) not null,
       resolved_at ${moment}, resolved_by varchar(100), resolution varchar(20), remark varchar(500),
       constraint reconciliation_differences_source check (source in ('invoices', 'statement')),
       constraint reconciliation_differences_resolved check ((resolved_at is null) = (resolution is null) and (resolved_at is null) = (resolved_by is null)))`,
    `create unique index reconciliation_differences_one_open on reconciliation_differences (kind, subject) where resolved_at is null`,
    `create index reconciliation_differences_subject on reconciliation_differences (kind, subject, id)`,
    `create index reconciliation_differences_open on reconciliation_differences (id) where resolved_at is null`,
    `create index reconciliation_differences_open_kind on reconciliation_differences (kind, id) where resolved_at is null`,
    `create index reconciliation_differences_payment on reconciliation_differences (payment_id) where payment_id is not null`,
    // A statement of the guarantee fund as Invoicebox gave it out.
    `create table statements (
       id ${id} primary key, digest varchar(64) not null unique, name varchar(200) not null, first_at ${moment} not null, last_at ${moment} not null,
       line_count integer not null, imported_at ${moment} not null, imported_by varchar(100) not null)`,
    `create table statement_lines (
       statement_id ${id} not null references statements (id), number integer not null, kind varchar(10) not null, at ${moment} not null,
       operation varchar(100), invoice_number varchar(50), amount bigint not null, primary key (statement_id, number),
       constraint statement_lines_kind check (kind in ('payment', 'return', 'deposit', 'balance')))`,
    `create index statement_lines_operation on statement_lines (operation) where operation is not null`,
  ])
    await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  for (const sql of INDEXES) await knex.raw(`drop index ${/create index (\w+)/.exec(sql)?.[1] ?? ''}`)
}
