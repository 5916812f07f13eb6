import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** By index, and from the first call on: see 007. Rows are met in the order in which they are named, which is the order of their ids. */
const BY_INDEX =
  'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan'

/**
 * Credits accounts as one side of a transfer, in one pass: each account is locked, changed and gets its entry, and only what follows from it comes back, in the order of the
 * question. Sent as rows, read, decided, and sent back again, the same costs several times as much. The batch that closes the transfer is written by whoever calls, so the same guards look at it.
 */
const CREDIT = `create function ledger_credit(moved text, in_unit text, ids text[], amounts bigint[], out balances text, out numbers text) language plpgsql ${BY_INDEX} as $$ begin
  with credited as (
    update ledger_accounts a set balance = a.balance + v.amount, entry_count = a.entry_count + 1
      from unnest(ids, amounts) with ordinality as v(id, amount, place) where a.id = v.id and a.unit = in_unit
      returning a.id, a.balance, a.entry_count, v.amount, v.place),
  written as (
    insert into ledger_entries (account_id, number, transfer_id, amount, balance_after) select id, entry_count, moved, amount, balance from credited)
  select array_agg(balance order by place)::text, array_agg(entry_count order by place)::text into balances, numbers from credited;
end $$`

/** Room on each page for a changed row beside its old form: a change then needs no new place in the index. It counts for pages that are filled from now on. */
const PAGE_FILL = 85

export async function up(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await knex.raw(CREDIT)
  await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw(`alter table ledger_accounts set (fillfactor = ${PAGE_FILL})`)
  await knex.raw('set local lock_timeout = 0')
}

export async function down(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await knex.raw('drop function ledger_credit')
  await knex.raw('alter table ledger_accounts reset (fillfactor)')
}
