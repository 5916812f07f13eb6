import { ACCOUNTS, companion, memberAccount, transfer } from '../ledger'
import type { Ledger } from '../ledger'
import { readMember } from '../members'
import type { Tx } from '../shared/database'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import { findTopUpCode, markRedeemed, spelledCode } from './top-up-codes'

interface Redemption {
  readonly id: string
  readonly memberId: string
  readonly at: Date
}

/**
 * A member gets the points of a code, once: the code and the points in one transaction. Asked again by the same member, it says the same.
 * @returns the points that came; @throws Refusal code_not_valid for a code that is unknown, used or withdrawn; member_locked, member_erased
 */
export async function redeemCode(
  deps: StorefrontDeps & { readonly ledger: Ledger },
  { memberId, code: typed }: { readonly memberId: string; readonly code: string },
): Promise<Money> {
  const { db, clock, ledger, storefront } = deps
  const code = spelledCode(typed)
  const found = code === undefined ? undefined : await findTopUpCode(db, { digest: storefront.codes.digest(code) })
  if (!found || found.state === 'withdrawn') throw new Refusal('code_not_valid')
  if (found.state === 'redeemed') {
    if (found.redeemedBy === memberId) return found.points
    throw new Refusal('code_not_valid')
  }
  try {
    await ledger.submit({
      key: `top-up-code:${found.id}`,
      reference: found.id,
      lines: [transfer({ kind: 'top_up', from: ACCOUNTS.sold, to: memberAccount(memberId), amount: found.points })],
      companions: [companion(writeRedemptions, { id: found.id, memberId, at: clock.now() })],
    })
  } catch (error) {
    throw inWordsOfCodes(error)
  }
  return found.points
}

async function writeRedemptions(tx: Tx, redemptions: readonly Redemption[]): Promise<void> {
  for (const { id, ...by } of redemptions) {
    // The ledger holds the account's row by now, and so does an erasure: nobody is erased between this look and the credit.
    const { lockedAt, erasedAt } = await readMember(tx, by.memberId)
    if (erasedAt) throw new Refusal('member_erased')
    if (lockedAt) throw new Refusal('member_locked')
    if (!(await markRedeemed(tx, id, by))) throw new Refusal('code_not_valid')
  }
}

/** Somebody else was quicker, or the account is locked. */
function inWordsOfCodes(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  if (error.code === 'key_reused') return new Refusal('code_not_valid')
  return error.code === 'account_locked' ? new Refusal('member_locked') : error
}
