import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const COLUMNS = [
  // A corrected file takes the place of an earlier one: what the earlier one showed counts no more.
  ['statements', 'replaced_by', 'varchar(36)'],
  // When the browser was first sent on from a page that told how a payment had ended.
  ['checkouts', 'left_at', 'moment'],
] as const

export async function up(knex: Knex): Promise<void> {
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz' : 'text'
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  if (engineOf(knex) === 'postgres') await knex.raw(`set local lock_timeout = '3s'`)
  for (const [table, column, type] of COLUMNS)
    await knex.raw(`alter table ${table} add column ${column} ${type === 'moment' ? moment : type}`)
}

export async function down(knex: Knex): Promise<void> {
  for (const [table, column] of COLUMNS) await knex.raw(`alter table ${table} drop column ${column}`)
}
