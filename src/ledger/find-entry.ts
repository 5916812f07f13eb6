import { bound, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { readAccount } from './store'

/**
 * The number of an account's last entry that was written before a moment, 0 when there is none: where a day or a month is cut. Found by halving, so it costs the same
 * few reads however long the account's history is.
 */
export async function entryNumberBefore(db: Db, account: string, at: Date, from = 0n): Promise<bigint> {
  let [low, high] = [from, (await readAccount(db, account)).entryCount]
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if ((await writtenAt(db, account, middle)) < at) low = middle
    else high = middle - 1n
  }
  return low
}

async function writtenAt(db: Db, account: string, number: bigint): Promise<Date> {
  const row: { created_at: Date | string } | undefined = await db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where({ 'e.account_id': account, 'e.number': bound(number) })
    .first('t.created_at')
  if (!row) throw new Error(`bug: ${account} has no entry ${number}`)
  return moment(row.created_at)
}

/** When the account's first entry was written; undefined when it has none. */
export async function firstEntryAt(db: Db, account: string): Promise<Date | undefined> {
  return (await readAccount(db, account)).entryCount === 0n ? undefined : writtenAt(db, account, 1n)
}

/** An account's balance as it was after the entry of this number, in minor units. */
export async function balanceAfter(db: Db, account: string, number: bigint): Promise<bigint> {
  if (number === 0n) return 0n
  const row: { balance_after: bigint } | undefined = await db('ledger_entries')
    .where({ account_id: account, number: bound(number) })
    .first('balance_after')
  if (!row) throw new Error(`bug: ${account} has no entry ${number}`)
  return row.balance_after
}
