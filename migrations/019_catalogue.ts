import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['order_buyers', 'top_up_codes', 'voucher_codes', 'offer_pictures', 'offers', 'shops'] as const

/** In the text of SQLite's table columns come before rules. */
const FIRST_RULE = 'unique (member_id, intent_key)'
const POSITIVE = 'check (points > 0 and amount > 0 and points <= 9007199254740991 and amount <= 9007199254740991)'
const NOT_NEGATIVE = `check (points >= 0 and (points > 0 or goods = 'voucher') and amount > 0 and points <= 9007199254740991 and amount <= 9007199254740991)`
/** Points go to a member's account. What anybody may buy is a voucher, or a code that stands for points. */
const GOODS = `constraint orders_goods check (goods in ('points', 'voucher', 'code') and (goods <> 'points' or member_id is not null) and (goods <> 'voucher' or offer_id is not null))`
const NAMES = ['goods', 'offer_id', 'title', 'vat_code']
const COLUMNS = [
  `goods varchar(10) not null default 'points'`,
  'offer_id varchar(36)',
  'title varchar(120)',
  'vat_code varchar(20)',
] as const
const ADDED = `${COLUMNS.join(', ')}, `
const INDEX = 'create unique index orders_guest_intent on orders (intent_key) where member_id is null'
const BUYS = 'create index orders_offer on orders (offer_id, id) where offer_id is not null'

const KEPT = 'id, number, member_id, intent_key, points, amount, currency, created_at'
const KEPT_OF_GOODS = `${KEPT}, ${NAMES.join(', ')}`

