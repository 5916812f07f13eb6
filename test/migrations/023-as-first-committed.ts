import type { Knex } from 'knex'
import { engineOf } from '../../src/shared/database'

/*
 * How migration 023 went up when it was first committed. It was changed afterwards, so there are databases of both histories, and 027 brings them together. Kept for the test of that.
 */

/** By index and from the first call on: see 007. */
const BY_INDEX = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan'

const trigger = (name: string, body: string): string =>
  `create or replace function ${name}() returns trigger language plpgsql ${BY_INDEX} as $$ begin ${body} return null; end $$`

/** With the code of a broken foreign key, which is what it is. */
const refuse = (rows: string, text: string): string =>
  `if exists (${rows}) then raise foreign_key_violation using message = '${text}'; end if;`

/** Whether the rows of a table stand in an open batch; and the batch is noted, so that the commit finds out whether it was closed. */
const IN_OPEN_BATCH = `
  if exists (select 1 from added join ledger_batches b on b.id = added.batch_id) then raise exception 'this batch is closed'; end if;
  insert into ledger_unsealed select distinct batch_id from added on conflict do nothing;`

const NO_ACCOUNT = `select 1 from added left join ledger_accounts a on a.id = added.account_id left join ledger_accounts b on b.id = added.to_account_id
  where a.id is null or b.id is null`
const NO_HOLD = `select 1 from added left join ledger_holds h on h.id = added.hold_id left join ledger_transfers t on t.id = added.transfer_id
  where h.id is null or (t.id is null and added.transfer_id is not null)`
const NOT_HELD = `select 1 from added left join ledger_holds p on p.id = added.points_hold_id left join ledger_holds f on f.id = added.fund_hold_id
  where f.id is null or (p.id is null and added.points_hold_id is not null)`
const NO_PAYMENT = `select 1 from (select distinct payment_id from added) as named left join payments p on p.id = named.payment_id where p.id is null`

/** What a foreign key looks at row by row, looked at once for all rows of a statement. */
const GUARDS = [
  trigger('ledger_refuse_closed_batch', IN_OPEN_BATCH),
  trigger('ledger_check_holds', `${refuse(NO_ACCOUNT, 'foreign key: a hold without its account')} ${IN_OPEN_BATCH}`),
  trigger('ledger_check_resolutions', `${refuse(NO_HOLD, 'foreign key: a resolution without its hold or transfer')} ${IN_OPEN_BATCH}`),
  trigger('payments_check_holds', refuse(NOT_HELD, 'foreign key: a payment without its holds')),
  trigger('payments_check_known', refuse(NO_PAYMENT, 'foreign key: a row without its payment')),
] as const

const afterInsert = (name: string, table: string, runs: string): string =>
  `create trigger ${name} after insert on ${table} referencing new table as added for each statement execute function ${runs}()`

const TRIGGERS = [
  ['ledger_holds_open_batch', 'ledger_holds', 'ledger_check_holds'],
  ['ledger_resolutions_open_batch', 'ledger_resolutions', 'ledger_check_resolutions'],
  ['payments_held', 'payments', 'payments_check_holds'],
  ['payment_events_known', 'payment_events', 'payments_check_known'],
  ['outbox_known', 'outbox', 'payments_check_known'],
  ['exchanges_known', 'exchanges', 'payments_check_known'],
] as const

/** The table, its column, and what it refers to; rows of that are never deleted, and never get another id. */
const KEYS = [
  ['ledger_instructions', 'batch_id', 'ledger_batches'],
  ['ledger_holds', 'batch_id', 'ledger_batches'],
  ['ledger_transfers', 'batch_id', 'ledger_batches'],
  ['ledger_resolutions', 'batch_id', 'ledger_batches'],
  ['ledger_holds', 'account_id', 'ledger_accounts'],
  ['ledger_holds', 'to_account_id', 'ledger_accounts'],
  ['ledger_resolutions', 'hold_id', 'ledger_holds'],
  ['ledger_resolutions', 'transfer_id', 'ledger_transfers'],
  ['payments', 'points_hold_id', 'ledger_holds'],
  ['payments', 'fund_hold_id', 'ledger_holds'],
  ['payment_events', 'payment_id', 'payments'],
  ['outbox', 'payment_id', 'payments'],
  ['exchanges', 'payment_id', 'payments'],
] as const

const write = (
  unsealed: string,
): string => `create or replace function ledger_write(ids text[], balances bigint[], helds bigint[], counts bigint[],
    instructions json, holds json, transfers json, entries json, resolutions json, batch json) returns void language plpgsql ${BY_INDEX} as $$ begin
  update ledger_accounts a set balance = v.balance, held = v.held, entry_count = v.entry_count
    from unnest(ids, balances, helds, counts) as v(id, balance, held, entry_count) where a.id = v.id;
  insert into ledger_instructions select * from json_populate_recordset(null::ledger_instructions, instructions);
  if holds is not null then insert into ledger_holds select * from json_populate_recordset(null::ledger_holds, holds); end if;
  if transfers is not null then
    insert into ledger_transfers select * from json_populate_recordset(null::ledger_transfers, transfers);
    insert into ledger_entries select * from json_populate_recordset(null::ledger_entries, entries);
  end if;
  if resolutions is not null then insert into ledger_resolutions select * from json_populate_recordset(null::ledger_resolutions, resolutions); end if;
  insert into ledger_batches select * from json_populate_record(null::ledger_batches, batch);
  ${unsealed}
end $$`

