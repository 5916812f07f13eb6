import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, newSortedId, sha256 } from '../shared/ids'
import { toDecimal } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { lockAccount, memberAccount, readAccount } from '../ledger'
import type { Account } from '../ledger'
import { accountSubject } from './attempts'
import { readErasure } from './erasure'
import type { Erasure, ErasureRecord } from './erasure'
import { readMember } from './find-member'
import type { Member, MembersDeps } from './member'
import { DECOY_HASH } from './password'

/**
 * What another room knows of a person: it removes that in the transaction of the erasure and says of how much, by words such as `checkouts`. What cannot be removed
 * must not be personal in the first place.
 */
export type Eraser = (tx: Tx, member: { readonly id: string }, at: Date) => Promise<Readonly<Record<string, number>>>

export interface ErasureDeps extends Pick<MembersDeps, 'db' | 'clock' | 'log'> {
  readonly erasers: readonly Eraser[]
}

export interface ErasureOrder {
  readonly memberId: string
  readonly reason: string
  readonly author: Author
  readonly approvedBy?: Author | undefined
}

/** What stands in the place of a login that was erased. It names nobody, and no password belongs to it. */
const aliasOf = (memberId: string): string => `erased-${memberId}`

const LOCKED_REASON = 'erased'

/**
 * Removes everything that says who a member is, and leaves the books as they are: they know the member's id alone. Once for each member: asked again, it gives the
 * erasure that was done.
 * @throws Refusal forbidden; not_found (member); member_has_points while points are held or available
 */
export async function eraseMember(deps: ErasureDeps, order: ErasureOrder): Promise<Erasure> {
  requirePermission(order.author, 'members.erase')
  await inTransaction(deps.db, (tx) => erase(tx, deps, order))
  const done = await readErasure(deps.db, order.memberId)
  if (!done) throw new Error('bug: an erasure that was just written is not there')
  deps.log.info({ memberId: order.memberId, erasure: done.id }, 'the personal data of a member were erased')
  return done
}

async function erase(tx: Tx, deps: ErasureDeps, { memberId, author, reason, approvedBy }: ErasureOrder): Promise<void> {
  const member = await lockedMember(tx, memberId)
  if (member.erasedAt) return
  // The lock is a write to the account's row, so nothing can move there until this has ended.
  await lockAccount(tx, memberAccount(memberId), true)
  const before = await readAccount(tx, memberAccount(memberId))
  requireEmpty(before)
  const at = deps.clock.now()
  // Other rooms first: some know the person by an address that stands here.
  const elsewhere = await removeElsewhere(tx, deps.erasers, member, at)
  const removed = { ...(await removeOwn(tx, member, at)), ...elsewhere }
  const after = await readAccount(tx, memberAccount(memberId))
  const record: ErasureRecord = { memberId, removed, booksBefore: booksOf(before), booksAfter: booksOf(after) }
  await writeErasure(tx, { record, at, author, approvedBy })
  const facts = { before: { person: true }, after: { person: false } }
  await writeAudit(tx, [
    { author, at, action: 'member_erased', subject: memberAccount(memberId), reason, ...facts, ...(approvedBy && { approvedBy }) },
  ])
}

/** @throws Refusal member_has_points */
export function requireEmpty({ balance, held }: Pick<Account, 'balance' | 'held'>): void {
  if (balance !== 0n || held !== 0n) throw new Refusal('member_has_points')
}

/** A member as of now, whose row nobody changes until this transaction ends. @throws Refusal not_found (member) */
export async function lockedMember(tx: Tx, id: string): Promise<Member> {
  if (engineOf(tx) === 'postgres') await tx('members').where({ id }).forNoKeyUpdate().first('id')
  return readMember(tx, id)
}

const booksOf = ({ balance, held, entryCount }: Account): ErasureRecord['booksBefore'] => ({
  balance: toDecimal(balance),
  held: toDecimal(held),
  entries: entryCount.toString(),
})

/** What this room knows: the person, the login with its password, the reason of a lock, sessions, failed sign-ins, limits. */
async function removeOwn(tx: Tx, { id, login }: Member, at: Date): Promise<Record<string, number>> {
  const alias = aliasOf(id)
  await tx('logins').insert({ login: alias })
  await tx('members')
    .where({ id })
    .update({
      login: alias,
      password_hash: DECOY_HASH,
      language: 'ru',
      locked_at: iso(at),
      locked_reason: LOCKED_REASON,
      erased_at: iso(at),
    })
  return {
    login: await tx('logins').where({ login }).delete(),
    person: await tx('member_people').where({ member_id: id }).delete(),
    sessions: await tx('sessions').where({ member_id: id }).delete(),
    sign_in_attempts: await tx('sign_in_attempts')
      .where({ subject: accountSubject(login).digest })
      .delete(),
    limits: await tx('spending_limits').where({ subject: id }).delete(),
  }
}

async function removeElsewhere(tx: Tx, erasers: readonly Eraser[], { id }: Member, at: Date): Promise<Record<string, number>> {
  let removed: Record<string, number> = {}
  for (const eraser of erasers) removed = { ...removed, ...(await eraser(tx, { id }, at)) }
  return removed
}

interface NewErasure {
  readonly record: ErasureRecord
  readonly at: Date
  readonly author: Author
  readonly approvedBy: Author | undefined
}

async function writeErasure(tx: Tx, { record, at, author, approvedBy }: NewErasure): Promise<void> {
  const of = {
    id: newSortedId(),
    member_id: record.memberId,
    at: iso(at),
    author: authorName(author),
    approved_by: approvedBy ? authorName(approvedBy) : null,
  }
  await tx('erasures').insert({ ...of, record: canonicalJson(record), digest: sha256(canonicalJson({ ...of, record })) })
}

/** For the preview of an erasure. @throws Refusal not_found (member), member_erased, member_has_points */
export async function requireErasable(db: Db, memberId: string): Promise<void> {
  if ((await readMember(db, memberId)).erasedAt) throw new Refusal('member_erased')
  requireEmpty(await readAccount(db, memberAccount(memberId)))
}
