import type { RefusalCode } from '../shared/refusals'
import { fingerprint } from './instructions'
import type { Instruction, Leg, Line, TransferKind } from './instructions'

/**
 * The ledger's decisions, free of any database: given the accounts as locked, what an instruction does or why it is refused.
 * Instructions of one batch are decided one after the other on the same `Books`, so the second sees what the first took.
 */
export interface AccountState {
  readonly id: string
  readonly unit: string
  readonly balance: bigint
  readonly held: bigint
  /** What balance − held must not fall below; null means no limit. */
  readonly minAvailable: bigint | null
  readonly entryCount: bigint
  readonly locked: boolean
}

export interface HoldState {
  readonly account: string
  readonly to: string
  readonly unit: string
  readonly amount: bigint
  readonly resolved: boolean
}

export interface Books {
  readonly accounts: Map<string, AccountState>
  readonly holds: Map<string, HoldState>
  /** What was answered to each key so far. */
  readonly answers: Map<string, Answer>
}

export interface Answer {
  readonly fingerprint: string
  readonly answer: 'done' | RefusalCode
  readonly detail: string | null
}

export interface DecidedTransfer {
  readonly kind: TransferKind
  readonly unit: string
  readonly amount: bigint
  readonly memo: string | null
  readonly holdId: string | null
  readonly entries: readonly { accountId: string; number: bigint; amount: bigint; balanceAfter: bigint }[]
}

export interface Decision {
  readonly answer: Answer
  /** The key was used before: nothing is written. */
  readonly replayed: boolean
  readonly transfers: readonly DecidedTransfer[]
  readonly holds: readonly Extract<Line, { do: 'hold' }>[]
  readonly releases: readonly string[]
}

class Refused {
  constructor(
    readonly code: RefusalCode,
    readonly detail: string,
  ) {}
}

/** Decides one instruction and, unless it is refused or a repeat, writes its effects into `books`. */
export function decide(books: Books, instruction: Instruction): Decision {
  const print = fingerprint(instruction)
  const earlier = books.answers.get(instruction.key)
  if (earlier) return repeat(earlier, print)
  const draft = new Draft(books)
  const refused = draft.take(instruction.lines)
  if (refused) {
    const answer = { fingerprint: print, answer: refused.code, detail: refused.detail }
    books.answers.set(instruction.key, answer)
    return { answer, replayed: false, transfers: [], holds: [], releases: [] }
  }
  draft.keep()
  const answer = { fingerprint: print, answer: 'done', detail: null } as const
  books.answers.set(instruction.key, answer)
  return { answer, replayed: false, transfers: draft.transfers, holds: draft.newHolds, releases: draft.releases }
}

function repeat(earlier: Answer, print: string): Decision {
  const answer: Answer = earlier.fingerprint === print ? earlier : { fingerprint: print, answer: 'key_reused', detail: null }
  return { answer, replayed: true, transfers: [], holds: [], releases: [] }
}

/** The books as they would be: nothing of it counts until `keep`. */
class Draft {
  readonly transfers: DecidedTransfer[] = []
  readonly newHolds: Extract<Line, { do: 'hold' }>[] = []
  readonly releases: string[] = []
  private readonly accounts = new Map<string, AccountState>()
  private readonly holds = new Map<string, HoldState>()

  constructor(private readonly books: Books) {}

  /** Applies the lines in order; returns the refusal that stops them, if any. */
  take(lines: readonly Line[]): Refused | undefined {
    for (const line of lines) {
      const refused = this.takeLine(line)
      if (refused) return refused
    }
    for (const account of this.accounts.values()) {
      if (account.minAvailable !== null && account.balance - account.held < account.minAvailable)
        return new Refused('not_enough_available', account.id)
    }
    return undefined
  }

  keep(): void {
    for (const [id, account] of this.accounts) this.books.accounts.set(id, account)
    for (const [id, hold] of this.holds) this.books.holds.set(id, hold)
  }

  private takeLine(line: Line): Refused | undefined {
    switch (line.do) {
      case 'transfer':
        return this.move(line.legs, { kind: line.kind, unit: line.unit, memo: line.memo ?? null, holdId: null })
      case 'hold':
        return this.hold(line)
      case 'post':
      case 'release':
        return this.resolve(line)
    }
  }

  private move(legs: readonly Leg[], what: Pick<DecidedTransfer, 'kind' | 'unit' | 'memo' | 'holdId'>): Refused | undefined {
    checkLegs(legs)
    const entries: { accountId: string; number: bigint; amount: bigint; balanceAfter: bigint }[] = []
    for (const leg of legs) {
      const account = this.account(leg.account)
      if (!account) return new Refused('account_unknown', leg.account)
      if (account.unit !== what.unit) throw new Error(`bug: ${what.unit} moved on ${account.id}, which is kept in ${account.unit}`)
      const after = { ...account, balance: account.balance + leg.amount, entryCount: account.entryCount + 1n }
      this.accounts.set(account.id, after)
      entries.push({ accountId: account.id, number: after.entryCount, amount: leg.amount, balanceAfter: after.balance })
    }
    const amount = legs.reduce((sum, leg) => (leg.amount > 0n ? sum + leg.amount : sum), 0n)
    this.transfers.push({ ...what, amount, entries })
    return undefined
  }

  private hold(line: Extract<Line, { do: 'hold' }>): Refused | undefined {
    if (line.amount.minor <= 0n) throw new Error('bug: a hold of nothing')
    const account = this.account(line.account)
    if (!account) return new Refused('account_unknown', line.account)
    if (account.unit !== line.amount.unit)
      throw new Error(`bug: ${line.amount.unit} held on ${account.id}, which is kept in ${account.unit}`)
    if (account.locked) return new Refused('account_locked', account.id)
    const held = account.held + line.amount.minor
    if (line.leaving !== undefined && account.balance - held < line.leaving) return new Refused('not_enough_available', account.id)
    this.accounts.set(account.id, { ...account, held })
    this.holds.set(line.holdId, { account: line.account, to: line.to, unit: line.amount.unit, amount: line.amount.minor, resolved: false })
    this.newHolds.push(line)
    return undefined
  }

  private resolve(line: Extract<Line, { do: 'post' | 'release' }>): Refused | undefined {
    const hold = this.holds.get(line.holdId) ?? this.books.holds.get(line.holdId)
    if (!hold) return new Refused('hold_unknown', line.holdId)
    if (hold.account !== line.account || hold.to !== line.to) throw new Error(`bug: hold ${line.holdId} is between other accounts`)
    if (hold.resolved) return new Refused('hold_already_resolved', line.holdId)
    const account = this.account(hold.account)
    if (!account) return new Refused('account_unknown', hold.account)
    this.accounts.set(account.id, { ...account, held: account.held - hold.amount })
    this.holds.set(line.holdId, { ...hold, resolved: true })
    if (line.do === 'release') {
      this.releases.push(line.holdId)
      return undefined
    }
    const legs = [
      { account: hold.account, amount: -hold.amount },
      { account: hold.to, amount: hold.amount },
    ]
    return this.move(legs, { kind: line.kind, unit: hold.unit, memo: null, holdId: line.holdId })
  }

  private account(id: string): AccountState | undefined {
    return this.accounts.get(id) ?? this.books.accounts.get(id)
  }
}

function checkLegs(legs: readonly Leg[]): void {
  const sum = legs.reduce((total, leg) => total + leg.amount, 0n)
  if (legs.length < 2 || sum !== 0n || legs.some((leg) => leg.amount === 0n))
    throw new Error('bug: the legs of a transfer must be two or more and sum to zero')
}
