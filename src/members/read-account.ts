import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { memberAccount, readAccount } from '../ledger'

/** A member's points: `available` can be spent, `held` waits for open payments, `balance` is both. */
export interface Points {
  readonly balance: Money
  readonly held: Money
  readonly available: Money
}

/** @throws Refusal account_unknown */
export async function readPoints(db: Db, memberId: string): Promise<Points> {
  const { balance, held, available } = await readAccount(db, memberAccount(memberId))
  return { balance: money(balance, 'PTS'), held: money(held, 'PTS'), available: money(available, 'PTS') }
}
