import { bound, moment } from '../shared/database'
import type { Db } from '../shared/database'

/** One line of a statement. `amount` and `balanceAfter` are signed minor units. */
export interface EntryView {
  readonly number: bigint
  readonly amount: bigint
  readonly balanceAfter: bigint
  readonly kind: string
  readonly memo: string | null
  readonly reference: string | null
  /** When it happened. */
  readonly at: Date
  /** When it was written, which is what a statement goes by: the numbers of an account's entries follow it. */
  readonly writtenAt: Date
}

/** Which entries of an account, at most `limit`: those numbered above `after` and up to `upTo`, as far as either is given; in that order or the newest first. */
export interface EntryPage {
  readonly after?: bigint
  readonly upTo?: bigint
  readonly limit: number
  readonly newestFirst?: boolean
}

/** One page of an account's entries; by number, so that it costs the same however many there are. */
export async function readEntries(db: Db, accountId: string, { after, upTo, limit, newestFirst = false }: EntryPage): Promise<EntryView[]> {
  const query = db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where('e.account_id', accountId)
    .orderBy('e.number', newestFirst ? 'desc' : 'asc')
    .limit(limit)
    .select<Row[]>('e.number', 'e.amount', 'e.balance_after', 't.kind', 't.memo', 't.reference', 't.event_at', 't.created_at')
  if (after !== undefined) void query.where('e.number', '>', bound(after))
  if (upTo !== undefined) void query.where('e.number', '<=', bound(upTo))
  const rows = await query
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
