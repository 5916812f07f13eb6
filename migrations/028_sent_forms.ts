import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** What each form of the staff had in it when it was done, so that the same key with other contents is told from the same form sent again. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  // Nothing that is there changes; it gives up rather than keep anybody waiting behind somebody else's lock.
  if (postgres) await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw(`create table sent_forms (
     author varchar(80) not null, idempotency_key varchar(150) not null, kind varchar(40) not null, digest varchar(64) not null, audit_id varchar(36) not null,
     at ${postgres ? 'timestamptz' : 'text'} not null,
     primary key (author, idempotency_key), constraint sent_forms_digest check (length(digest) = 64))`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table sent_forms')
}
