import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDatabase } from './database'
import type { Db } from './database'

/** Brings the database behind `url` to the latest migration. Returns the names of what was applied. A SQLite file and its folder are made when missing. */
export async function migrateToLatest(url: string): Promise<string[]> {
  if (url.startsWith('sqlite:')) mkdirSync(dirname(url.slice('sqlite:'.length)), { recursive: true })
  return withMigrator(url, async (db) => {
    const [, applied] = (await db.migrate.latest()) as [number, string[]]
    return applied
  })
}

/** Takes every migration back, the last first. For tests and for a fresh start; all data is lost. */
export const migrateDown = (url: string): Promise<void> =>
  withMigrator(url, async (db) => {
    await db.migrate.rollback(undefined, true)
  })

/** True when every migration that this version knows has been applied. */
export const isMigrated = (url: string): Promise<boolean> =>
  withMigrator(url, async (db) => {
    const [, pending] = (await db.migrate.list()) as [unknown[], unknown[]]
    return pending.length === 0
  })

async function withMigrator<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDatabase(url, { forMigrator: true, poolSize: 2 })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}
