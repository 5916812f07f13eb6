import { z } from 'zod'
import { amountText } from '../approvals'
import type { Deed, Performer } from '../approvals'
import { memberAccount } from '../ledger'
import { wasCarriedOut } from '../shared/audit'
import { parsePositiveMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { creditMember, debitMember } from './adjust-points'
import type { Adjusted, PointsAdjustment } from './adjust-points'
import { readMember } from './find-member'
import type { MembersDeps } from './member'
import { readPoints } from './read-account'

const PAYLOAD = z.strictObject({
  memberId: z.string().max(36),
  points: amountText('PTS'),
})

export type PointsPayload = z.output<typeof PAYLOAD>
export type PointsDeed = Deed<PointsPayload, Adjusted>

const amountOf = ({ points }: PointsPayload): Money => parsePositiveMoney(points, 'PTS')

/** What staff may do to a member's points: give some out of the programme, or take some away. */
export const pointDeeds = (deps: MembersDeps): { readonly credit: PointsDeed; readonly debit: PointsDeed } => ({
  credit: pointsDeed(deps, 'points_credited', 1n, creditMember),
  debit: pointsDeed(deps, 'points_debited', -1n, debitMember),
})

type Adjust = (deps: MembersDeps, adjustment: PointsAdjustment) => Promise<Adjusted>

const pointsDeed = (deps: MembersDeps, kind: string, sign: 1n | -1n, adjust: Adjust): PointsDeed => ({
  kind,
  permission: 'members.adjust',
  payload: PAYLOAD,
  addsUp: true,
  weigh: amountOf,
  async preview(payload) {
    const { id, erasedAt } = await readMember(deps.db, payload.memberId)
    if (erasedAt && sign > 0n) throw new Refusal('member_erased')
    const { available } = await readPoints(deps.db, id)
    const after = available.minor + sign * amountOf(payload).minor
    if (after < 0n) throw new Refusal('not_enough_available')
    return { subject: memberAccount(id), before: { available: points(available.minor) }, after: { available: points(after) } }
  },
  wasDone: (key) => wasCarriedOut(deps.db, `adjust:${key}`),
  async perform(payload, by: Performer) {
    const { login } = await readMember(deps.db, payload.memberId)
    const { author, reason, key, approvedBy } = by
    return adjust(deps, { login, amount: amountOf(payload), reason, key, actor: author, approvedBy })
  },
})

const points = (minor: bigint): string => `${toDecimal(minor)} PTS`
