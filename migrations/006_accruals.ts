import type { Knex } from 'knex'
import { engineOf } from '../src/shared/database'

/** What a job is about; only how far it came may change. */
const KEPT = 'name, digest, members, total, batch_size, batches, actor, reason, started_at'

export async function up(knex: Knex): Promise<void> {
  const postgres = engineOf(knex) === 'postgres'
  const moment = postgres ? 'timestamptz' : 'text'
  // One row per job that credits a list of members. `done_batches` is moved by the commit that credits the batch, so an interrupted job knows where it was.
  await knex.raw(`create table accruals (
    name varchar(80) primary key, digest varchar(64) not null, members bigint not null, total bigint not null, batch_size integer not null, batches integer not null,
    done_batches integer not null default 0, actor varchar(80) not null, reason varchar(500) not null, started_at ${moment} not null, finished_at ${moment},
    constraint accruals_positive check (members > 0 and total >= members and batch_size > 0 and batches > 0),
    constraint accruals_done check (done_batches between 0 and batches),
    constraint accruals_finished check ((finished_at is not null) = (done_batches = batches)))`)
  await (postgres ? guardPostgres(knex) : guardSqlite(knex))
}

async function guardSqlite(knex: Knex): Promise<void> {
  await knex.raw(`create trigger accruals_keep before update of ${KEPT} on accruals
    begin select raise(abort, 'what an accrual is about is never changed'); end`)
  await knex.raw(`create trigger accruals_forward before update of done_batches on accruals when new.done_batches <> old.done_batches + 1
    begin select raise(abort, 'an accrual goes forward batch by batch'); end`)
  await knex.raw(`create trigger accruals_no_delete before delete on accruals begin select raise(abort, 'accruals are never deleted'); end`)
}

async function guardPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `create function accruals_refuse_change() returns trigger language plpgsql as $$ begin raise exception 'what an accrual is about is never changed'; end $$`,
  )
  await knex.raw(
    `create function accruals_go_forward() returns trigger language plpgsql as $$ begin raise exception 'an accrual goes forward batch by batch'; end $$`,
  )
  await knex.raw(
    `create trigger accruals_keep before update of ${KEPT} or delete on accruals for each row execute function accruals_refuse_change()`,
  )
  await knex.raw(
    `create trigger accruals_no_truncate before truncate on accruals for each statement execute function accruals_refuse_change()`,
  )
  await knex.raw(
    `create trigger accruals_forward before update of done_batches on accruals for each row when (new.done_batches <> old.done_batches + 1) execute function accruals_go_forward()`,
  )
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table accruals')
  if (engineOf(knex) !== 'postgres') return
  await knex.raw('drop function accruals_refuse_change()')
  await knex.raw('drop function accruals_go_forward()')
}
