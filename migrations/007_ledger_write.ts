import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** Materialized, or a general plan may walk through every transfer there ever was to find those of one batch. */
const IN_BATCH = 'with t as materialized (select id, unit, amount from ledger_transfers where batch_id = new.id)'

const POSTED = `
  ${IN_BATCH} select
      bool_or(unbalanced) as unbalanced, bool_or(broken) as broken into found from (select
        count(e.number) < 2 or sum(e.amount) <> 0
          or sum(case when e.amount > 0 then e.amount else 0 end) <> t.amount
          or bool_or(a.unit is null or a.unit <> t.unit) as unbalanced,
        bool_or(e.balance_after <> coalesce(p.balance_after, 0) + e.amount or (e.number > 1 and p.number is null)) as broken
      from t
      left join ledger_entries e on e.transfer_id = t.id
      left join ledger_accounts a on a.id = e.account_id
      left join ledger_entries p on p.account_id = e.account_id and p.number = e.number - 1
      group by t.id, t.amount) as each_transfer`

/** By index and from the first call on: a plan made while the tables were small would read them whole until statistics arrive. */
const BY_INDEX = `set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan`

/** One batch, written in one call: the server keeps the plans of its statements, whichever connection of a pool the call comes by. */
const WRITE = `create function ledger_write(ids text[], balances bigint[], helds bigint[], counts bigint[],
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
  insert into ledger_unsealed values (batch ->> 'id');
end $$`

/**
 * The guard that closes a batch says what it said before, in one look, and costs the same however long the books are. With the guard of the entries it says what the two
 * foreign keys of ledger_entries said row by row, which were a third of the cost of a large batch: an entry's account exists, and so does its transfer.
 * SQLite finds its rows by index as it is, and keeps its keys.
 */
export async function up(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  for (const sql of [
    // In the order in which payments lock them, and not at any price: whoever reads for minutes would make every payment wait behind this.
    `set local lock_timeout = '3s'`,
    'lock table ledger_accounts, ledger_entries in access exclusive mode',
    `create or replace function ledger_close_batch() returns trigger language plpgsql ${BY_INDEX} as $$ declare found record; begin
       ${POSTED};
       if found.unbalanced then raise exception 'unbalanced transfer'; end if;
       if found.broken then raise exception 'broken running balance'; end if; return null; end $$`,
    `create or replace function ledger_refuse_closed_entries() returns trigger language plpgsql ${BY_INDEX} as $$ begin
       if exists (select 1 from (select distinct transfer_id from added) as named left join ledger_transfers t on t.id = named.transfer_id where t.id is null)
         then raise exception 'an entry without its transfer'; end if;
       if exists (select 1 from (select distinct transfer_id from added) as named join ledger_transfers t on t.id = named.transfer_id join ledger_batches b on b.id = t.batch_id)
         then raise exception 'this batch is closed'; end if; return null; end $$`,
    ...KEYS.map(([name]) => `alter table ledger_entries drop constraint ${name}`),
    WRITE,
    'set local lock_timeout = 0',
  ]) {
    await knex.raw(sql)
  }
}

const KEYS = [
  ['ledger_entries_account_id_fkey', 'foreign key (account_id) references ledger_accounts (id)'],
  ['ledger_entries_transfer_id_fkey', 'foreign key (transfer_id) references ledger_transfers (id)'],
] as const

/** The guards stay as they are: their earlier form refuses the same, only slower. */
export async function down(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await knex.raw('drop function ledger_write')
  for (const [name, key] of KEYS) await knex.raw(`alter table ledger_entries add constraint ${name} ${key}`)
}
