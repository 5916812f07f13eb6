import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type as systemName } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Cluster } from './cluster'
import { quantile } from './numbers'

/** What the figures were measured on, so that a reader knows what they are worth elsewhere. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly sqlite: string
  /** What making 8 kB durable costs in the bench's folder: the floor under every commit. */
  readonly syncMicroseconds: { readonly p50: number; readonly p99: number }
  /** How busy the machine was otherwise when the run began. */
  readonly loadBefore: number
  readonly postgres?: { readonly version: string; readonly settings: Readonly<Record<string, string>> }
}

export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release()}`,
    node: process.version,
    sqlite: sqliteVersion(),
    syncMicroseconds: syncCost(folder),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

function sqliteVersion(): string {
  const memory = new Sqlite(':memory:')
  const { version } = memory.prepare('select sqlite_version() as version').get() as { version: string }
  memory.close()
  return version
}

const WRITES = 200

function syncCost(folder: string): Machine['syncMicroseconds'] {
  const path = join(folder, 'sync-cost')
  const file = openSync(path, 'w')
  const page = Buffer.alloc(8_192, 1)
  const costs = Array.from({ length: WRITES }, (_, index) => {
    const from = performance.now()
    writeSync(file, page, 0, page.length, index * page.length)
    fdatasyncSync(file)
    return (performance.now() - from) * 1_000
  })
  closeSync(file)
  rmSync(path)
  return { p50: Math.round(quantile(costs, 0.5)), p99: Math.round(quantile(costs, 0.99)) }
}

/** The server's version and every setting that somebody chose. */
export async function describePostgres(cluster: Cluster): Promise<NonNullable<Machine['postgres']>> {
  const [{ version } = { version: 'unknown' }] = (await cluster.ask('postgres', 'show server_version')).map((row) => ({
    version: String(row.server_version),
  }))
  const names = `'fsync', 'synchronous_commit', 'wal_sync_method', 'full_page_writes', 'shared_buffers', 'max_wal_size', 'max_connections'`
  const rows = await cluster.ask(
    'postgres',
    `select name, current_setting(name) as setting from pg_settings where name in (${names}) order by name`,
  )
  return { version, settings: Object.fromEntries(rows.map((row) => [String(row.name), String(row.setting)])) }
}
