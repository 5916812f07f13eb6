import { iso } from '../shared/database'
import type { Db } from '../shared/database'
import { toDecimal } from '../shared/money'
import { requireMember } from './find-member'
import { readLimits } from './limits'
import type { HoldingLimits } from './limits'
import { readPoints } from './read-account'

/** One member as the command line prints it. Amounts are decimal text, such as `25000.00`. */
export interface ShownMember {
  readonly login: string
  readonly id: string
  readonly available: string
  readonly held: string
  readonly balance: string
  readonly locked: boolean
  readonly lockedAt: string | null
  readonly lockedReason: string | null
  readonly erasedAt: string | null
  readonly limits: ShownLimits
}

/** Spending limits as decimal text; null is no limit. `own` tells that they are the member's, not the programme's. */
export interface ShownLimits {
  readonly own: boolean
  readonly perPayment: string | null
  readonly perDay: string | null
  readonly perMonth: string | null
}

const decimal = (minor: bigint | null): string | null => (minor === null ? null : toDecimal(minor))

export const shownLimits = ({ own, perPayment, perDay, perMonth }: HoldingLimits): ShownLimits => ({
  own,
  perPayment: decimal(perPayment),
  perDay: decimal(perDay),
  perMonth: decimal(perMonth),
})

/** @throws Refusal not_found (detail: member) */
export async function showMember(db: Db, login: string): Promise<ShownMember> {
  const member = await requireMember(db, login)
  const points = await readPoints(db, member.id)
  return {
    login: member.login,
    id: member.id,
    available: toDecimal(points.available.minor),
    held: toDecimal(points.held.minor),
    balance: toDecimal(points.balance.minor),
    locked: member.lockedAt !== null,
    lockedAt: member.lockedAt && iso(member.lockedAt),
    lockedReason: member.lockedReason,
    erasedAt: member.erasedAt && iso(member.erasedAt),
    limits: shownLimits(await readLimits(db, member.id)),
  }
}
