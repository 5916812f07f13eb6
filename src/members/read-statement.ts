import { readMember } from './find-member'
import { readHistory } from './history'
import type { HistoryPage } from './history'
import type { Member, MembersDeps } from './member'
import { readPoints } from './read-account'
import type { Points } from './read-account'

/** What a payment left behind, for the statement line that tells of it. */
export interface Receipt {
  /** The invoice's number as the member saw it. */
  readonly number: string
  /** A path of ours. */
  readonly href: string
}

/** Finds the receipts of payments by their ids, which are the references of ledger entries. This room knows no payments, so the one that does hands it in. */
export type FindReceipts = (paymentIds: readonly string[]) => Promise<ReadonlyMap<string, Receipt>>

export interface StatementDeps extends Pick<MembersDeps, 'db'> {
  readonly findReceipts: FindReceipts
}

/** Everything the account page tells. */
export interface Statement {
  readonly member: Member
  readonly points: Points
  readonly history: HistoryPage
  readonly receipts: ReadonlyMap<string, Receipt>
  /** True when the reader has paged back. */
  readonly older: boolean
}

/** One page of a member's own statement; `before` is the entry number to go back from. @throws Refusal not_found (member) */
export async function readStatement({ db, findReceipts }: StatementDeps, memberId: string, before?: bigint): Promise<Statement> {
  const member = await readMember(db, memberId) // First: of a member that is not there, nobody is told of an account instead.
  const [points, history] = await Promise.all([readPoints(db, memberId), readHistory(db, memberId, before)])
  const references = new Set(history.entries.flatMap(({ reference }) => reference ?? []))
  const receipts: ReadonlyMap<string, Receipt> = references.size > 0 ? await findReceipts([...references]) : new Map()
  return { member, points, history, receipts, older: before !== undefined }
}
