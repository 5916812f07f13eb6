import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Sqlite from 'better-sqlite3'
import type { Cluster } from './cluster'
import type { Workload } from './measure'

/** What one job of `members accrue` told, and how much memory its process had at most. */
export interface Job {
  readonly seconds: number
  readonly peakBytes: number
}

const EVERY_MS = 50

/** Runs the product's own command as an operator does and watches its memory. @throws Error when it does not credit everybody */
export async function accrue(product: string, databaseUrl: string, of: { file: string; name: string; members: number }): Promise<Job> {
  const args = ['dist/src/main.js', 'members', 'accrue', of.file, '--name', of.name, '--json']
  const env = { PATH: process.env.PATH ?? '', MODE: 'sandbox', DATABASE_URL: databaseUrl, NODE_ENV: 'production' }
  const child = spawn(process.execPath, args, { cwd: product, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let peakBytes = 0
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(child.pid))), EVERY_MS)
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)])
  clearInterval(watch)
  const told = output === '' ? undefined : (JSON.parse(output) as { members: number; credited: number; seconds: number })
  if (told?.credited !== of.members) throw new Error(`members accrue did not credit everybody: ${complaint.slice(-300)}`)
  return { seconds: told.seconds, peakBytes }
}

function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** What one finished job wrote, ready to be brought in by COPY into tables with the ledger's columns, checks and indexes, and no triggers or references. */
export interface Copies {
  /** The entries alone. */
  readonly entries: Workload
  /** The entries and the accounts with their new balances: everything that a job writes for its members. */
  readonly everything: Workload
}

const TABLES = { ledger_entries: 'account_id', ledger_accounts: 'id' } as const

export async function copiesOfJob(cluster: Cluster, database: string, folder: string): Promise<Copies> {
  const psql = (command: string): Promise<string> => cluster.program('psql', ['-X', '-d', database, '-c', command])
  const fileOf = (table: string): string => join(folder, `${table}.copy`)
  for (const [table, account] of Object.entries(TABLES)) {
    await psql(`\\copy (select * from ${table} where ${account} like 'member:%' order by ${account}) to '${fileOf(table)}'`)
    await psql(`create table bench_${table} (like ${table} including constraints including indexes)`)
  }
  const copying = (name: string, tables: readonly (keyof typeof TABLES)[]): Workload => ({
    name: `PostgreSQL: COPY of ${name} into tables with the same indexes`,
    async run() {
      for (const table of tables) await psql(`truncate bench_${table}`)
      const from = performance.now()
      const copied: number[] = []
      for (const table of tables)
        copied.push(Number(/COPY (\d+)/.exec(await psql(`\\copy bench_${table} from '${fileOf(table)}'`))?.[1] ?? 0))
      return { value: ((copied[0] ?? 0) / (performance.now() - from)) * 1_000 }
    },
  })
  return {
    entries: copying('the same entries', ['ledger_entries']),
    everything: copying('the same entries and accounts', ['ledger_entries', 'ledger_accounts']),
  }
}

const ROWS_AT_ONCE = 1_000

/** The same number of entries through one prepared statement of a thousand rows, in one transaction, WAL and synchronous FULL, into a table with the ledger's indexes. */
export function preparedInserts(folder: string, rows: number): Workload & { close(): void } {
  const database = new Sqlite(join(folder, 'prepared-inserts.sqlite3'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  const values = Array.from({ length: ROWS_AT_ONCE }, (_, index) => [account(index), 1, transfer(index), 100, 100]).flat()
  const marks = Array.from({ length: ROWS_AT_ONCE }, () => '(?, ?, ?, ?, ?)').join(', ')
  return {
    name: 'better-sqlite3 alone: the same number of entries by a prepared insert of 1,000 rows, one transaction',
    run() {
      database.exec(`drop table if exists entries; create table entries (account_id varchar(60) not null, number bigint not null, transfer_id varchar(36) not null,
        amount bigint not null, balance_after bigint not null, primary key (account_id, number)); create index entries_transfer on entries (transfer_id)`)
      const insert = database.prepare(`insert into entries values ${marks}`)
      const from = performance.now()
      database.transaction(() => {
        for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
          for (let index = 0; index < ROWS_AT_ONCE; index++) {
            values[index * 5] = account(first + index)
            values[index * 5 + 2] = transfer(first + index)
          }
          insert.run(values)
        }
      })()
      return Promise.resolve({ value: (rows / (performance.now() - from)) * 1_000 })
    },
    close: () => void database.close(),
  }
}

const id = (number: number): string => `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
const account = (number: number): string => `member:${id(number)}`
/** One transfer for each batch of ten thousand, as the job makes them. */
const transfer = (number: number): string => id(Math.floor(number / 10_000))
