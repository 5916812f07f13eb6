import { bound, moment } from '../shared/database'
import type { Db } from '../shared/database'
import type { EntryView } from './store'

/** An entry with the moment at which it was written, which is what a statement goes by: the numbers of an account's entries follow it. */
export interface WrittenEntry extends EntryView {
  readonly writtenAt: Date
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
