import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const COLUMNS = 'id, topic, source, organisation_id, facts, at'
const BEFORE = ['digest', 'approval']

/** A third thing that an organisation's people are told by letter: what a month has come to. */
export async function up(knex: Knex): Promise<void> {
  await allow(knex, [...BEFORE, 'month'])
}

export async function down(knex: Knex): Promise<void> {
  await knex('autopay_outbox').whereNotIn('topic', BEFORE).delete()
  await allow(knex, BEFORE)
}

const allow = (knex: Knex, topics: readonly string[]): Promise<void> => {
  const check = `constraint autopay_outbox_topic check (topic in (${topics.map((topic) => `'${topic}'`).join(', ')}))`
  return engineOf(knex) === 'postgres' ? replaceCheck(knex, check) : rebuild(knex, check)
}

async function replaceCheck(knex: Knex, check: string): Promise<void> {
  // Runs go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw(`alter table autopay_outbox drop constraint autopay_outbox_topic, add ${check}`)
}

/** SQLite changes no CHECK of a table that is there. Nothing refers to this one. */
async function rebuild(knex: Knex, check: string): Promise<void> {
  const id = 'varchar(36)'
  await knex.raw(`create table autopay_outbox_rebuilt (
     id ${id} primary key, topic varchar(20) not null, source ${id} not null, organisation_id ${id} not null, facts text not null, at text not null, unique (topic, source, organisation_id),
     ${check})`)
  await knex.raw(`insert into autopay_outbox_rebuilt (${COLUMNS}) select ${COLUMNS} from autopay_outbox`)
  await knex.raw('drop table autopay_outbox')
  await knex.raw('alter table autopay_outbox_rebuilt rename to autopay_outbox')
}
