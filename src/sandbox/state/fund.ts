/** The guarantee fund: one per currency, with an append-only journal. Amounts in kopecks. */
export interface FundEntry {
  readonly at: Date
  readonly kind: 'opening' | 'top-up' | 'withdrawal' | 'confirm' | 'reversal' | 'refund'
  /** Signed: what the balance grew by. */
  readonly amount: bigint
  readonly balance: bigint
  readonly invoiceId: string | null
  readonly operationId: string | null
}

export interface Fund {
  readonly currencyId: string
  balance: bigint
  /** How far below zero the balance may go. */
  overdraft: bigint
  readonly entries: FundEntry[]
}

export const MAIN_CURRENCY = 'RUB'
export const OPENING_BALANCE = 100_000_000n

export interface FundMove {
  readonly kind: FundEntry['kind']
  readonly amount: bigint
  readonly at: Date
  readonly invoiceId?: string
  readonly operationId?: string
}

export function openFund(currencyId: string, balance: bigint, at: Date): Fund {
  const fund: Fund = { currencyId, balance: 0n, overdraft: 0n, entries: [] }
  moveFund(fund, { kind: 'opening', amount: balance, at })
  return fund
}

/** The only way a balance changes: each move leaves its entry. */
export function moveFund(fund: Fund, move: FundMove): void {
  fund.balance += move.amount
  const { kind, amount, at, invoiceId = null, operationId = null } = move
  fund.entries.push({ at, kind, amount, balance: fund.balance, invoiceId, operationId })
}

export const canSpend = (fund: Fund, amount: bigint): boolean => fund.balance + fund.overdraft >= amount
