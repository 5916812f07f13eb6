import type { Knex } from 'knex'

const TABLES = ['invoice_reads', 'request_waits', 'request_slots', 'request_budget']

export async function up(knex: Knex): Promise<void> {
  for (const sql of [
    // The one row that is locked while slots are handed out. Moments are milliseconds: of the bucket's own time, except closed_until and reduced_at, which are the clock's.
    `create table request_budget (
       id integer primary key, clock_offset bigint not null, paced_until bigint not null, closed_until bigint not null, reduction integer not null, reduced_at bigint not null,
       constraint request_budget_one_row check (id = 1))`,
    `insert into request_budget (id, clock_offset, paced_until, closed_until, reduction, reduced_at) values (1, 0, 0, 0, 0, 0)`,
    // A slot is one request that was or may yet be sent. It counts until free_at.
    `create table request_slots (
       id varchar(36) primary key, class varchar(12) not null, taken_at bigint not null, free_at bigint not null, answered integer not null default 0,
       constraint request_slots_answered check (answered in (0, 1)))`,
    `create index request_slots_free on request_slots (free_at)`,
    // What callers of a process wait for at this moment, so that others do not take it for something less urgent.
    `create table request_waits (
       instance varchar(60) primary key, payment integer not null, page integer not null, recovery integer not null, background integer not null, until bigint not null)`,
    // Who reads an invoice at this moment, and what the last reading brought, for those who come a moment later.
    `create table invoice_reads (
       invoice_id varchar(36) primary key, reader varchar(36), reading_until bigint not null, began_at bigint not null, answer text)`,
    `create index invoice_reads_old on invoice_reads (reading_until)`,
  ]) {
    await knex.raw(sql)
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
}
