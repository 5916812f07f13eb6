import type { ErasureDeps } from './erase-member'
import { erasureDeed } from './erasure-deed'
import type { ErasureDeed } from './erasure-deed'
import { limitDeeds } from './limit-deeds'
import type { LimitDeeds } from './limit-deeds'
import { lockDeeds } from './lock-deeds'
import type { LockDeed } from './lock-deeds'
import type { MembersDeps } from './member'

/** What staff may do about a member, besides moving points. */
export interface MemberDeeds {
  readonly lock: LockDeed
  readonly unlock: LockDeed
  readonly limits: LimitDeeds['ofMember']
  readonly programmeLimits: LimitDeeds['ofProgramme']
  readonly erase: ErasureDeed
}

export function memberDeeds(deps: MembersDeps & ErasureDeps): MemberDeeds {
  const { ofMember, ofProgramme } = limitDeeds(deps)
  return { ...lockDeeds(deps), limits: ofMember, programmeLimits: ofProgramme, erase: erasureDeed(deps) }
}
