import { z } from 'zod'
import type { Deed } from '../approvals'
import { memberAccount } from '../ledger'
import { readMember } from './find-member'
import { lockMember, unlockMember } from './lock-member'
import type { LockChange } from './lock-member'
import type { Member, MembersDeps } from './member'

const PAYLOAD = z.strictObject({ memberId: z.string().max(36) })

export type LockPayload = z.output<typeof PAYLOAD>
export type LockDeed = Deed<LockPayload, Member>

type Deps = Omit<MembersDeps, 'ledger'>

/** Keeping a member from paying, and letting them pay again. One person does either; the reason of a lock is shown to the member. */
export const lockDeeds = (deps: Deps): { readonly lock: LockDeed; readonly unlock: LockDeed } => ({
  lock: lockDeed(deps, 'member_locked', true, lockMember),
  unlock: lockDeed(deps, 'member_unlocked', false, unlockMember),
})

const lockDeed = (deps: Deps, kind: string, locked: boolean, change: (deps: Deps, change: LockChange) => Promise<Member>): LockDeed => ({
  kind,
  permission: 'members.lock',
  payload: PAYLOAD,
  weigh: () => 'never',
  async preview({ memberId }) {
    const { id, lockedAt } = await readMember(deps.db, memberId)
    return { subject: memberAccount(id), before: { locked: lockedAt !== null }, after: { locked } }
  },
  async perform({ memberId }, { author, reason, key }) {
    const { login } = await readMember(deps.db, memberId)
    return change(deps, { login, reason, actor: author, key })
  },
})
