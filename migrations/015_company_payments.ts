import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** Who pays: a member with points, or an organisation from the fund alone. */
const PAYER = `constraint payments_payer check ((organisation_id is null) = (member_id is not null) and (member_id is null) = (points is null) and (member_id is null) = (points_hold_id is null))`
const OF_MEMBERS = ['member_id', 'points', 'points_hold_id'] as const
/** In the text of SQLite's table columns come before rules. */
const FIRST_RULE = 'constraint payments_state check'
const ADDED = `organisation_id varchar(36), ${PAYER}, `
const INDEX = `create index payments_organisation on payments (organisation_id, id) where organisation_id is not null`

const KEPT =
  'id, checkout_id, consent_id, consented_at, operation_id, invoice_id, member_id, points, amount, currency, points_hold_id, fund_hold_id'
const KEPT_OF_BOTH = `${KEPT}, organisation_id`

const begin = (
  columns: string,
): string => `create or replace function payments_begin(opened json, events json) returns void language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$ begin
  insert into payments (${columns}) select ${columns} from json_populate_recordset(null::payments, opened);
  insert into payment_events (id, payment_id, from_state, to_state, actor, note, at)
    select id, payment_id, from_state, to_state, actor, note, at from json_populate_recordset(null::payment_events, events);
end $$`

const WRITTEN = `id, checkout_id, consent_id, consented_at, invoice_id, invoice_number, member_id, operation_id, state, points, amount, currency, points_hold_id, fund_hold_id,
  attempts, lease_owner, lease_token, lease_until, next_attempt_at, created_at`

export const up = (knex: Knex): Promise<void> => (engineOf(knex) === 'postgres' ? upPostgres(knex) : upSqlite(knex))

export const down = (knex: Knex): Promise<void> => (engineOf(knex) === 'postgres' ? downPostgres(knex) : downSqlite(knex))

async function upPostgres(knex: Knex): Promise<void> {
  // Payments go on while this runs: it gives up rather than keep them waiting behind somebody else's lock.
  await knex.raw(`set local lock_timeout = '3s'`)
  const optional = OF_MEMBERS.map((name) => `alter column ${name} drop not null`).join(', ')
  await knex.raw(`alter table payments add column organisation_id varchar(36), ${optional}, add ${PAYER}`)
  await knex.raw(INDEX)
  await keepPostgres(knex, KEPT_OF_BOTH)
  await knex.raw(begin(`${WRITTEN}, organisation_id`))
}

async function downPostgres(knex: Knex): Promise<void> {
  await knex.raw(begin(WRITTEN))
  await keepPostgres(knex, KEPT)
  const required = OF_MEMBERS.map((name) => `alter column ${name} set not null`).join(', ')
  await knex.raw(`alter table payments drop constraint payments_payer, ${required}, drop column organisation_id`)
}

async function keepPostgres(knex: Knex, columns: string): Promise<void> {
  await knex.raw('drop trigger payments_keep on payments')
  await knex.raw(
    `create trigger payments_keep before update of ${columns} or delete on payments for each row execute function payments_refuse_change()`,
  )
}

/** SQLite cannot take a NOT NULL away: the table is made anew, copied, and gets its old name. The migrator watches no foreign keys while it works and checks them all at the end. */
async function upSqlite(knex: Knex): Promise<void> {
  const loosened = (sql: string): string =>
    OF_MEMBERS.reduce((text, name) => text.replace(new RegExp(`(\\b${name} \\w+(?:\\(\\d+\\))?) not null`), '$1'), sql)
  await rebuild(knex, (sql) => loosened(sql).replace(FIRST_RULE, `${ADDED}${FIRST_RULE}`), keeping(KEPT, KEPT_OF_BOTH))
  await knex.raw(INDEX)
}

async function downSqlite(knex: Knex): Promise<void> {
  await knex.raw('drop index payments_organisation')
  const tightened = (sql: string): string =>
    OF_MEMBERS.reduce((text, name) => text.replace(new RegExp(`(\\b${name} \\w+(?:\\(\\d+\\))?)`), '$1 not null'), sql)
  const without = (sql: string): string => sql.replace(ADDED, '')
  await rebuild(knex, (sql) => tightened(without(sql)), keeping(KEPT_OF_BOTH, KEPT))
}

const keeping =
  (from: string, to: string) =>
  (sql: string): string =>
    sql.replace(`update of ${from} on`, `update of ${to} on`)

interface Part {
  readonly type: string
  readonly sql: string
}

/** Changes the table's own text and that of its triggers; its rows and indexes stay what they are. */
async function rebuild(knex: Knex, change: (table: string) => string, changeTrigger: (sql: string) => string): Promise<void> {
  const parts = await knex('sqlite_master').where({ tbl_name: 'payments' }).whereNotNull('sql').select<Part[]>('type', 'sql')
  const table = parts.find(({ type }) => type === 'table')?.sql ?? ''
  const columns = (await knex.raw<{ name: string }[]>(`pragma table_info('payments')`))
    .map(({ name }) => name)
    .filter((name) => name !== 'organisation_id')
    .join(', ')
  await knex.raw(change(table).replace(/create table "?payments"?/i, 'create table payments_rebuilt'))
  await knex.raw(`insert into payments_rebuilt (${columns}) select ${columns} from payments order by rowid`)
  await knex.raw('drop table payments')
  await knex.raw('alter table payments_rebuilt rename to payments')
  for (const { type, sql } of parts) if (type !== 'table') await knex.raw(changeTrigger(sql))
}
