import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** By index and from the first call on: see 007. */
const BY_INDEX = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan'

const guard = (name: string, body: string): string =>
  `create or replace function ${name}() returns trigger language plpgsql ${BY_INDEX} as $$ begin ${body} return null; end $$`

/** With the code of a broken foreign key, which is what it is. */
const refuse = (rows: string, text: string): string =>
  `if exists (${rows}) then raise foreign_key_violation using message = '${text}'; end if;`

/** The note first: whoever waits for another one's note looks at what that one has committed. */
const IN_OPEN_BATCH = `
  insert into ledger_unsealed select distinct batch_id from added on conflict do nothing;
  if exists (select 1 from added join ledger_batches b on b.id = added.batch_id) then raise exception 'this batch is closed'; end if;`

const NO_HOLD = `select 1 from added left join ledger_holds h on h.id = added.hold_id left join ledger_transfers t on t.id = added.transfer_id
  where h.id is null or (t.id is null and added.transfer_id is not null)`
const NOT_SEALED = `select 1 from removed left join ledger_seals s on s.batch_id = removed.batch_id where s.batch_id is null`

/**
 * Migration 023 was changed after it had been committed, so there are databases of both histories. Those of the first one lack a guard, look at a batch before they note it, and
 * have a second `exchanges_keep`, beside which the one of 024 cannot be told from it: no payment came to its end there. This brings both to the same schema, and changes nothing
 * where it is already so. SQLite never had anything of it.
 */
export async function up(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  // Not at any price: whoever reads for minutes would make every payment wait behind this.
  await knex.raw(`set local lock_timeout = '3s'`)
  await knex.raw('lock table ledger_unsealed in access exclusive mode')
  for (const sql of [
    'drop function if exists exchanges_keep(json)',
    guard('ledger_refuse_closed_batch', IN_OPEN_BATCH),
    guard('ledger_check_resolutions', `${refuse(NO_HOLD, 'foreign key: a resolution without its hold or transfer')} ${IN_OPEN_BATCH}`),
    guard('ledger_check_sealed', refuse(NOT_SEALED, 'this batch is not sealed')),
    'drop trigger if exists ledger_unsealed_sealed on ledger_unsealed',
    'create trigger ledger_unsealed_sealed after delete on ledger_unsealed referencing old table as removed for each statement execute function ledger_check_sealed()',
    'set local lock_timeout = 0',
  ])
    await knex.raw(sql)
}

/** Nothing to take back: what stands here is what 023 makes by its present text, and its own way down expects that. */
export function down(): Promise<void> {
  return Promise.resolve()
}
