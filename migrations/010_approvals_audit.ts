import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** Requests that wait for a second person, and the chain over the audit log. */
export async function up(knex: Knex): Promise<void> {
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  for (const sql of [
    `create table approvals (
       id ${id} primary key, kind varchar(40) not null, payload text not null, subject varchar(100) not null, reason varchar(500) not null,
       maker varchar(80) not null, maker_login varchar(64), maker_role varchar(20), idempotency_key varchar(150) not null,
       state varchar(10) not null, created_at ${moment} not null, lapses_at ${moment} not null,
       decided_at ${moment}, decider varchar(80), decider_login varchar(64), decider_role varchar(20), decision_reason varchar(500),
       performed_at ${moment}, outcome varchar(500),
       constraint approvals_state check (state in ('open', 'approved', 'refused', 'withdrawn', 'lapsed')),
       constraint approvals_decided check ((state in ('open', 'lapsed')) = (decider is null)),
       constraint approvals_two_people check (state <> 'approved' or decider <> maker),
       constraint approvals_performed check (performed_at is null or state = 'approved'))`,
    `create unique index approvals_one_per_key on approvals (maker, idempotency_key)`,
    `create index approvals_open on approvals (lapses_at) where state = 'open'`,
    `create index approvals_unperformed on approvals (id) where state = 'approved' and performed_at is null`,
    `alter table audit_log add column approved_by varchar(80)`,
    // Rows take their place in the chain after they are committed, in whatever order that happens.
    `create table audit_unchained (audit_id ${id} primary key)`,
    `create table audit_chain (position bigint primary key, audit_id ${id} not null unique references audit_log (id), hash varchar(64) not null)`,
    `insert into audit_unchained (audit_id) select id from audit_log`,
    `create index audit_log_at on audit_log (at, id)`,
    ...['actor', 'action', 'subject'].map((column) => `create index audit_log_by_${column} on audit_log (${column}, at, id)`),
  ]) {
    await knex.raw(sql)
  }
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

/** What a request is about is never changed, and what was decided is final. */
const KEPT = 'id, kind, payload, subject, reason, maker, maker_login, maker_role, idempotency_key, created_at, lapses_at'

async function guardSqlite(knex: Knex): Promise<void> {
  for (const sql of [
    `create trigger audit_log_chained after insert on audit_log begin insert into audit_unchained (audit_id) values (new.id); end`,
    ...['update', 'delete'].map(
      (verb) =>
        `create trigger audit_chain_no_${verb} before ${verb} on audit_chain begin select raise(abort, 'audit rows are never changed'); end`,
    ),
    `create trigger approvals_keep before update of ${KEPT} on approvals begin select raise(abort, 'a request is never changed'); end`,
    `create trigger approvals_final before update of state on approvals when old.state <> 'open' and new.state <> old.state
       begin select raise(abort, 'a decision is final'); end`,
    `create trigger approvals_no_delete before delete on approvals begin select raise(abort, 'a request is never deleted'); end`,
  ])
    await knex.raw(sql)
}

async function guardPostgres(knex: Knex): Promise<void> {
  for (const sql of [
    `create function audit_note_unchained() returns trigger language plpgsql as $$
       begin insert into audit_unchained (audit_id) select id from added; return null; end $$`,
    `create trigger audit_log_chained after insert on audit_log referencing new table as added for each statement execute function audit_note_unchained()`,
    `create trigger audit_chain_no_change before update or delete or truncate on audit_chain for each statement execute function audit_refuse_change()`,
    `create function approvals_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'a request is never changed'; end $$`,
    `create trigger approvals_keep before update of ${KEPT} or delete on approvals for each row execute function approvals_refuse_change()`,
    `create trigger approvals_final before update of state on approvals for each row when (old.state <> 'open' and new.state <> old.state)
       execute function approvals_refuse_change()`,
  ])
    await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  await knex.raw(postgres ? 'drop trigger audit_log_chained on audit_log' : 'drop trigger audit_log_chained')
  for (const table of ['audit_chain', 'audit_unchained', 'approvals']) await knex.raw(`drop table ${table}`)
  for (const index of ['audit_log_at', 'audit_log_by_actor', 'audit_log_by_action', 'audit_log_by_subject'])
    await knex.raw(`drop index ${index}`)
  await knex.raw('alter table audit_log drop column approved_by')
  if (!postgres) return
  await knex.raw('drop function audit_note_unchained()')
  await knex.raw('drop function approvals_refuse_change()')
}
