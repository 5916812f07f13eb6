import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const STOCKS = ['voucher_codes', 'top_up_codes']

/** Who buys without an account, and how a member is recognised there: one-time codes, how many orders guests make, and which codes went out by letter. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  if (postgres) await knex.raw(`set local lock_timeout = '3s'`)
  const moment = postgres ? 'timestamptz' : 'text'
  for (const sql of [
    // The code itself stands nowhere: it follows from the row's id and a key that is not in the database. The address is sealed, and only until a letter is queued.
    `create table one_time_codes (
       id varchar(36) primary key, email_digest varchar(64) not null, sealed_email varchar(600), language varchar(2) not null, tries integer not null default 0,
       created_at ${moment} not null, expires_at ${moment} not null, used_at ${moment},
       constraint one_time_codes_tries check (tries >= 0 and tries <= 5))`,
    `create index one_time_codes_email on one_time_codes (email_digest, id)`,
    `create index one_time_codes_to_send on one_time_codes (id) where sealed_email is not null`,
    `create index one_time_codes_age on one_time_codes (created_at)`,
    // One row that every order of a guest locks, so that orders which come together are counted one after the other.
    `create table guest_gate (id integer primary key, constraint guest_gate_one_row check (id = 1))`,
    `insert into guest_gate (id) values (1)`,
    // Null in rows that an earlier version writes. A keyed digest: it tells the same network again, and nobody which one.
    `alter table order_buyers add column address_digest varchar(64)`,
    `create index order_buyers_address on order_buyers (address_digest) where address_digest is not null`,
    `create index orders_open_of_guests on orders (created_at) where member_id is null and state in ('creating', 'created')`,
    ...STOCKS.map((table) => `alter table ${table} add column mailed_at ${moment}`),
  ])
    await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of STOCKS) await knex.raw(`alter table ${table} drop column mailed_at`)
  await knex.raw('drop index orders_open_of_guests')
  await knex.raw('drop index order_buyers_address')
  await knex.raw('alter table order_buyers drop column address_digest')
  await knex.raw('drop table guest_gate')
  await knex.raw('drop table one_time_codes')
}
