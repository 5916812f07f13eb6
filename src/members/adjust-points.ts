import { requireKey, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import type { Author } from '../shared/actor'
import { toDecimal } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, memberAccount, transfer } from '../ledger'
import type { TransferKind } from '../ledger'
import { requireMember } from './find-member'
import type { MembersDeps } from './member'

export interface PointsAdjustment {
  readonly login: string
  /** Points, more than zero. */
  readonly amount: Money
  /** Why, for the audit log. It does not enter the ledger, where a person named in it could never be erased. */
  readonly reason: string
  /** Names the intent: the same key with the same member and amount has one effect, however often it is sent. */
  readonly key: string
  readonly actor: Author
  /** The second pair of eyes, where one was needed. */
  readonly approvedBy?: Author | undefined
}

/** What a movement did: nothing new when the key had been used for the same movement before. */
export interface Adjusted {
  readonly memberId: string
  readonly replayed: boolean
}

/**
 * Gives points out of the programme: as a correction, or as an accrual when the member earned them.
 * @throws Refusal not_found (member), member_erased, bad_input (detail: the field), key_reused
 */
export const creditMember = (deps: MembersDeps, adjustment: PointsAdjustment & { kind?: 'adjustment' | 'accrual' }): Promise<Adjusted> =>
  movePoints(deps, adjustment, (account) => ({
    action: 'points_credited',
    kind: adjustment.kind ?? 'adjustment',
    from: ACCOUNTS.program,
    to: account,
  }))

/**
 * Takes points away as a correction, from an erased member too: a payment that was cancelled later may have brought some back. Points that are held for a payment cannot
 * be taken.
 * @throws Refusal forbidden, not_enough_available, not_found (member), bad_input (detail: the field), key_reused
 */
export const debitMember = (deps: MembersDeps, adjustment: PointsAdjustment): Promise<Adjusted> =>
  movePoints(deps, adjustment, (account) => ({ action: 'points_debited', kind: 'adjustment', from: account, to: ACCOUNTS.adjusted }))

interface Movement {
  readonly action: string
  readonly kind: TransferKind
  readonly from: string
  readonly to: string
}

async function movePoints(deps: MembersDeps, adjustment: PointsAdjustment, plan: (account: string) => Movement): Promise<Adjusted> {
  const { amount, actor } = adjustment
  requirePermission(actor, 'members.adjust')
  const reason = requireReason(adjustment.reason)
  const key = `adjust:${requireKey(adjustment.key)}`
  if (amount.unit !== 'PTS' || amount.minor <= 0n) throw new Refusal('bad_input', 'amount')
  const member = await requireMember(deps.db, adjustment.login)
  const subject = memberAccount(member.id)
  const { action, kind, from, to } = plan(subject)
  if (member.erasedAt && to === subject) throw new Refusal('member_erased')
  const after = { points: toDecimal(amount.minor) }
  const audit = {
    author: actor,
    at: deps.clock.now(),
    action,
    subject,
    reason,
    after,
    instructionKey: key,
    ...(adjustment.approvedBy && { approvedBy: adjustment.approvedBy }),
  }
  const { replayed } = await deps.ledger.submit({
    key,
    lines: [transfer({ kind, from, to, amount })],
    companions: [companion(writeAudit, audit)],
  })
  // The same movement by somebody else is another one: told as done, it would be lost.
  if (replayed && !(await wasCarriedOut(deps.db, key, actor))) throw new Refusal('key_reused')
  if (!replayed) deps.log.info({ memberId: member.id, action, points: after.points }, 'points were moved by hand')
  return { memberId: member.id, replayed }
}
