import type { Author } from '../shared/actor'
import { requireKey, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import type { AuditEntry } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, transfer } from '../ledger'
import type { FundDeps } from './fund'
import { lockFundLimits, writeFundLimits } from './store'
import type { FundLimits } from './store'

export interface Deposit {
  /** Roubles, more than zero. */
  readonly amount: Money
  readonly reason: string
  /** Names the intent: the same key with the same amount is one deposit, however often it is sent. */
  readonly key: string
  readonly actor: Author
  /** The second pair of eyes, where one was needed. */
  readonly approvedBy?: Author | undefined
}

/** Records money that was deposited at Invoicebox. @throws Refusal forbidden, bad_input (detail: the field), key_reused */
export async function depositFund({ db, ledger, clock, log }: FundDeps, deposit: Deposit): Promise<{ replayed: boolean }> {
  const reason = requireReason(deposit.reason)
  const key = `fund-deposit:${requireKey(deposit.key)}`
  const { amount, actor } = deposit
  requirePermission(actor, 'fund.change')
  if (amount.unit !== 'RUB' || amount.minor <= 0n) throw new Refusal('bad_input', 'amount')
  const after = { deposited: toDecimal(amount.minor) }
  const audit: AuditEntry = {
    author: actor,
    at: clock.now(),
    action: 'fund_deposited',
    subject: ACCOUNTS.fund,
    reason,
    after,
    instructionKey: key,
    ...(deposit.approvedBy && { approvedBy: deposit.approvedBy }),
  }
  const line = transfer({ kind: 'fund_deposit', from: ACCOUNTS.bank, to: ACCOUNTS.fund, amount })
  const { replayed } = await ledger.submit({ key, lines: [line], companions: [companion(writeAudit, audit)] })
  // The same deposit by somebody else is another one: told as done, it would be lost.
  if (replayed && !(await wasCarriedOut(db, key, actor))) throw new Refusal('key_reused')
  if (!replayed) log.info(after, 'money was deposited in the fund')
  return { replayed }
}

export interface LimitChange {
  /** Roubles, zero or more. */
  readonly amount: Money
  readonly reason: string
  readonly actor: Author
  readonly approvedBy?: Author | undefined
  /** Names the intent: a form that is sent again does nothing more, whatever was done in between. */
  readonly key?: string | undefined
  /** Looks again, with what the limit is once nobody else can change it, whether one person is still enough. */
  readonly reweigh?: (was: bigint) => void
}

/** Sets the part of the fund that is kept for buyers. It may exceed the balance: then nothing is left for automatic payments. @throws Refusal forbidden, bad_input (detail: the field) */
export const setFloor = (deps: FundDeps, change: LimitChange): Promise<void> => changeLimit(deps, change, 'floor')

/**
 * Sets how far below zero the fund may go, as agreed with Invoicebox.
 * @throws Refusal not_enough_available when the fund stands lower than that already; forbidden, bad_input (detail: the field)
 */
export const setOverdraft = (deps: FundDeps, change: LimitChange): Promise<void> => changeLimit(deps, change, 'overdraft')

export const limitKey = (limit: keyof FundLimits, key: string): string => `fund_${limit}_set:${key}`

async function changeLimit({ db, clock, log }: FundDeps, change: LimitChange, limit: keyof FundLimits): Promise<void> {
  const reason = requireReason(change.reason)
  const { amount, actor, approvedBy } = change
  requirePermission(actor, 'fund.change')
  if (amount.unit !== 'RUB' || amount.minor < 0n) throw new Refusal('bad_input', 'amount')
  const action = `fund_${limit}_set`
  const after = { [limit]: toDecimal(amount.minor) }
  const instructionKey = change.key === undefined ? undefined : limitKey(limit, change.key)
  await inTransaction(db, async (tx) => {
    const limits = await lockFundLimits(tx)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, actor))) return
    change.reweigh?.(limits[limit])
    await writeFundLimits(tx, { ...limits, [limit]: amount.minor })
    const before = { [limit]: toDecimal(limits[limit]) }
    const how = { ...(approvedBy && { approvedBy }), ...(instructionKey !== undefined && { instructionKey }) }
    await writeAudit(tx, [{ author: actor, at: clock.now(), action, subject: ACCOUNTS.fund, reason, before, after, ...how }])
  })
  log.info({ action, ...after }, 'a limit of the fund was changed')
}
