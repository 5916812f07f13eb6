import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** By index and from the first call on: see 007. */
const BY_INDEX = `set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan`

const PAYMENT = `id, checkout_id, consent_id, consented_at, invoice_id, invoice_number, member_id, operation_id, state, points, amount, currency, points_hold_id, fund_hold_id,
  attempts, lease_owner, lease_token, lease_until, next_attempt_at, created_at`
const EVENT = 'id, payment_id, from_state, to_state, actor, note, at'
const PROMISE = 'id, payment_id, topic, body, created_at'

const insert = (table: string, columns: string, rows: string): string =>
  `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, ${rows})`

/** New payments and the first line of their history. */
const BEGIN = `create function payments_begin(opened json, events json) returns void language plpgsql ${BY_INDEX} as $$ begin
  ${insert('payments', PAYMENT, 'opened')};
  ${insert('payment_events', EVENT, 'events')};
end $$`

/** Moves payments from where they were decided on, and answers how many stood there; only when all of them did are their history and their events written. */
const MOVE = `create function payments_move(pids text[], was text[], tokens bigint[], becoming text[], moments timestamptz[], txids text[], codes text[], notes text[], resolvers text[],
    looks timestamptz[], events json, promised json) returns integer language plpgsql ${BY_INDEX} as $$ declare moved integer; begin
  update payments set state = v.becoming, settled_at = case when v.becoming = 'review' then null else v.moment end, transaction_id = coalesce(v.txid, transaction_id),
      rejection_code = coalesce(v.code, rejection_code), reason = coalesce(v.note, reason), resolved_by = v.resolver, next_check_at = v.look, lease_until = null, lease_owner = null,
      lease_token = lease_token + 1
    from unnest(pids, was, tokens, becoming, moments, txids, codes, notes, resolvers, looks)
      as v(pid, was, token, becoming, moment, txid, code, note, resolver, look)
    where payments.id = v.pid and payments.state = v.was and payments.lease_token = v.token;
  get diagnostics moved = row_count;
  if moved = cardinality(pids) then
    ${insert('payment_events', EVENT, 'events')};
    ${insert('outbox', PROMISE, 'promised')};
  end if;
  return moved;
end $$`

/** What a payment writes beside the ledger, in one call each: the server keeps the plans, which cost it more than the rows of a payment that comes alone. */
export async function up(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await knex.raw(BEGIN)
  await knex.raw(MOVE)
}

export async function down(knex: Knex): Promise<void> {
  if (engineOf(knex) !== 'postgres') return
  await knex.raw('drop function payments_begin')
  await knex.raw('drop function payments_move')
}
