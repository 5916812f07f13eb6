import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = ['order_notifications', 'order_refund_events', 'order_refunds', 'order_events', 'orders'] as const
const APPEND_ONLY = ['order_notifications', 'order_refund_events', 'order_events'] as const
const NEVER_DELETED = ['orders', 'order_refunds'] as const
/** What was agreed on; everything else about an order or a refund is how it goes on. */
const KEPT = {
  orders: 'id, number, member_id, intent_key, points, amount, currency, created_at',
  order_refunds: 'id, number, order_id, intent_key, points, amount, fee, vat, hold_id, author, reason, created_at',
} as const
const ENDED = {
  orders: `old.state = 'credited'`,
  order_refunds: `old.state in ('completed', 'rejected', 'cancelled')`,
} as const

/** Points that members buy: orders at Invoicebox, their refunds, and what Invoicebox told about them. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  // Points that were sold come from an account of their own: its balance is what was sold and not given back. An account is never deleted, so it may be there.
  await knex('ledger_accounts')
    .insert({ id: 'sold', unit: 'PTS', min_available: null, created_at: new Date().toISOString() })
    .onConflict('id')
    .ignore()
  for (const sql of [
    `create table orders (
       id ${id} primary key, number ${id} not null unique, member_id ${id} not null, intent_key varchar(150) not null, checkout_id ${id}, language varchar(2) not null,
       state varchar(10) not null, points bigint not null, amount bigint not null, currency varchar(3) not null,
       invoicebox_id ${id} unique, container_id ${id}, payment_url varchar(1000), paid_id ${id} unique, reason varchar(300),
       created_at ${moment} not null, expires_at ${moment} not null, settled_at ${moment}, checked_at ${moment}, next_check_at ${moment}, checks integer not null default 0,
       unique (member_id, intent_key),
       constraint orders_state check (state in ('creating', 'created', 'paid', 'credited', 'expired', 'cancelled', 'failed')),
       constraint orders_positive check (points > 0 and amount > 0 and points <= 9007199254740991 and amount <= 9007199254740991),
       constraint orders_created check (state not in ('created', 'expired', 'cancelled') or (invoicebox_id is not null and payment_url is not null)),
       constraint orders_paid check ((state in ('paid', 'credited')) = (paid_id is not null)))`,
    `create index orders_member on orders (member_id, id)`,
    `create index orders_state on orders (state, id) where state <> 'credited'`,
    `create index orders_due on orders (next_check_at) where next_check_at is not null`,
    `create index orders_container on orders (container_id) where container_id is not null`,
    `create table order_events (
       id ${id} primary key, order_id ${id} not null references orders (id), from_state varchar(10), to_state varchar(10) not null, actor varchar(100) not null, note varchar(500),
       at ${moment} not null, unique (order_id, to_state))`,
    `create table order_refunds (
       id ${id} primary key, number ${id} not null unique, order_id ${id} not null references orders (id), intent_key varchar(200) not null unique,
       state varchar(10) not null, amount bigint not null, fee bigint not null, vat bigint not null, points bigint not null, hold_id ${id} unique references ledger_holds (id),
       invoicebox_id ${id} unique, author varchar(100) not null, reason varchar(500) not null, rejection varchar(300),
       created_at ${moment} not null, settled_at ${moment}, next_check_at ${moment}, checks integer not null default 0,
       constraint order_refunds_state check (state in ('requested', 'drafted', 'accepted', 'completed', 'rejected', 'cancelled')),
       constraint order_refunds_positive check (amount > 0 and fee >= 0 and fee < amount and vat >= 0 and vat <= amount and points >= 0 and (points = 0) = (hold_id is null)),
       constraint order_refunds_known check (state not in ('drafted', 'accepted', 'completed', 'cancelled') or invoicebox_id is not null))`,
    `create index order_refunds_order on order_refunds (order_id, id)`,
    `create index order_refunds_due on order_refunds (next_check_at) where next_check_at is not null`,
    `create table order_refund_events (
       id ${id} primary key, refund_id ${id} not null references order_refunds (id), from_state varchar(10), to_state varchar(10) not null, actor varchar(100) not null,
       note varchar(500), at ${moment} not null, unique (refund_id, to_state))`,
    // Signed notifications as they came, without whoever paid.
    `create table order_notifications (
       id ${id} primary key, at ${moment} not null, channel varchar(10) not null, invoicebox_id ${id} not null, merchant_id ${id} not null, number varchar(256) not null,
       status varchar(20) not null, amount bigint, currency varchar(3), answer varchar(30) not null, order_id ${id} references orders (id), body text not null,
       digest varchar(64) not null, replay_of ${id} references order_notifications (id))`,
    `create index order_notifications_order on order_notifications (order_id, id) where order_id is not null`,
    `create index order_notifications_digest on order_notifications (digest, id)`,
    `create index order_notifications_answer on order_notifications (answer, id) where answer <> 'success'`,
  ])
    await knex.raw(sql)
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

async function guardSqlite(knex: Knex): Promise<void> {
  for (const table of APPEND_ONLY)
    for (const verb of ['update', 'delete'])
      await knex.raw(
        `create trigger ${table}_no_${verb} before ${verb} on ${table} begin select raise(abort, 'the history of an order is never changed'); end`,
      )
  for (const table of NEVER_DELETED) {
    await knex.raw(`create trigger ${table}_keep before update of ${KEPT[table]} on ${table}
      begin select raise(abort, 'what was agreed on is never changed'); end`)
    await knex.raw(`create trigger ${table}_final before update of state on ${table} when new.state <> old.state and ${ENDED[table]}
      begin select raise(abort, 'a final state is final'); end`)
    await knex.raw(`create trigger ${table}_no_delete before delete on ${table} begin select raise(abort, 'orders are never deleted'); end`)
  }
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function orders_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'the history of an order is never changed'; end $$`,
  )
  for (const table of APPEND_ONLY)
    await knex.raw(
      `create trigger ${table}_no_change before update or delete or truncate on ${table} for each statement execute function orders_refuse_change()`,
    )
  for (const table of NEVER_DELETED) {
    await knex.raw(
      `create trigger ${table}_keep before update of ${KEPT[table]} or delete on ${table} for each row execute function orders_refuse_change()`,
    )
    await knex.raw(
      `create trigger ${table}_final before update of state on ${table} for each row when (new.state <> old.state and ${ENDED[table]}) execute function orders_refuse_change()`,
    )
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) === 'postgres') await knex.raw('drop function orders_refuse_change()')
}
