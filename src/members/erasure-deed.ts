import { z } from 'zod'
import type { Deed } from '../approvals'
import { memberAccount } from '../ledger'
import { eraseMember, requireErasable } from './erase-member'
import type { ErasureDeps } from './erase-member'
import type { Erasure } from './erasure'

const PAYLOAD = z.strictObject({ memberId: z.string().max(36) })

export type ErasureDeed = Deed<z.output<typeof PAYLOAD>, Erasure>

/** Erasing what is known of a person: it cannot be undone, so two people always agree to it. */
export const erasureDeed = (deps: ErasureDeps): ErasureDeed => ({
  kind: 'member_erased',
  permission: 'members.erase',
  payload: PAYLOAD,
  weigh: () => 'always',
  async preview({ memberId }) {
    await requireErasable(deps.db, memberId)
    return { subject: memberAccount(memberId), before: { person: true }, after: { person: false } }
  },
  perform: ({ memberId }, { author, reason, approvedBy }) => eraseMember(deps, { memberId, author, reason, approvedBy }),
})
