import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['autopay_rule_versions', 'autopay_rules', 'organisation_staff', 'organisations']
const MOST = '9007199254740991'

/** Organisations whose invoices are paid from the fund, who of the staff sees them, and the rules by which they are paid. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  const budget = (column: string): string => `${column} bigint constraint organisations_${column} check (${column} between 0 and ${MOST})`
  for (const sql of [
    // Contacts and steps are lists that are only ever read whole. What is switched off stays off until somebody says otherwise.
    `create table organisations (
       id ${id} primary key, vat_number varchar(12) not null unique, name varchar(200) not null, ${budget('per_day')}, ${budget('per_month')},
       contacts text not null, steps text not null, switch varchar(10) not null default 'off', switched_at ${moment}, switched_by varchar(80), created_at ${moment} not null,
       constraint organisations_vat_number check (length(vat_number) in (10, 12)),
       constraint organisations_switch check (switch in ('off', 'on', 'stopped')))`,
    `create table organisation_staff (
       organisation_id ${id} not null references organisations (id), staff_id ${id} not null references staff (id), primary key (organisation_id, staff_id))`,
    `create index organisation_staff_by_person on organisation_staff (staff_id)`,
    `create table autopay_rules (
       id ${id} primary key, organisation_id ${id} not null references organisations (id), name varchar(100) not null, version integer not null, state varchar(10) not null,
       tried_at ${moment}, created_at ${moment} not null,
       constraint autopay_rules_version check (version > 0),
       constraint autopay_rules_state check (state in ('off', 'on', 'removed')),
       constraint autopay_rules_tried check (state <> 'on' or tried_at is not null))`,
    `create unique index autopay_rules_one_per_name on autopay_rules (organisation_id, name) where state <> 'removed'`,
    `create table autopay_rule_versions (
       rule_id ${id} not null references autopay_rules (id), version integer not null, body text not null, at ${moment} not null, author varchar(80) not null,
       primary key (rule_id, version))`,
  ])
    await knex.raw(sql)
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

async function guardSqlite(knex: Knex): Promise<void> {
  for (const verb of ['update', 'delete'])
    await knex.raw(
      `create trigger autopay_rule_versions_no_${verb} before ${verb} on autopay_rule_versions begin select raise(abort, 'a version of a rule is never changed'); end`,
    )
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function autopay_rule_versions_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'a version of a rule is never changed'; end $$`,
  )
  await knex.raw(
    `create trigger autopay_rule_versions_no_change before update or delete or truncate on autopay_rule_versions
       for each statement execute function autopay_rule_versions_refuse_change()`,
  )
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) === 'postgres') await knex.raw('drop function autopay_rule_versions_refuse_change()')
}
