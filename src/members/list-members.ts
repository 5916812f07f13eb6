import type { Db } from '../shared/database'
import { iso, moment } from '../shared/database'
import { memberAccount, readAccounts } from '../ledger'
import type { Member } from './member'
import { MEMBER_COLUMNS, toMember } from './store'
import type { MemberRow } from './store'

export const MEMBER_STATES = ['locked', 'erased'] as const
export type MemberState = (typeof MEMBER_STATES)[number]

/** A member with what stands on their account, in minor units of points. */
export interface ListedMember {
  readonly member: Member
  readonly createdAt: Date
  readonly available: bigint
  readonly held: bigint
}

type Row = MemberRow & { created_at: Date | string }

/** Members, newest first: so many after `before`, which is the id of the last one seen; an id that does not exist ends the list. */
export async function listMembers(
  db: Db,
  page: { readonly state?: MemberState | undefined; readonly before?: string | undefined; readonly limit: number },
): Promise<ListedMember[]> {
  const query = db('members')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .select(...MEMBER_COLUMNS, 'created_at')
  if (page.state === 'locked') void query.whereNotNull('locked_at').whereNull('erased_at')
  if (page.state === 'erased') void query.whereNotNull('erased_at')
  if (page.before !== undefined) {
    const last = await db('members').where({ id: page.before }).first<Pick<Row, 'created_at'> | undefined>('created_at')
    if (!last) return []
    void query.whereRaw('(created_at, id) < (?, ?)', [iso(moment(last.created_at)), page.before])
  }
  return withPoints(db, (await query) as Row[])
}

/** The same for members that were found another way, in their order. */
export async function readListed(db: Db, ids: readonly string[]): Promise<ListedMember[]> {
  const rows = await db('members')
    .whereIn('id', [...ids])
    .select<Row[]>(...MEMBER_COLUMNS, 'created_at')
  const byId = new Map((await withPoints(db, rows)).map((listed) => [listed.member.id, listed]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

async function withPoints(db: Db, rows: readonly Row[]): Promise<ListedMember[]> {
  const accounts = new Map(
    (
      await readAccounts(
        db,
        rows.map(({ id }) => memberAccount(id)),
      )
    ).map((account) => [account.id, account]),
  )
  return rows.map((row) => {
    const account = accounts.get(memberAccount(row.id))
    return { member: toMember(row), createdAt: moment(row.created_at), available: account?.available ?? 0n, held: account?.held ?? 0n }
  })
}
