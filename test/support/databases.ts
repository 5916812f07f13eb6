import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/shared/database'
import type { Db, Engine } from '../../src/shared/database'
import { migrateToLatest } from '../../src/shared/migrate'

export const ENGINES = ['sqlite', 'postgres'] as const satisfies Engine[]

export interface TestDatabase {
  readonly url: string
  /** Another pool on the same database, as another process would have. */
  open(): Db
  drop(): Promise<void>
}

/** A migrated database that nobody else uses. Drop it at the end: that closes every pool `open` gave. */
export async function makeDatabase(engine: Engine, options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const made = engine === 'sqlite' ? makeSqlite() : await makePostgres()
  if (options.migrated !== false) await migrateToLatest(made.url)
  const pools: Db[] = []
  return {
    url: made.url,
    open() {
      const db = openDatabase(made.url)
      pools.push(db)
      return db
    },
    async drop() {
      for (const pool of pools) await pool.destroy()
      await made.remove()
    },
  }
}

function makeSqlite(): { url: string; remove: () => Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-sqlite-'))
  const remove = (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    return Promise.resolve()
  }
  return { url: `sqlite:${join(folder, 'gateway.sqlite3')}`, remove }
}

async function makePostgres(): Promise<{ url: string; remove: () => Promise<void> }> {
  const server = process.env.TEST_POSTGRES_URL
  if (!server) throw new Error('The tests need the PostgreSQL that test/support/global-setup.ts starts.')
  const name = `gateway_${randomBytes(6).toString('hex')}`
  const asAdmin = async (sql: string): Promise<void> => {
    const admin = openDatabase(server, { poolSize: 1 })
    await admin.raw(sql)
    await admin.destroy()
  }
  await asAdmin(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.toString(), remove: () => asAdmin(`drop database ${name} with (force)`) }
}
