import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'
import { searchKeys } from '../src/members/search-keys'

/** What staff search members by, how much members may spend, and the proofs of erasures. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  // Byte order, so that a prefix is a range of the index whatever language the database sorts by.
  const binary = postgres ? ' collate "C"' : ''
  const most = '9007199254740991'
  const limit = (column: string): string => `${column} bigint constraint spending_limits_${column} check (${column} between 0 and ${most})`
  for (const sql of [
    // Not at any price: whoever reads for minutes would make every page wait behind this.
    ...(postgres ? [`set local lock_timeout = '3s'`] : []),
    `alter table member_people add column name_key varchar(200)${binary}`,
    `alter table member_people add column email_key varchar(200)${binary}`,
    `alter table member_people add column phone_key varchar(40)${binary}`,
    `alter table members add column erased_at ${moment}`,
    // A member's row stands for all three limits in the place of the programme's row. No limit is null.
    `create table spending_limits (
       subject ${id} primary key, ${['per_payment', 'per_day', 'per_month'].map(limit).join(', ')}, set_at ${moment} not null)`,
    `create table erasures (
       id ${id} primary key, member_id ${id} not null unique references members (id), at ${moment} not null, author varchar(80) not null, approved_by varchar(80),
       record text not null, digest varchar(64) not null)`,
  ])
    await knex.raw(sql)
  await fillKeys(knex)
  for (const sql of [
    `create index member_people_name on member_people (name_key) where name_key is not null`,
    `create index member_people_email on member_people (email_key) where email_key is not null`,
    `create index member_people_phone on member_people (phone_key) where phone_key is not null`,
    // SQLite compares bytes as it is.
    ...(postgres ? [`create index members_login_start on members (login${binary})`] : []),
    `create index members_newest on members (created_at, id)`,
    `create index members_locked on members (created_at, id) where locked_at is not null`,
    `create index members_erased on members (created_at, id) where erased_at is not null`,
    ...(postgres ? ['set local lock_timeout = 0'] : []),
  ])
    await knex.raw(sql)
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

const INDEXES = ['member_people_name', 'member_people_email', 'member_people_phone', 'members_newest', 'members_locked', 'members_erased']

const PAGE = 1_000

/** Neither engine folds letters as we do, so what is there already is folded here, a page at a time. */
async function fillKeys(knex: Knex): Promise<void> {
  for (let after = ''; ;) {
    const rows = await knex('member_people')
      .where('member_id', '>', after)
      .orderBy('member_id')
      .limit(PAGE)
      .select<{ member_id: string; full_name: string | null; email: string | null; phone: string | null }[]>(
        'member_id',
        'full_name',
        'email',
        'phone',
      )
    const keys = rows.map(({ member_id, full_name, email, phone }) => ({ member_id, ...searchKeys({ fullName: full_name, email, phone }) }))
    await writeKeys(knex, keys)
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    after = last.member_id
  }
}

type Keys = { readonly member_id: string } & ReturnType<typeof searchKeys>

/** A thousand members in one statement: payments wait until the migration ends. */
async function writeKeys(knex: Knex, rows: readonly Keys[]): Promise<void> {
  const from =
    engineOf(knex) === 'postgres'
      ? 'json_to_recordset(?::json) as k(member_id text, name_key text, email_key text, phone_key text)'
      : `(select value ->> '$.member_id' as member_id, value ->> '$.name_key' as name_key, value ->> '$.email_key' as email_key,
           value ->> '$.phone_key' as phone_key from json_each(?)) as k`
  await knex.raw(
    `update member_people set name_key = k.name_key, email_key = k.email_key, phone_key = k.phone_key from ${from} where k.member_id = member_people.member_id`,
    [JSON.stringify(rows)],
  )
}

const guardSqlite = async (knex: Knex): Promise<void> => {
  for (const verb of ['update', 'delete'])
    await knex.raw(
      `create trigger erasures_no_${verb} before ${verb} on erasures begin select raise(abort, 'the proof of an erasure is never changed'); end`,
    )
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function erasures_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'the proof of an erasure is never changed'; end $$`,
  )
  await knex.raw(
    `create trigger erasures_no_change before update or delete or truncate on erasures for each statement execute function erasures_refuse_change()`,
  )
}

export async function down(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  for (const table of ['erasures', 'spending_limits']) await knex.raw(`drop table ${table}`)
  if (postgres) await knex.raw('drop function erasures_refuse_change()')
  for (const name of INDEXES) await knex.raw(`drop index ${name}`)
  if (postgres) await knex.raw('drop index members_login_start')
  for (const column of ['name_key', 'email_key', 'phone_key']) await knex.raw(`alter table member_people drop column ${column}`)
  await knex.raw('alter table members drop column erased_at')
}
