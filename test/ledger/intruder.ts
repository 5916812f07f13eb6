import { engineOf } from '../../src/shared/database'
import type { Db, Tx } from '../../src/shared/database'

class Undo extends Error {}

/** Runs `work` in a transaction and takes back whatever it did. */
export async function undone<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const answers: T[] = []
  await db
    .transaction(async (tx) => {
      answers.push(await work(tx))
      throw new Undo()
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error
    })
  if (engineOf(db) === 'sqlite') await db.raw('pragma ignore_check_constraints = off')
  return answers[0] as T
}

/** Takes every trigger, check and foreign key away, as somebody with all rights to the database could. */
export async function disarm(tx: Tx): Promise<void> {
  if (engineOf(tx) === 'sqlite') {
    await tx.raw('pragma ignore_check_constraints = on')
    await tx.raw('pragma defer_foreign_keys = on')
    for (const { name } of await tx('sqlite_master').where({ type: 'trigger' }).select<{ name: string }[]>('name'))
      await tx.raw(`drop trigger "${name}"`)
    return
  }
  const { rows } = await tx.raw<{ rows: { sql: string }[] }>(`
    select format('drop trigger %I on %s', tgname, tgrelid::regclass) as sql from pg_trigger where not tgisinternal
    union all
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_constraint
    where contype in ('c', 'f') and connamespace = 'public'::regnamespace`)
  if (rows.length > 0) await tx.raw(rows.map((row) => row.sql).join('; '))
}

/** The same rows in a table without any key. */
export async function withoutKeys(tx: Tx, table: string): Promise<void> {
  await tx.raw(`create table bare as select * from ${table}`)
  await tx.raw(`drop table ${table}`)
  await tx.raw(`alter table bare rename to ${table}`)
}

/** What a rule of the database says to raw SQL that got past our code; everything is taken back. */
export async function refusalOf(db: Db, attempt: (tx: Tx) => Promise<unknown>): Promise<string> {
  try {
    await db.transaction(async (tx) => {
      await attempt(tx)
      // What is checked at the end of a transaction is checked here, before it is taken back.
      if (engineOf(tx) === 'postgres') await tx.raw('set constraints all immediate')
      else if (((await tx.raw('pragma foreign_key_check')) as unknown[]).length > 0) throw new Error('FOREIGN KEY constraint failed')
      throw new Undo('it was allowed')
    })
  } catch (error) {
    return (error as Error).message
  }
  return 'it was allowed'
}
