import { bound, iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import type { EntryView } from './store'

/** An entry with the moment at which it was written, which is what a statement goes by: the numbers of an account's entries follow it. */
export interface WrittenEntry extends EntryView {
  readonly writtenAt: Date
}

/**
 * The number of the last entry that was written before a moment; 0 when there is none. Found by halving, since the entries of an account are numbered without gaps:
 * twenty short reads in a million entries. Clocks of several processes may differ a little; what is found is still one place in the order of the books.
 */
export async function lastEntryBefore(db: Db, accountId: string, before: Date): Promise<bigint> {
  const account = await db('ledger_accounts').where({ id: accountId }).first<{ entry_count: bigint } | undefined>('entry_count')
  let [low, high] = [0n, account?.entry_count ?? 0n]
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if (await isWrittenBefore(db, accountId, middle, before)) low = middle
    else high = middle - 1n
  }
  return low
}

async function isWrittenBefore(db: Db, accountId: string, number: bigint, before: Date): Promise<boolean> {
  const row: unknown = await db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where({ 'e.account_id': accountId, 'e.number': bound(number) })
    .where('t.created_at', '<', iso(before))
    .first('e.number')
  return row !== undefined
}

/** The balance after an account's entry of this number, as it stands there; 0 before the first. */
export async function balanceAfterEntry(db: Db, accountId: string, number: bigint): Promise<bigint> {
  if (number === 0n) return 0n
  const row = await db('ledger_entries')
    .where({ account_id: accountId, number: bound(number) })
    .first<{ balance_after: bigint } | undefined>('balance_after')
  if (!row) throw new Error(`bug: account ${accountId} has no entry ${number}`)
  return row.balance_after
}

/** Entries numbered above `after` and up to `upTo`, in that order or the newest first, at most `limit`. */
export async function readEntries(
  db: Db,
  accountId: string,
  page: { readonly after: bigint; readonly upTo: bigint; readonly limit: number; readonly newestFirst?: boolean },
): Promise<WrittenEntry[]> {
  const rows = await db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where('e.account_id', accountId)
    .where('e.number', '>', bound(page.after))
    .where('e.number', '<=', bound(page.upTo))
    .orderBy('e.number', page.newestFirst ? 'desc' : 'asc')
    .limit(page.limit)
    .select<Row[]>('e.number', 'e.amount', 'e.balance_after', 't.kind', 't.memo', 't.reference', 't.event_at', 't.created_at')
  return rows.map((row) => ({
    number: row.number,
    amount: row.amount,
    balanceAfter: row.balance_after,
    kind: row.kind,
    memo: row.memo,
    reference: row.reference,
    at: moment(row.event_at),
    writtenAt: moment(row.created_at),
  }))
}

interface Row {
  number: bigint
  amount: bigint
  balance_after: bigint
  kind: string
  memo: string | null
  reference: string | null
  event_at: Date | string
  created_at: Date | string
}
