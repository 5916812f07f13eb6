import { bound } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { ACCOUNTS, readAccount, setMinAvailable } from '../ledger'

/** In kopecks, zero or more. */
export interface FundLimits {
  /** The part of the fund that is kept for buyers: automatic payments leave at least this much available. */
  readonly floor: bigint
  /** How far below zero the available money may go. */
  readonly overdraft: bigint
}

/** The part of the fund that is kept for buyers, in kopecks. */
export async function readFundFloor(db: Db): Promise<bigint> {
  const [row] = await db('fund_settings').where({ id: 1 }).select<{ floor: bigint }[]>('floor')
  if (!row) throw new Error('bug: the fund has no settings')
  return row.floor
}

/** The limits as they stand, locked until the transaction ends: changes come one after the other, and the audit log tells the true "before". */
export async function lockFundLimits(tx: Tx): Promise<FundLimits> {
  // An update that changes nothing takes the row's lock on PostgreSQL; on SQLite the transaction has the whole file.
  await tx('fund_settings').where({ id: 1 }).update({ id: 1 })
  const { minAvailable } = await readAccount(tx, ACCOUNTS.fund)
  return { floor: await readFundFloor(tx), overdraft: -(minAvailable ?? 0n) }
}

/** @throws Refusal not_enough_available when the fund stands lower than the overdraft allows */
export async function writeFundLimits(tx: Tx, { floor, overdraft }: FundLimits): Promise<void> {
  await tx('fund_settings')
    .where({ id: 1 })
    .update({ floor: bound(floor) })
  await setMinAvailable(tx, ACCOUNTS.fund, -overdraft)
}
