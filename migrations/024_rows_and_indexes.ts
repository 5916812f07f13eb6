import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** By index and from the first call on: see 007. */
const BY_INDEX = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan'

/**
 * What the program tells of a row, a type for each table: what all rows of a batch have in common comes once, and a column that a later version adds to a table is none of its type.
 * As text such a row takes the server a third of what it takes as JSON.
 */
const TYPES = {
  ledger_account_now: 'id text, balance bigint, held bigint, entry_count bigint',
  ledger_instruction_row: 'key text, fingerprint text, answer text, detail text',
  ledger_hold_row: 'id text, account_id text, to_account_id text, unit text, amount bigint, reference text, instruction_key text',
  ledger_transfer_row:
    'id text, kind text, unit text, amount bigint, reference text, memo text, instruction_key text, event_at timestamptz',
  ledger_entry_row: 'account_id text, number bigint, transfer_id text, amount bigint, balance_after bigint',
  ledger_resolution_row: 'hold_id text, kind text, transfer_id text, instruction_key text',
  payment_row: `id text, checkout_id text, consent_id text, consented_at timestamptz, invoice_id text, invoice_number text, member_id text, points bigint, points_hold_id text,
    organisation_id text, operation_id text, state text, amount bigint, currency text, fund_hold_id text, attempts integer, lease_owner text, lease_token bigint, lease_until timestamptz,
    next_attempt_at timestamptz, created_at timestamptz`,
  payment_move: `pid text, was text, token bigint, becoming text, moment timestamptz, txid text, code text, note text, resolver text, look timestamptz`,
  payment_event_row: 'id text, payment_id text, from_state text, to_state text, actor text, note text, at timestamptz',
  outbox_row: 'id text, payment_id text, topic text, body text, created_at timestamptz',
  exchange_row: `id text, payment_id text, operation text, method text, path text, started_at timestamptz, duration_ms integer, status integer, request_id text, request text, response text,
    outcome text, transaction_id text`,
} as const
type RowType = keyof typeof TYPES

const columnsOf = (type: RowType): string => TYPES[type].replace(/(\w+) \w+(,|$)/g, '$1$2')

/** Stores an argument's rows in a table; `shared` are the columns that they have in common, and where those come from. */
function insert(table: string, type: RowType, rows: string, shared: Readonly<Record<string, string>> = {}): string {
  const names = [columnsOf(type), ...Object.keys(shared)].join(', ')
  return `insert into ${table} (${names}) select ${[columnsOf(type), ...Object.values(shared)].join(', ')} from unnest(${rows})`
}

const IN_BATCH = { batch_id: 'batch' }
const AT_ONCE = { ...IN_BATCH, created_at: 'written_at' }

/** As ledger_write (023), with rows of those types. */
const WRITE = `create function ledger_write_rows(accounts ledger_account_now[], instructions ledger_instruction_row[], holds ledger_hold_row[], transfers ledger_transfer_row[],
    entries ledger_entry_row[], resolutions ledger_resolution_row[], batch text, digest text, written_at timestamptz) returns void language plpgsql ${BY_INDEX} as $$ begin
  update ledger_accounts a set balance = v.balance, held = v.held, entry_count = v.entry_count from unnest(accounts) as v where a.id = v.id;
  ${insert('ledger_instructions', 'ledger_instruction_row', 'instructions', IN_BATCH)};
  if cardinality(holds) > 0 then ${insert('ledger_holds', 'ledger_hold_row', 'holds', AT_ONCE)}; end if;
  if cardinality(transfers) > 0 then
    ${insert('ledger_transfers', 'ledger_transfer_row', 'transfers', AT_ONCE)};
    ${insert('ledger_entries', 'ledger_entry_row', 'entries')};
  end if;
  if cardinality(resolutions) > 0 then ${insert('ledger_resolutions', 'ledger_resolution_row', 'resolutions', AT_ONCE)}; end if;
  insert into ledger_batches (id, digest, created_at) values (batch, digest, written_at);
  insert into ledger_unsealed values (batch) on conflict do nothing;
end $$`

/** As payments_begin (015). */
const BEGIN = `create function payments_begin_rows(opened payment_row[], events payment_event_row[]) returns void language plpgsql ${BY_INDEX} as $$ begin
  ${insert('payments', 'payment_row', 'opened')};
  ${insert('payment_events', 'payment_event_row', 'events')};
end $$`

/** As payments_move_all (023). */
const MOVE = `create function payments_move_rows(moves payment_move[], events payment_event_row[], promised outbox_row[]) returns void language plpgsql ${BY_INDEX} as $$ declare moved integer; begin
  update payments set state = v.becoming, settled_at = case when v.becoming = 'review' then null else v.moment end, transaction_id = coalesce(v.txid, transaction_id),
      rejection_code = coalesce(v.code, rejection_code), reason = coalesce(v.note, reason), resolved_by = v.resolver, next_check_at = v.look, lease_until = null, lease_owner = null,
      lease_token = lease_token + 1
    from unnest(moves) as v where payments.id = v.pid and payments.state = v.was and payments.lease_token = v.token;
  get diagnostics moved = row_count;
  if moved <> cardinality(moves) then raise exception 'a payment is not where it was decided on' using errcode = 'GW001'; end if;
  ${insert('payment_events', 'payment_event_row', 'events')};
  ${insert('outbox', 'outbox_row', 'promised')};
end $$`

