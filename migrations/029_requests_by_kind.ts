import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** Requests are found by what they ask for, however many were decided before; and what was noted of a form stays as it is, like the audit row that it belongs to. */
export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  // It gives up rather than keep anybody waiting behind somebody else's lock.
  if (postgres) await knex.raw(`set local lock_timeout = '3s'`)
  for (const sql of [
    'create index approvals_by_state on approvals (state, id)',
    'create index approvals_by_kind on approvals (kind, state, id)',
    ...(postgres
      ? [
          `create function sent_forms_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'a form that was sent is never changed'; end $$`,
          `create trigger sent_forms_no_change before update or delete or truncate on sent_forms for each statement execute function sent_forms_refuse_change()`,
        ]
      : ['update', 'delete'].map(
          (verb) =>
            `create trigger sent_forms_no_${verb} before ${verb} on sent_forms begin select raise(abort, 'a form that was sent is never changed'); end`,
        )),
  ])
    await knex.raw(sql)
}

export async function down(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  for (const sql of [
    'drop index approvals_by_kind',
    'drop index approvals_by_state',
    ...(postgres
      ? ['drop trigger sent_forms_no_change on sent_forms', 'drop function sent_forms_refuse_change()']
      : ['drop trigger sent_forms_no_update', 'drop trigger sent_forms_no_delete']),
  ])
    await knex.raw(sql)
}
