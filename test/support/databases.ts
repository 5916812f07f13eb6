import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/shared/database'
import type { Db, Engine } from '../../src/shared/database'

export const ENGINES = ['sqlite', 'postgres'] as const satisfies Engine[]

export interface TestDatabase {
  readonly url: string
  /** Another pool on the same database, as another process would have. */
  open(): Db
  drop(): Promise<void>
}

/** A migrated database that nobody else uses, copied from one that was migrated before the first test. Drop it at the end: that closes every pool `open` gave. */
export async function makeDatabase(engine: Engine, options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const isMigrated = options.migrated !== false
  const made = engine === 'sqlite' ? makeSqlite(isMigrated) : await makePostgres(isMigrated)
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

interface Made {
  readonly url: string
  readonly remove: () => Promise<void>
}

function makeSqlite(isMigrated: boolean): Made {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-sqlite-'))
  const file = join(folder, 'gateway.sqlite3')
  if (isMigrated) copyFileSync(required('TEST_SQLITE_TEMPLATE'), file)
  const remove = (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    return Promise.resolve()
  }
  return { url: `sqlite:${file}`, remove }
}

async function makePostgres(isMigrated: boolean): Promise<Made> {
  const server = required('TEST_POSTGRES_URL')
  const name = `gateway_${randomBytes(6).toString('hex')}`
  await ask(server, `create database ${name}${isMigrated ? ` template ${required('TEST_POSTGRES_TEMPLATE')}` : ''}`)
  return { url: databaseOn(server, name), remove: () => ask(server, `drop database ${name} with (force)`) }
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`The tests need ${name}, which test/support/global-setup.ts sets.`)
  return value
}

export function databaseOn(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.toString()
}

export async function ask(server: string, sql: string): Promise<void> {
  const admin = openDatabase(server, { poolSize: 1 })
  await admin.raw(sql)
  await admin.destroy()
}