const KEEP = `create function exchanges_keep(calls exchange_row[]) returns void language plpgsql ${BY_INDEX} as $$ begin
  ${insert('exchanges', 'exchange_row', 'calls')};
end $$`

const CALLS = ['ledger_write_rows', 'payments_begin_rows', 'payments_move_rows', 'exchanges_keep'] as const

/**
 * The guard that closes a batch (007) says what it said before, and looks less often: what an entry stands on is most often the entry before it in the same batch, and an account
 * whose unit was looked at for one entry need not be looked at for the next. A key that is null is not looked for.
 */
const CLOSE = `create or replace function ledger_close_batch() returns trigger language plpgsql ${BY_INDEX} as $$ declare found record; begin
  select bool_or(unbalanced) as unbalanced, bool_or(broken) as broken into found from (select
      count(m.number) < 2 or sum(m.amount) <> 0 or sum(case when m.amount > 0 then m.amount else 0 end) <> m.total
        or bool_or((m.unit = m.last_unit or m.unit = a.unit) is not true) as unbalanced,
      bool_or(case when m.follows then m.balance_after <> m.last_balance + m.amount
        else m.balance_after <> coalesce(p.balance_after, 0) + m.amount or (m.number > 1 and p.number is null) end) as broken
    from (select *, last_number = number - 1 as follows from (select t.id, t.unit, t.amount as total, e.account_id, e.number, e.amount, e.balance_after,
          lag(e.number) over before as last_number, lag(e.balance_after) over before as last_balance, lag(t.unit) over before as last_unit
        from ledger_transfers t left join ledger_entries e on e.transfer_id = t.id where t.batch_id = new.id
        window before as (partition by e.account_id collate "C" order by e.number)) as moved) as m
    left join ledger_accounts a on a.id = case when m.unit = m.last_unit then null else m.account_id end
    left join ledger_entries p on p.account_id = case when m.follows then null else m.account_id end and p.number = m.number - 1
    group by m.id, m.total) as each_transfer;
  if found.unbalanced then raise exception 'unbalanced transfer'; end if;
  if found.broken then raise exception 'broken running balance'; end if; return null; end $$`

/** As ledger_check_holds (023), which looked an account up for every hold: nearly all holds of a batch are on the fund and on few others. */
const CHECK_HOLDS = `create or replace function ledger_check_holds() returns trigger language plpgsql ${BY_INDEX} as $$ begin
  if exists (select 1 from (select account_id as id from added union select to_account_id from added) as named left join ledger_accounts a on a.id = named.id where a.id is null)
    then raise foreign_key_violation using message = 'foreign key: a hold without its account'; end if;
  insert into ledger_unsealed select distinct batch_id from added on conflict do nothing;
  if exists (select 1 from added join ledger_batches b on b.id = added.batch_id) then raise exception 'this batch is closed'; end if; return null; end $$`

/**
 * Two indexes began with the invoice, and each payment changed both, at a place of its own. One says both which payments an invoice has, and that one of them at most binds it: those that leave it to
 * others differ by their ids. A state that a later version brings binds.
 */
const ONE_PER_INVOICE = `create unique index payments_one_per_invoice on payments (invoice_id, (case when state in ('voided', 'reversed') then id else '' end))`
const OF_INVOICE = 'create index payments_invoice on payments (invoice_id, created_at)'
const ONE_PER_INVOICE_BEFORE = `create unique index payments_one_per_invoice on payments (invoice_id) where state in ('confirming', 'review', 'captured')`
/** Nothing asks for the holds of one account. */
const OF_ACCOUNT = 'create index ledger_holds_account on ledger_holds (account_id)'

/** Other rooms are kept waiting no longer than it takes to see that somebody has the tables; the old rule goes when the new one stands, in the same transaction. */
async function reindex(knex: Knex, statements: readonly string[]): Promise<void> {
  const isPostgres = engineOf(knex) === 'postgres'
  if (isPostgres) await knex.raw(`set local lock_timeout = '3s'`)
  if (isPostgres) await knex.raw('lock table ledger_holds, payments in access exclusive mode')
  for (const sql of statements) await knex.raw(sql)
  if (isPostgres) await knex.raw('set local lock_timeout = 0')
}

export async function up(knex: Knex): Promise<void> {
  await reindex(knex, [
    'drop index payments_one_per_invoice',
    ONE_PER_INVOICE,
    'drop index payments_invoice',
    'drop index ledger_holds_account',
  ])
  if (engineOf(knex) !== 'postgres') return
  for (const [name, columns] of Object.entries(TYPES)) await knex.raw(`create type ${name} as (${columns})`)
  for (const sql of [WRITE, BEGIN, MOVE, KEEP, CLOSE, CHECK_HOLDS]) await knex.raw(sql)
}

/** The guards stay as they are: their earlier form refuses the same, only slower. */
export async function down(knex: Knex): Promise<void> {
  await reindex(knex, ['drop index payments_one_per_invoice', ONE_PER_INVOICE_BEFORE, OF_INVOICE, OF_ACCOUNT])
  if (engineOf(knex) !== 'postgres') return
  for (const name of CALLS) await knex.raw(`drop function ${name}`)
  for (const name of Object.keys(TYPES)) await knex.raw(`drop type ${name}`)
}
