import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** Where staff are written to. Null: by letter they are told nothing. */
export async function up(knex: Knex): Promise<void> {
  // Nobody who signs in waits behind this: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw('alter table staff add column email varchar(200)')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table staff drop column email')
}
