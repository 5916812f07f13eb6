import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** What each person did without a second one, so that many small deeds count as the large one that they are; and an index for the list of payments. */
export async function up(knex: Knex): Promise<void> {
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  for (const sql of [
    // `at` is the database's own time in milliseconds, since a host's clock may be wrong.
    `create table done_alone (
       maker varchar(80) not null, kind varchar(40) not null, idempotency_key varchar(150) not null, payload varchar(64) not null, amount bigint not null, unit varchar(3) not null, at bigint not null,
       primary key (maker, kind, idempotency_key, payload), constraint done_alone_amount check (amount > 0))`,
    `create index done_alone_lately on done_alone (maker, kind, at)`,
    // For a range of amounts among the few payments that ended otherwise. Hardly any payment comes into it: neither while it is asked for nor when it is paid.
    `create index payments_ended_amount on payments (state, amount, id) where state not in ('captured', 'confirming')`,
  ])
    await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index payments_ended_amount')
  await knex.raw('drop table done_alone')
}