/** Everything a decision of the ledger needs: the accounts, locked in the order of their ids, then, under those locks, what was answered to the keys, and the holds. Whole numbers leave as text. */
const OPEN = `create function ledger_open(ids text[], keys text[], hold_ids text[], out accounts json, out answers json, out holds json) language plpgsql ${BY_INDEX} as $$ begin
  select json_agg(a) into accounts from (select id, unit, balance::text, held::text, min_available::text, entry_count::text, locked from ledger_accounts
    where id = any(ids) order by id for no key update) as a;
  select json_agg(i) into answers from (select key, fingerprint, answer, detail from ledger_instructions where key = any(keys)) as i;
  if cardinality(hold_ids) > 0 then
    select json_agg(h) into holds from (select h.id, h.account_id, h.to_account_id, h.unit, h.amount::text, r.hold_id as resolved
      from ledger_holds h left join ledger_resolutions r on r.hold_id = h.id where h.id = any(hold_ids)) as h;
  end if;
end $$`

/** As payments_move (009), except that it refuses by itself: its caller sends the COMMIT behind it and does not look at a count before. */
const MOVE = `create function payments_move_all(pids text[], was text[], tokens bigint[], becoming text[], moments timestamptz[], txids text[], codes text[], notes text[], resolvers text[],
    looks timestamptz[], events json, promised json) returns void language plpgsql ${BY_INDEX} as $$ declare moved integer; begin
  update payments set state = v.becoming, settled_at = case when v.becoming = 'review' then null else v.moment end, transaction_id = coalesce(v.txid, transaction_id),
      rejection_code = coalesce(v.code, rejection_code), reason = coalesce(v.note, reason), resolved_by = v.resolver, next_check_at = v.look, lease_until = null, lease_owner = null,
      lease_token = lease_token + 1
    from unnest(pids, was, tokens, becoming, moments, txids, codes, notes, resolvers, looks)
      as v(pid, was, token, becoming, moment, txid, code, note, resolver, look)
    where payments.id = v.pid and payments.state = v.was and payments.lease_token = v.token;
  get diagnostics moved = row_count;
  if moved <> cardinality(pids) then raise exception 'a payment is not where it was decided on' using errcode = 'GW001'; end if;
  insert into payment_events (id, payment_id, from_state, to_state, actor, note, at)
    select id, payment_id, from_state, to_state, actor, note, at from json_populate_recordset(null::payment_events, events);
  insert into outbox (id, payment_id, topic, body, created_at)
    select id, payment_id, topic, body, created_at from json_populate_recordset(null::outbox, promised);
end $$`

/** What is read when a consent is handed in (src/payments/read-before-hold.ts): the planner would take longer for it than the reading takes. */
const READS = [
  `create function payments_by_consent(consents text[]) returns setof payments language plpgsql ${BY_INDEX} as $$ begin
     return query select * from payments where consent_id = any(consents); end $$`,
  `create function checkouts_asked_for(ids text[], members text[], freeing text[]) returns table(checkout checkouts, asked_by text, is_bound boolean) language plpgsql ${BY_INDEX} as $$ begin
     return query select c, w.member, exists (select 1 from payments p where p.invoice_id = c.invoice_id and p.state <> all(freeing))
       from unnest(ids, members) as w(id, member) join checkouts c on c.id = w.id and (c.member_id is null or c.member_id = w.member); end $$`,
] as const

const CALL =
  'id, payment_id, operation, method, path, started_at, duration_ms, status, request_id, request, response, outcome, transaction_id'
const KEEP = `create function exchanges_keep(calls json) returns void language plpgsql ${BY_INDEX} as $$ begin
  insert into exchanges (${CALL}) select ${CALL} from json_populate_recordset(null::exchanges, calls); end $$`

const TABLES = [
  'ledger_accounts',
  'ledger_instructions',
  'ledger_holds',
  'ledger_transfers',
  'ledger_resolutions',
  'ledger_batches',
  'ledger_unsealed',
  'payments',
  'payment_events',
  'outbox',
  'exchanges',
].join(', ')

/** In the order in which payments lock them, and not at any price: whoever reads for minutes would make every payment wait behind this. */
async function takeTables(knex: Knex): Promise<void> {
  await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw(`lock table ${TABLES} in access exclusive mode`)
}

/**
 * Twenty foreign keys of a payment were a fifth of the server's time, each of them a statement per row. Their rows are looked at in sets now, by the triggers that look at
 * every statement as it is (docs/adr/0023). SQLite looks a key up by itself, without a statement, and keeps its keys.
 */
export async function up(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await takeTables(knex)
  for (const sql of [
    ...GUARDS,
    ...TRIGGERS.slice(0, 2).map(([name, table]) => `drop trigger ${name} on ${table}`),
    ...TRIGGERS.map(([name, table, runs]) => afterInsert(name, table, runs)),
    ...KEYS.map(([table, column]) => `alter table ${table} drop constraint ${table}_${column}_fkey`),
    // One note for each batch that is written to, before the batch itself: the commit asks whether the batch is there.
    'alter table ledger_unsealed drop constraint ledger_unsealed_batch_id_fkey',
    'alter table ledger_unsealed add foreign key (batch_id) references ledger_batches (id) deferrable initially deferred',
    'create trigger payments_no_truncate before truncate on payments for each statement execute function payments_refuse_change()',
    'create trigger outbox_keep before update of payment_id on outbox for each row execute function payments_refuse_change()',
    write(`insert into ledger_unsealed values (batch ->> 'id') on conflict do nothing;`),
    OPEN,
    MOVE,
    ...READS,
    KEEP,
    'set local lock_timeout = 0',
  ])
    await knex.raw(sql)
}
