import { ACCOUNTS, readAccount } from '../ledger'
import type { Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { readFundFloor } from './store'

/**
 * Refuses holds of automatic payment that leave less in the fund than is kept for buyers as of now: the floor may have been raised since it was read. As a ledger companion it
 * runs behind the holds, under the lock of the fund's account, which a change of the floor takes as well: once that has returned, nothing is held against it.
 * @throws Refusal fund_floor_reached
 */
export async function refuseBelowFloor(tx: Tx): Promise<void> {
  const floor = await readFundFloor(tx)
  const { available } = await readAccount(tx, ACCOUNTS.fund)
  if (available < floor) throw new Refusal('fund_floor_reached', 'less than the floor would be left')
}