/** What can be bought: the catalogue with its pictures and its stock of codes, who bought as a guest, and the shops that accept the programme. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  const yes = postgres ? 'boolean' : 'integer'
  for (const sql of [
    `create table offers (
       id ${id} primary key, type varchar(10) not null, title_ru varchar(120) not null, title_en varchar(120) not null, text_ru varchar(600) not null, text_en varchar(600) not null,
       price bigint, chips varchar(300) not null, vat_code varchar(20) not null, least bigint, most bigint, per_person integer, meta_key varchar(100), meta_values varchar(1000),
       active_from ${moment}, active_until ${moment}, position integer not null, is_enabled ${yes} not null, low_stock integer not null,
       created_at ${moment} not null, changed_at ${moment} not null,
       constraint offers_type check (type in ('points', 'voucher')),
       constraint offers_price check ((type = 'voucher') = (price is not null) and (price is null or (price > 0 and price <= 9007199254740991))),
       constraint offers_limits check ((least is null or least > 0) and (most is null or most >= coalesce(least, 1)) and (per_person is null or per_person > 0) and low_stock >= 0),
       constraint offers_visibility check ((meta_key is null) = (meta_values is null)))`,
    `create index offers_position on offers (position, id)`,
    `create table offer_pictures (
       id ${id} primary key, offer_id ${id} not null unique references offers (id), type varchar(20) not null, bytes ${postgres ? 'bytea' : 'blob'} not null, created_at ${moment} not null,
       constraint offer_pictures_type check (type in ('image/png', 'image/jpeg', 'image/webp')),
       constraint offer_pictures_size check (length(bytes) <= 204800))`,
    // A code is sealed: whoever reads the database cannot spend it. Its digest, keyed with the same secret, tells duplicates.
    `create table voucher_codes (
       id ${id} primary key, offer_id ${id} not null references offers (id), sealed varchar(400) not null, digest varchar(64) not null unique, state varchar(10) not null,
       order_id ${id} unique, imported_at ${moment} not null, imported_by varchar(100) not null, changed_at ${moment} not null, shown_at ${moment},
       constraint voucher_codes_state check (state in ('free', 'reserved', 'sold', 'withdrawn') and (state <> 'free' or order_id is null) and (state not in ('reserved', 'sold') or order_id is not null)),
       constraint voucher_codes_shown check (shown_at is null or state in ('sold', 'withdrawn')))`,
    `create index voucher_codes_stock on voucher_codes (offer_id, state, id)`,
    `create table top_up_codes (
       id ${id} primary key, order_id ${id} not null unique, sealed varchar(400) not null, digest varchar(64) not null unique, points bigint not null, state varchar(10) not null,
       created_at ${moment} not null, shown_at ${moment}, redeemed_by ${id}, redeemed_at ${moment},
       constraint top_up_codes_state check (state in ('open', 'redeemed', 'withdrawn') and (state = 'redeemed') = (redeemed_by is not null) and (redeemed_by is null) = (redeemed_at is null)),
       constraint top_up_codes_points check (points > 0 and points <= 9007199254740991))`,
    `create table order_buyers (order_id ${id} primary key references orders (id), email varchar(254) not null, email_digest varchar(64) not null)`,
    `create index order_buyers_email on order_buyers (email_digest)`,
    `create table shops (
       id ${id} primary key, title_ru varchar(50) not null, title_en varchar(50) not null, text_ru varchar(600) not null, text_en varchar(600) not null, address varchar(200) not null,
       link varchar(300) not null, found_by varchar(2000) not null, position integer not null, is_shown ${yes} not null,
       marketplace_id bigint unique, marketplace_state varchar(10) not null, marketplace_note varchar(300), marketplace_at ${moment}, created_at ${moment} not null, changed_at ${moment} not null,
       constraint shops_marketplace check (marketplace_state in ('none', 'asked', 'accepted', 'rejected', 'unknown') and (marketplace_state <> 'accepted' or marketplace_id is not null)))`,
    `create index shops_position on shops (position, id)`,
  ])
    await knex.raw(sql)
  await (postgres ? upPostgres(knex) : upSqlite(knex))
  await knex.raw(INDEX)
  await knex.raw(BUYS)
}

export async function down(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (postgres) await knex.raw('drop function voucher_codes_refuse_change()')
  await knex.raw('drop index orders_guest_intent')
  await knex.raw('drop index orders_offer')
  await (postgres ? downPostgres(knex) : downSqlite(knex))
}

const CODE_KEPT = 'id, offer_id, sealed, digest, imported_at'
const BACK_ON_SALE = `new.state = 'free' and (old.state in ('sold', 'withdrawn') or old.shown_at is not null)`

async function upPostgres(knex: Knex): Promise<void> {
  await knex.raw(`set local lock_timeout = '3s'`)
  const columns = COLUMNS.map((column) => `add column ${column}`).join(', ')
  await knex.raw(`alter table orders ${columns}, alter column member_id drop not null, drop constraint orders_positive`)
  await knex.raw(`alter table orders add constraint orders_positive ${NOT_NEGATIVE}, add ${GOODS}`)
  await keepPostgres(knex, KEPT_OF_GOODS)
  await knex.raw(
    `create function voucher_codes_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'a code that was handed out is never sold again'; end $$`,
  )
  await knex.raw(
    `create trigger voucher_codes_keep before update of ${CODE_KEPT} or delete on voucher_codes for each row execute function voucher_codes_refuse_change()`,
  )
  await knex.raw(
    `create trigger voucher_codes_once before update of state on voucher_codes for each row when (${BACK_ON_SALE}) execute function voucher_codes_refuse_change()`,
  )
}

async function downPostgres(knex: Knex): Promise<void> {
  await keepPostgres(knex, KEPT)
  await knex.raw('alter table orders drop constraint orders_goods, drop constraint orders_positive')
  await knex.raw(
    `alter table orders add constraint orders_positive ${POSITIVE}, alter column member_id set not null, ${NAMES.map((name) => `drop column ${name}`).join(', ')}`,
  )
}

async function keepPostgres(knex: Knex, columns: string): Promise<void> {
  await knex.raw('drop trigger orders_keep on orders')
  await knex.raw(
    `create trigger orders_keep before update of ${columns} or delete on orders for each row execute function orders_refuse_change()`,
  )
}

/** SQLite cannot take a NOT NULL away: the table is made anew, copied, and gets its old name. The migrator watches no foreign keys while it works and checks them all at the end. */
async function upSqlite(knex: Knex): Promise<void> {
  const changed = (sql: string): string =>
    sql
      .replace(/(member_id varchar\(36\)) not null/, '$1')
      .replace(POSITIVE, `${NOT_NEGATIVE}, ${GOODS}`)
      .replace(FIRST_RULE, `${ADDED}${FIRST_RULE}`)
  await rebuild(knex, changed, [KEPT, KEPT_OF_GOODS])
  await knex.raw(`create trigger voucher_codes_keep before update of ${CODE_KEPT} on voucher_codes
    begin select raise(abort, 'a code is never changed'); end`)
  await knex.raw(
    `create trigger voucher_codes_no_delete before delete on voucher_codes begin select raise(abort, 'a code is never deleted'); end`,
  )
  await knex.raw(`create trigger voucher_codes_once before update of state on voucher_codes when ${BACK_ON_SALE}
    begin select raise(abort, 'a code that was handed out is never sold again'); end`)
}

async function downSqlite(knex: Knex): Promise<void> {
  const changed = (sql: string): string =>
    sql
      .replace(/(member_id varchar\(36\))/, '$1 not null')
      .replace(`${NOT_NEGATIVE}, ${GOODS}`, POSITIVE)
      .replace(ADDED, '')
  await rebuild(knex, changed, [KEPT_OF_GOODS, KEPT])
}

interface Part {
  readonly type: string
  readonly sql: string
}

/** Changes the table's own text and that of the trigger that keeps its columns; its rows and indexes stay what they are. */
async function rebuild(knex: Knex, change: (table: string) => string, [from, to]: readonly [string, string]): Promise<void> {
  const parts = await knex('sqlite_master').where({ tbl_name: 'orders' }).whereNotNull('sql').select<Part[]>('type', 'sql')
  const table = parts.find(({ type }) => type === 'table')?.sql ?? ''
  const columns = (await knex.raw<{ name: string }[]>(`pragma table_info('orders')`))
    .map(({ name }) => name)
    .filter((name) => !NAMES.includes(name))
    .join(', ')
  await knex.raw(change(table).replace(/create table "?orders"?/i, 'create table orders_rebuilt'))
  await knex.raw(`insert into orders_rebuilt (${columns}) select ${columns} from orders order by rowid`)
  await knex.raw('drop table orders')
  await knex.raw('alter table orders_rebuilt rename to orders')
  for (const { type, sql } of parts) if (type !== 'table') await knex.raw(sql.replace(`update of ${from} on`, `update of ${to} on`))
}
