import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

const TABLES = [
  'ledger_seals',
  'ledger_resolutions',
  'ledger_holds',
  'ledger_entries',
  'ledger_transfers',
  'ledger_instructions',
  'ledger_batches',
]

/** Points run program → member → redeemed, roubles bank → fund → paid. Only the accounts that must not be overdrawn have a limit. */
const CHART = [
  ['program', 'PTS', null],
  ['redeemed', 'PTS', null],
  ['expired', 'PTS', null],
  ['adjusted', 'PTS', null],
  ['bank', 'RUB', null],
  ['fund', 'RUB', 0],
  ['paid', 'RUB', null],
  ['suspense', 'RUB', null],
] as const

const POSTED_UNBALANCED = `
  select 1 from ledger_transfers t
  left join ledger_entries e on e.transfer_id = t.id
  left join ledger_accounts a on a.id = e.account_id
  where t.batch_id = new.id
  group by t.id, t.amount, t.unit
  having count(e.number) < 2 or sum(e.amount) <> 0
      or sum(case when e.amount > 0 then e.amount else 0 end) <> t.amount
      or sum(case when a.unit = t.unit then 0 else 1 end) <> 0`

const RUNNING_BALANCE_BROKEN = `
  select 1 from ledger_transfers t
  join ledger_entries e on e.transfer_id = t.id
  left join ledger_entries p on p.account_id = e.account_id and p.number = e.number - 1
  where t.batch_id = new.id
    and (e.balance_after <> coalesce(p.balance_after, 0) + e.amount or (e.number > 1 and p.number is null))`

export async function up(knex: Knex): Promise<void> {
  await createTables(knex)
  await knex('ledger_accounts').insert(
    CHART.map(([id, unit, min_available]) => ({ id, unit, min_available, created_at: new Date().toISOString() })),
  )
  await (engineOf(knex) === 'postgres' ? guardPostgres(knex) : guardSqlite(knex))
}

/** The largest amount that survives a JSON number, and a balance that no sum of them reaches by accident. */
const MOST = '9007199254740991'
const MOST_BALANCE = '9000000000000000000'

const INDEXES = [
  'create index ledger_entries_transfer on ledger_entries (transfer_id)',
  'create index ledger_transfers_batch on ledger_transfers (batch_id)',
  'create index ledger_transfers_reference on ledger_transfers (reference) where reference is not null',
  'create index ledger_holds_batch on ledger_holds (batch_id)',
  'create index ledger_holds_account on ledger_holds (account_id)',
  'create index ledger_resolutions_batch on ledger_resolutions (batch_id)',
  'create index ledger_instructions_batch on ledger_instructions (batch_id)',
]

async function createTables(knex: Knex): Promise<void> {
  const id = 'varchar(36)'
  // SQLite would keep 1.5 or a word in an integer column.
  const whole = (...columns: string[]): string =>
    engineOf(knex) === 'postgres' ? 'true' : columns.map((column) => `typeof(${column}) in ('integer', 'null')`).join(' and ')
  const account = 'varchar(60) not null references ledger_accounts (id)'
  const moment = engineOf(knex) === 'postgres' ? 'timestamptz not null' : 'text not null'
  // A batch row is written last and closes its batch, so everything in it refers forward: those references are checked at commit.
  const batch = `${id} not null references ledger_batches (id) deferrable initially deferred`
  for (const sql of [
    `create table ledger_accounts (
       id varchar(60) primary key, unit varchar(3) not null, balance bigint not null default 0, held bigint not null default 0,
       min_available bigint, entry_count bigint not null default 0, locked integer not null default 0, created_at ${moment},
       constraint ledger_accounts_held_positive check (held >= 0),
       constraint ledger_accounts_range check (balance between -${MOST_BALANCE} and ${MOST_BALANCE}),
       constraint ledger_accounts_whole check (${whole('balance', 'held', 'min_available', 'entry_count')}),
       constraint ledger_accounts_not_overdrawn check (min_available is null or balance - held >= min_available))`,
    `create table ledger_batches (id ${id} primary key, digest varchar(64) not null, created_at ${moment})`,
    `create table ledger_instructions (
       key varchar(200) primary key, fingerprint varchar(64) not null, answer varchar(40) not null, detail varchar(200), batch_id ${batch})`,
    `create table ledger_transfers (
       id ${id} primary key, kind varchar(30) not null, unit varchar(3) not null, amount bigint not null, reference varchar(100), memo varchar(500),
       instruction_key varchar(200) not null, batch_id ${batch}, event_at ${moment}, created_at ${moment},
       constraint ledger_transfers_amount check (amount > 0 and amount <= ${MOST} and ${whole('amount')}))`,
    `create table ledger_entries (
       account_id ${account}, number bigint not null, transfer_id ${id} not null references ledger_transfers (id),
       amount bigint not null, balance_after bigint not null, primary key (account_id, number),
       constraint ledger_entries_amount check (amount <> 0 and amount between -${MOST} and ${MOST} and ${whole('amount', 'balance_after')}),
       constraint ledger_entries_number check (number > 0 and ${whole('number')}))`,
    `create table ledger_holds (
       id ${id} primary key, account_id ${account}, to_account_id ${account}, unit varchar(3) not null, amount bigint not null,
       reference varchar(100), instruction_key varchar(200) not null, batch_id ${batch}, created_at ${moment},
       constraint ledger_holds_amount check (amount > 0 and amount <= ${MOST} and ${whole('amount')}))`,
    `create table ledger_resolutions (
       hold_id ${id} primary key references ledger_holds (id), kind varchar(10) not null, transfer_id ${id} unique references ledger_transfers (id),
       instruction_key varchar(200) not null, batch_id ${batch}, created_at ${moment},
       constraint ledger_resolutions_kind check ((kind = 'posted' and transfer_id is not null) or (kind = 'released' and transfer_id is null)))`,
    `create table ledger_seals (
       number bigint primary key, batch_id ${id} not null unique references ledger_batches (id), previous_hash varchar(64) not null, hash varchar(64) not null, sealed_at ${moment})`,
    // What waits for its seal; a work list, not part of the books.
    `create table ledger_unsealed (batch_id ${id} primary key references ledger_batches (id))`,
    ...INDEXES,
  ]) {
    await knex.raw(sql)
  }
}

