import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'
import { newSortedId } from '../src/shared/ids'

const TABLES = ['notice_positions', 'notices', 'fund_thresholds', 'fund_days']

/** The days of the fund, its thresholds, and what is told to people and machines outside. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const id = 'varchar(36)'
  const moment = postgres ? 'timestamptz' : 'text'
  for (const sql of [
    // Index builds stand in the way of payments: better tried again than waited for behind a long read.
    ...(postgres ? [`set local lock_timeout = '3s'`] : []),
    // What came into the fund, which is rare, is found without walking through what went out. No other index has this order, so no planner takes another one for cheaper.
    `create index ledger_entries_fund_in on ledger_entries ((-number)) where account_id = 'fund' and amount > 0`,
    ...(postgres ? ['set local lock_timeout = 0'] : []),
    // Drawn from the books once a day is over, and drawn again from them if the table is emptied.
    `create table fund_days (
       day varchar(10) primary key, opening bigint not null, deposited bigint not null, returned bigint not null, spent bigint not null, closing bigint not null,
       last_entry bigint not null,
       constraint fund_days_positive check (deposited >= 0 and returned >= 0 and spent >= 0 and last_entry >= 0),
       constraint fund_days_add_up check (closing = opening + deposited + returned - spent))`,
    `create table fund_thresholds (
       id ${id} primary key, amount bigint not null, created_at ${moment} not null, removed_at ${moment}, crossed_at ${moment},
       constraint fund_thresholds_amount check (amount >= 0 and amount <= 9007199254740991))`,
    `create unique index fund_thresholds_one_each on fund_thresholds (amount) where removed_at is null`,
    // Addresses are never kept here: they are read when a notice is sent.
    `create table notices (
       id ${id} primary key, channel varchar(10) not null, topic varchar(40) not null, source ${id} not null, recipient varchar(80) not null, language varchar(2) not null,
       data text not null, state varchar(10) not null, attempts integer not null default 0, created_at ${moment} not null, next_attempt_at ${moment} not null, give_up_at ${moment} not null,
       sent_at ${moment}, last_error varchar(200), unique (topic, source, channel, recipient),
       constraint notices_channel check (channel in ('mail', 'webhook')),
       constraint notices_state check (state in ('queued', 'sent', 'failed', 'dropped')),
       constraint notices_sent check ((state = 'sent') = (sent_at is not null)))`,
    `create index notices_due on notices (channel, next_attempt_at) where state = 'queued'`,
    `create index notices_state_id on notices (state, id)`,
    `create index notices_old on notices (created_at) where state <> 'queued'`,
    // How far what happened has been read.
    `create table notice_positions (name varchar(20) primary key, position ${id} not null)`,
  ])
    await knex.raw(sql)
  // What happened before is not told any more.
  const position = newSortedId()
  await knex('notice_positions').insert(
    ['payments', 'payments-late', 'alerts', 'alerts-late', 'approvals', 'approvals-late'].map((name) => ({ name, position })),
  )
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await knex.raw(`drop table ${table}`)
  await knex.raw('drop index ledger_entries_fund_in')
}
