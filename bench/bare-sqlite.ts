import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Chance } from '../test/support/chance'
import type { Workload } from './measure'

const ACCOUNTS = 10_000

const TABLES = `
  create table accounts (id integer primary key, balance integer not null check (balance >= 0));
  create table transfers (id text primary key, amount integer not null, created_at text not null) without rowid;
  create table entries (account_id integer not null, number integer not null, transfer_id text not null, amount integer not null,
    balance_after integer not null, primary key (account_id, number)) without rowid;`

/**
 * What the driver alone can do, called as fast as it goes: prepared statements, WAL, synchronous FULL, and for every transfer one transaction of a transfer row,
 * two entries and two balance updates. Nothing is decided, remembered or proved.
 */
export function bareTransfers(folder: string, of: { seconds: number; chance: Chance }): Workload & { close(): void } {
  const database = new Sqlite(join(folder, 'bare.sqlite3'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(TABLES)
  database.exec(
    `insert into accounts (id, balance) with recursive n(i) as (select 0 union all select i + 1 from n where i < ${ACCOUNTS - 1}) select i, 100000000 from n`,
  )
  const transfer = prepareTransfer(database)
  return {
    name: 'better-sqlite3 alone: one transfer row, two entries, two balance updates in one transaction',
    run() {
      const from = performance.now()
      let done = 0
      while (performance.now() - from < of.seconds * 1_000) {
        const payer = of.chance.below(ACCOUNTS)
        transfer(payer, (payer + 1 + of.chance.below(ACCOUNTS - 1)) % ACCOUNTS, 1)
        done++
      }
      return Promise.resolve({ value: (done / (performance.now() - from)) * 1_000 })
    },
    close: () => void database.close(),
  }
}

function prepareTransfer(database: Sqlite.Database): (payer: number, payee: number, amount: number) => void {
  const insertTransfer = database.prepare('insert into transfers (id, amount, created_at) values (?, ?, ?)')
  const insertEntry = database.prepare(
    'insert into entries (account_id, number, transfer_id, amount, balance_after) values (?, ?, ?, ?, ?)',
  )
  const update = database.prepare<[number, number], { balance: number }>(
    'update accounts set balance = balance + ? where id = ? returning balance',
  )
  let number = 0
  const write = database.transaction((payer: number, payee: number, amount: number) => {
    const id = randomUUID()
    number++
    const left = update.get(-amount, payer)
    const now = update.get(amount, payee)
    insertTransfer.run(id, amount, new Date().toISOString())
    insertEntry.run(payer, number, id, -amount, left?.balance)
    insertEntry.run(payee, number, id, amount, now?.balance)
  })
  return (payer, payee, amount) => write.immediate(payer, payee, amount)
}