async function guardSqlite(knex: Knex): Promise<void> {
  const triggers = TABLES.flatMap((table) =>
    ['update', 'delete'].map(
      (verb) =>
        `create trigger ${table}_no_${verb} before ${verb} on ${table} begin select raise(abort, 'ledger rows are never changed'); end`,
    ),
  )
  const closed = ['ledger_transfers', 'ledger_holds', 'ledger_resolutions', 'ledger_instructions'].map(
    (
      table,
    ) => `create trigger ${table}_open_batch before insert on ${table} when exists (select 1 from ledger_batches where id = new.batch_id)
      begin select raise(abort, 'this batch is closed'); end`,
  )
  for (const sql of [
    ...triggers,
    ...closed,
    `create trigger ledger_entries_open_batch before insert on ledger_entries
       when exists (select 1 from ledger_transfers t join ledger_batches b on b.id = t.batch_id where t.id = new.transfer_id)
       begin select raise(abort, 'this batch is closed'); end`,
    `create trigger ledger_batches_balance after insert on ledger_batches begin
       select raise(abort, 'unbalanced transfer') where exists (${POSTED_UNBALANCED});
       select raise(abort, 'broken running balance') where exists (${RUNNING_BALANCE_BROKEN}); end`,
    `create trigger ledger_accounts_keep before update of id, unit on ledger_accounts when old.id <> new.id or old.unit <> new.unit
       begin select raise(abort, 'an account keeps its name and unit'); end`,
    `create trigger ledger_accounts_no_delete before delete on ledger_accounts begin select raise(abort, 'ledger accounts are never deleted'); end`,
  ]) {
    await knex.raw(sql)
  }
}

async function guardPostgres(knex: Knex): Promise<void> {
  const raise = (name: string, body: string): string =>
    `create function ${name}() returns trigger language plpgsql as $$ begin ${body} end $$`
  // A plan made while the tables were small would read them whole in every batch until statistics arrive; what a batch wrote is always found by index.
  const byIndex = ['ledger_close_batch', 'ledger_refuse_closed_batch', 'ledger_refuse_closed_entries'].flatMap((name) =>
    ['seqscan', 'hashjoin', 'mergejoin'].map((plan) => `alter function ${name}() set enable_${plan} = off`),
  )
  const statements = [
    raise('ledger_refuse_change', `raise exception 'ledger rows are never changed';`),
    ...TABLES.map(
      (table) =>
        `create trigger ${table}_no_change before update or delete or truncate on ${table} for each statement execute function ledger_refuse_change()`,
    ),
    raise(
      'ledger_refuse_closed_batch',
      `if exists (select 1 from added join ledger_batches b on b.id = added.batch_id) then raise exception 'this batch is closed'; end if; return null;`,
    ),
    ...['ledger_transfers', 'ledger_holds', 'ledger_resolutions', 'ledger_instructions'].map(
      (table) =>
        `create trigger ${table}_open_batch after insert on ${table} referencing new table as added for each statement execute function ledger_refuse_closed_batch()`,
    ),
    raise(
      'ledger_refuse_closed_entries',
      `if exists (select 1 from added join ledger_transfers t on t.id = added.transfer_id join ledger_batches b on b.id = t.batch_id)
       then raise exception 'this batch is closed'; end if; return null;`,
    ),
    `create trigger ledger_entries_open_batch after insert on ledger_entries referencing new table as added for each statement execute function ledger_refuse_closed_entries()`,
    raise(
      'ledger_close_batch',
      `if exists (${POSTED_UNBALANCED}) then raise exception 'unbalanced transfer'; end if;
       if exists (${RUNNING_BALANCE_BROKEN}) then raise exception 'broken running balance'; end if; return null;`,
    ),
    `create trigger ledger_batches_balance after insert on ledger_batches for each row execute function ledger_close_batch()`,
    raise(
      'ledger_keep_account',
      `if tg_op = 'DELETE' or old.id <> new.id or old.unit <> new.unit then raise exception 'an account keeps its name and unit'; end if; return new;`,
    ),
    `create trigger ledger_accounts_keep before update of id, unit or delete on ledger_accounts for each row execute function ledger_keep_account()`,
    `create trigger ledger_accounts_no_truncate before truncate on ledger_accounts for each statement execute function ledger_refuse_change()`,
  ]
  for (const sql of [...statements, ...byIndex]) await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['ledger_unsealed', ...TABLES, 'ledger_accounts']) await knex.raw(`drop table ${table}`)
  if (engineOf(knex) !== 'postgres') return
  for (const name of [
    'ledger_refuse_change',
    'ledger_refuse_closed_batch',
    'ledger_refuse_closed_entries',
    'ledger_close_batch',
    'ledger_keep_account',
  ]) {
    await knex.raw(`drop function ${name}()`)
  }
}
