import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { engineOf, inTransaction, openDatabase } from './database'
import type { Db, Tx } from './database'

/** Names the lock under which PostgreSQL lets one process migrate at a time; any number that nobody else takes. */
const LOCK = 7_240_115

/**
 * Brings the database behind `url` to the latest migration. Returns the names of what was applied. A SQLite file and its folder are made when missing.
 * Everything happens in one transaction: a process that dies leaves nothing half done, and of two that start at once the second waits and finds nothing to do.
 * A database that a later version has migrated is left as it is.
 * @throws Error when it lacks a migration of this version as well: then it belongs to another line of versions
 */
export async function migrateToLatest(url: string): Promise<string[]> {
  if (url.startsWith('sqlite:')) mkdirSync(dirname(url.slice('sqlite:'.length)), { recursive: true })
  return migrate(url, async (tx) => {
    if ((await pendingMigrations(tx)).length === 0) return []
    const [, applied] = (await tx.migrate.latest()) as [number, string[]]
    return applied
  })
}

/** Takes every migration back, the last first. For tests and for a fresh start; all data is lost. */
export const migrateDown = (url: string): Promise<void> =>
  migrate(url, async (tx) => {
    await tx.migrate.rollback(undefined, true)
  })

const migrate = <T>(url: string, work: (tx: Tx) => Promise<T>): Promise<T> =>
  withMigrator(url, (db) =>
    inTransaction(db, async (tx) => {
      if (engineOf(tx) === 'postgres') await tx.raw('select pg_advisory_xact_lock(?)', [LOCK])
      const done = await work(tx)
      if (engineOf(tx) === 'sqlite') await checkForeignKeys(tx)
      return done
    }),
  )

/** SQLite's own way of changing a table is to make it anew, with its keys unwatched meanwhile. @throws Error when a row points to nothing; then everything is taken back */
async function checkForeignKeys(tx: Tx): Promise<void> {
  const broken = await tx.raw<{ table: string }[]>('pragma foreign_key_check')
  if (broken.length > 0) throw new Error(`bug: after the migration rows of ${broken[0]?.table ?? ''} point to nothing`)
}

/**
 * True when every migration that this version knows has been applied. Others may have been applied as well: a later version is being rolled out, and its first
 * migration leaves this version everything that it needs (docs/operations.md).
 */
export const isMigrated = (url: string): Promise<boolean> => withMigrator(url, async (db) => (await pendingMigrations(db)).length === 0)

async function pendingMigrations(db: Db): Promise<unknown[]> {
  const [, pending] = (await db.migrate.list({ disableMigrationsListValidation: true })) as [unknown[], unknown[]]
  return pending
}

async function withMigrator<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDatabase(url, { forMigrator: true, poolSize: 2 })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}
