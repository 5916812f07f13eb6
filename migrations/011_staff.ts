import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['proofs', 'staff_setups', 'staff_recovery_codes', 'staff_factors']
const SESSION_COLUMNS = ['created_at', 'seen_from', 'seen_with']

/** The second factor of staff, how they get in for the first time, where they are signed in, and when the books were last proved. */
export async function up(knex: Knex): Promise<void> {
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  const id = 'varchar(36)'
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz' : 'text'
  for (const sql of [
    // Null in rows that an earlier version writes. Of the address only its network stands here, of the browser only its family.
    `alter table sessions add column created_at ${moment}`,
    `alter table sessions add column seen_from varchar(60)`,
    `alter table sessions add column seen_with varchar(60)`,
    // The secret is encrypted under a key that is not in the database. The last step is the newest code that was accepted: none is accepted twice.
    `create table staff_factors (
       staff_id ${id} primary key references staff (id), secret varchar(300) not null, last_step bigint not null, created_at ${moment} not null)`,
    `create table staff_recovery_codes (
       staff_id ${id} not null references staff (id), code_hash varchar(64) not null, used_at ${moment}, primary key (staff_id, code_hash))`,
    // Whoever has a row here has no password yet; with a code they may choose one.
    `create table staff_setups (
       staff_id ${id} primary key references staff (id), code_hash varchar(64), expires_at ${moment}, created_at ${moment} not null,
       constraint staff_setups_code_ends check ((code_hash is null) = (expires_at is null)))`,
    `create table proofs (
       id ${id} primary key, state varchar(10) not null, started_at ${moment} not null, started_by varchar(80) not null, beat_at ${moment} not null,
       ended_at ${moment}, steps_done integer not null, steps integer not null, findings text,
       constraint proofs_state check (state in ('running', 'done', 'failed')),
       constraint proofs_ended check ((state = 'running') = (ended_at is null)))`,
    `create unique index proofs_one_running on proofs (state) where state = 'running'`,
    `create index proofs_done on proofs (ended_at) where state = 'done'`,
  ]) {
    await knex.raw(sql)
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  for (const column of SESSION_COLUMNS) await knex.raw(`alter table sessions drop column ${column}`)
}
