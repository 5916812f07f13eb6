import type { Db } from '../shared/database'
import { memberAccount, readEntries } from '../ledger'
import type { EntryView } from '../ledger'

export const PAGE_SIZE = 20

/** One page of a member's statement, newest first. */
export interface HistoryPage {
  readonly entries: readonly EntryView[]
  /** The `before` of the next older page, or null when this is the last. */
  readonly olderBefore: bigint | null
}

/** Pages by the entry number, so that a page costs the same however long the history is, and new entries shift nothing. */
export async function readHistory(db: Db, memberId: string, before?: bigint): Promise<HistoryPage> {
  const upTo = before === undefined ? {} : { upTo: before - 1n }
  const found = await readEntries(db, memberAccount(memberId), { ...upTo, limit: PAGE_SIZE + 1, newestFirst: true })
  const entries = found.slice(0, PAGE_SIZE)
  const last = entries.at(-1)
  return { entries, olderBefore: found.length > PAGE_SIZE && last ? last.number : null }
}
