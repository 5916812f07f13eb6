import type { Db } from '../shared/database'
import { money, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { ACCOUNTS, readAccount } from '../ledger'
import type { Fund } from './fund'
import { readFundFloor } from './store'

/** The fund in amounts to reckon with. */
export async function readFund(db: Db): Promise<Fund> {
  const account = await readAccount(db, ACCOUNTS.fund)
  const roubles = (minor: bigint): Money => money(minor, 'RUB')
  return {
    balance: roubles(account.balance),
    held: roubles(account.held),
    available: roubles(account.available),
    floor: roubles(await readFundFloor(db)),
    overdraft: roubles(-(account.minAvailable ?? 0n)),
  }
}

/** The fund as the command line prints it: amounts as decimal text, such as `1000000.00`. */
export async function showFund(db: Db): Promise<Record<keyof Fund, string>> {
  const { balance, held, available, floor, overdraft } = await readFund(db)
  return {
    balance: toDecimal(balance.minor),
    held: toDecimal(held.minor),
    available: toDecimal(available.minor),
    floor: toDecimal(floor.minor),
    overdraft: toDecimal(overdraft.minor),
  }
}
