import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['audit_log', 'fund_settings', 'sessions', 'sign_in_attempts', 'staff', 'member_people', 'members', 'logins']

export async function up(knex: Knex): Promise<void> {
  await createTables(knex)
  await knex.raw(`insert into fund_settings (id, floor) values (1, 0)`)
  await (engineOf(knex) === 'postgres' ? guardPostgres(knex) : guardSqlite(knex))
}

async function createTables(knex: Knex): Promise<void> {
  const id = 'varchar(36)'
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz' : 'text'
  for (const sql of [
    // Members and staff sign in through one form, so a login belongs to one of them alone. It is stored in its canonical form.
    `create table logins (login varchar(64) primary key, constraint logins_canonical check (login = lower(login)))`,
    `create table members (
       id ${id} primary key, login varchar(64) not null unique references logins (login), password_hash varchar(200) not null, language varchar(2) not null,
       locked_at ${moment}, locked_reason varchar(500), created_at ${moment} not null,
       constraint members_language check (language in ('ru', 'en')),
       constraint members_lock_has_reason check ((locked_at is null) = (locked_reason is null)))`,
    // Whatever can be erased on a person's request stands here; the ledger knows the member's id alone.
    `create table member_people (
       member_id ${id} primary key references members (id), full_name varchar(200), email varchar(200), phone varchar(40))`,
    `create table staff (
       id ${id} primary key, login varchar(64) not null unique references logins (login), password_hash varchar(200) not null, role varchar(20) not null,
       created_at ${moment} not null, disabled_at ${moment},
       constraint staff_role check (role in ('viewer', 'support', 'operator', 'approver', 'auditor', 'admin')))`,
    // The subject is a digest of a login or of an address: what people type into the login field may be a password.
    `create table sign_in_attempts (
       subject varchar(64) primary key, failures integer not null, window_ends_at ${moment} not null,
       constraint sign_in_attempts_failures check (failures >= 0))`,
    // No foreign keys: a session is written by another room, lives for hours, and is harmless once its owner is gone.
    `create table sessions (
       id_hash varchar(64) primary key, data text not null, member_id ${id}, staff_id ${id}, expires_at ${moment} not null)`,
    `create table fund_settings (
       id integer primary key, floor bigint not null,
       constraint fund_settings_one_row check (id = 1), constraint fund_settings_floor check (floor >= 0))`,
    `create table audit_log (
       id ${id} primary key, at ${moment} not null, actor varchar(80) not null, action varchar(60) not null, subject varchar(100) not null,
       reason varchar(500), "before" text, "after" text, instruction_key varchar(200))`,
    `create index sign_in_attempts_end on sign_in_attempts (window_ends_at)`,
    `create index sessions_expire on sessions (expires_at)`,
    `create index sessions_member on sessions (member_id) where member_id is not null`,
    `create index sessions_staff on sessions (staff_id) where staff_id is not null`,
    `create index audit_log_subject on audit_log (subject, id)`,
    `create index audit_log_instruction on audit_log (instruction_key) where instruction_key is not null`,
  ]) {
    await knex.raw(sql)
  }
}

async function guardSqlite(knex: Knex): Promise<void> {
  for (const verb of ['update', 'delete']) {
    await knex.raw(
      `create trigger audit_log_no_${verb} before ${verb} on audit_log begin select raise(abort, 'audit rows are never changed'); end`,
    )
  }
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function audit_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'audit rows are never changed'; end $$`,
  )
  await knex.raw(
    `create trigger audit_log_no_change before update or delete or truncate on audit_log for each statement execute function audit_refuse_change()`,
  )
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) === 'postgres') await knex.raw('drop function audit_refuse_change()')
}
