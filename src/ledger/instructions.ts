import { storable } from '../shared/database'
import type { RowWriter } from '../shared/statements'
import { canonicalJson, sha256 } from '../shared/ids'
import { MAX_MINOR } from '../shared/money'
import type { Money, Unit } from '../shared/money'

/** What may happen between two accounts; a statement shows the word in the reader's language. */
export const TRANSFER_KINDS = [
  'accrual',
  'top_up',
  'refund',
  'adjustment',
  'redemption',
  'fund_deposit',
  'fund_payment',
  'suspense',
  'reversal',
] as const
export type TransferKind = (typeof TRANSFER_KINDS)[number]

/** One side of a transfer. `amount` is signed minor units: negative leaves the account, positive arrives. */
export interface Leg {
  readonly account: string
  readonly amount: bigint
}

export type Line =
  | {
      readonly do: 'transfer'
      readonly kind: TransferKind
      readonly unit: Unit
      readonly memo?: string | undefined
      readonly legs: readonly Leg[]
    }
  /** `leaving`: what must stay available after the hold, in minor units, such as the part of the fund that is kept for buyers. */
  | {
      readonly do: 'hold'
      readonly holdId: string
      readonly account: string
      readonly to: string
      readonly amount: Money
      readonly leaving?: bigint
    }
  | { readonly do: 'post'; readonly holdId: string; readonly account: string; readonly to: string; readonly kind: TransferKind }
  | { readonly do: 'release'; readonly holdId: string; readonly account: string; readonly to: string }

/** One intent of a caller: all its lines happen, or none. */
export interface Instruction {
  /** Names the intent: the same key with the same lines has one effect and one answer, whoever sends it how often. */
  readonly key: string
  /** What the movement belongs to, such as a payment's id. */
  readonly reference?: string
  /** When it happened outside, if that differs from when it is written. */
  readonly eventAt?: Date
  readonly lines: readonly Line[]
  /** Rows of other rooms that must commit with the lines or not at all. */
  readonly companions?: readonly Companion[]
}

/** A set-based writer of another room and one row for it; the ledger calls the writer once for all rows of a batch. */
export interface Companion {
  readonly write: RowWriter<never>
  readonly row: unknown
}

export const companion = <R>(write: RowWriter<R>, row: R): Companion => ({ write, row })

/** The plain case of a transfer: one account pays another. */
export const transfer = (of: { kind: TransferKind; from: string; to: string; amount: Money; memo?: string }): Line => ({
  do: 'transfer',
  kind: of.kind,
  unit: of.amount.unit,
  memo: of.memo,
  legs: [
    { account: of.from, amount: -of.amount.minor },
    { account: of.to, amount: of.amount.minor },
  ],
})

const LONGEST = { key: 200, reference: 100, memo: 500 } as const

/** Refuses what one engine would store and the other would not. @throws Error, since a caller that sends such a thing is wrong */
export function checkInstruction({ key, reference, lines }: Instruction): void {
  if (key === '' || key.length > LONGEST.key || key !== storable(key)) throw new Error('bug: a key is 1 to 200 signs')
  if (reference !== undefined && reference.length > LONGEST.reference) throw new Error('bug: a reference is at most 100 signs')
  for (const line of lines) {
    if (line.do === 'transfer' && line.memo !== undefined && line.memo.length > LONGEST.memo)
      throw new Error('bug: a memo is at most 500 signs')
    if (amountOf(line) > MAX_MINOR) throw new Error('bug: an amount larger than any')
  }
}

function amountOf(line: Line): bigint {
  if (line.do === 'hold') return line.amount.minor
  return line.do === 'transfer' ? line.legs.reduce((sum, leg) => (leg.amount > 0n ? sum + leg.amount : sum), 0n) : 0n
}

/** The accounts that a line touches. A hold's target is not touched until the hold is posted. */
export function accountsOf(line: Line): string[] {
  if (line.do === 'transfer') return line.legs.map((leg) => leg.account)
  return line.do === 'post' ? [line.account, line.to] : [line.account]
}

const prints = new WeakMap<Instruction, string>()

/**
 * A digest of what the caller wants. The hold's own id is left out: a caller who asks again may have drawn another one. Remembered, so that it can be worked out when the
 * instruction is handed in, and not while its accounts are locked.
 */
export function fingerprint(instruction: Instruction): string {
  const known = prints.get(instruction)
  if (known !== undefined) return known
  const print = sha256(canonicalJson(instruction.lines.map((line) => (line.do === 'hold' ? { ...line, holdId: null } : line))))
  prints.set(instruction, print)
  return print
}
