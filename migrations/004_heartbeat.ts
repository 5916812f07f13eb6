import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

export async function up(knex: Knex): Promise<void> {
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz' : 'text'
  // Written by whoever asks whether the gateway is ready: a disk that is full still answers reads.
  await knex.raw(`create table heartbeat (id integer primary key, beat_at ${moment} not null, constraint heartbeat_one_row check (id = 1))`)
  await knex('heartbeat').insert({ id: 1, beat_at: new Date().toISOString() })
  // What the metrics count, without reading every payment there ever was.
  await knex.raw(`create index payments_open on payments (state) where state in ('confirming', 'review')`)
  // By these an old checkout without a payment is found and deleted.
  await knex.raw('create index checkouts_created on checkouts (created_at)')
  await knex.raw('create index payments_checkout on payments (checkout_id)')
}

export async function down(knex: Knex): Promise<void> {
  for (const index of ['payments_checkout', 'checkouts_created', 'payments_open']) await knex.raw(`drop index ${index}`)
  await knex.raw('drop table heartbeat')
}
