import type { Instruction, Line } from '../../src/ledger'

/** One entry and, behind it, those before it. */
export interface ModelEntry {
  readonly number: bigint
  readonly amount: bigint
  readonly balanceAfter: bigint
  readonly before: ModelEntry | undefined
}

/** One account as the reference keeps it, with every entry it ever got. */
interface ModelAccount {
  readonly unit: string
  readonly balance: bigint
  readonly held: bigint
  readonly floor: bigint | null
  readonly locked: boolean
  readonly newest: ModelEntry | undefined
}

interface ModelHold {
  readonly from: string
  readonly to: string
  readonly amount: bigint
  readonly over: boolean
}

/**
 * What the ledger must answer. A refusal tells whose fault it may be: when several accounts are short, any of them may be named.
 * `fails` stands for what is no answer at all: a bug of the caller, or something the database cannot take.
 */
export type ModelAnswer =
  | { readonly kind: 'done'; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: string; readonly details: readonly (string | null)[] }
  | { readonly kind: 'fails' }

type Verdict = 'done' | 'fails' | { code: string; details: readonly (string | null)[] }

const refuse = (code: string, ...details: (string | null)[]): Verdict => ({ code, details })

/**
 * The ledger's rules once more, written from their description and not from the ledger's code: maps in memory, one instruction after the other, no database, no batches.
 */
export class ModelBooks {
  readonly accounts = new Map<string, ModelAccount>()
  readonly holds = new Map<string, ModelHold>()
  private readonly answered = new Map<string, { wanted: string; verdict: Exclude<Verdict, 'fails'> }>()

  open(id: string, unit: string, floor: bigint | null): void {
    if (!this.accounts.has(id)) this.accounts.set(id, { unit, balance: 0n, held: 0n, floor, locked: false, newest: undefined })
  }

  available(id: string): bigint {
    const account = this.accounts.get(id)
    return account ? account.balance - account.held : 0n
  }

  /** Whether there is such an account. */
  lock(id: string, locked: boolean): boolean {
    const account = this.accounts.get(id)
    if (account) this.accounts.set(id, { ...account, locked })
    return account !== undefined
  }

  /** Whether the account stands high enough for it. */
  setFloor(id: string, floor: bigint): boolean {
    const account = this.accounts.get(id)
    if (!account || account.balance - account.held < floor) return false
    this.accounts.set(id, { ...account, floor })
    return true
  }

  submit({ key, lines }: Instruction): ModelAnswer {
    const wanted = JSON.stringify(lines.map(withoutHoldId), asText)
    const earlier = this.answered.get(key)
    if (earlier && earlier.wanted !== wanted) return { kind: 'refused', code: 'key_reused', details: [null] }
    const verdict = earlier?.verdict ?? this.attempt(lines)
    if (verdict === 'fails') return { kind: 'fails' }
    this.answered.set(key, { wanted, verdict })
    return verdict === 'done' ? { kind: 'done', replayed: earlier !== undefined } : { kind: 'refused', ...verdict }
  }

  /** Carries the lines out on a sketch and keeps it only when nothing speaks against it. */
  private attempt(lines: readonly Line[]): Verdict {
    const sketch = new Sketch(this.accounts, this.holds)
    for (const line of lines) {
      const verdict = sketch.carryOut(line)
      if (verdict !== 'done') return verdict
    }
    const short = [...sketch.accounts].filter(([, { balance, held, floor }]) => floor !== null && balance - held < floor)
    if (short.length > 0) return refuse('not_enough_available', ...short.map(([id]) => id))
    if (sketch.usesHoldTwice) return 'fails'
    for (const [id, account] of sketch.accounts) this.accounts.set(id, account)
    for (const [id, hold] of sketch.holds) this.holds.set(id, hold)
    return 'done'
  }
}

class Sketch {
  readonly accounts = new Map<string, ModelAccount>()
  readonly holds = new Map<string, ModelHold>()
  /** A hold's id can be taken once; the database sees to it. */
  usesHoldTwice = false

  constructor(
    private readonly allAccounts: ReadonlyMap<string, ModelAccount>,
    private readonly allHolds: ReadonlyMap<string, ModelHold>,
  ) {}

  carryOut(line: Line): Verdict {
    if (line.do === 'transfer') return this.transfer(line)
    return line.do === 'hold' ? this.hold(line) : this.end(line)
  }

  private transfer({ legs, unit }: Extract<Line, { do: 'transfer' }>): Verdict {
    let sum = 0n
    for (const { amount } of legs) sum += amount
    if (sum !== 0n || legs.length < 2 || legs.some(({ amount }) => amount === 0n)) return 'fails'
    for (const { account, amount } of legs) {
      const found = this.find(account)
      if (!found) return refuse('account_unknown', account)
      if (found.unit !== unit) return 'fails'
      this.enter(account, amount)
    }
    return 'done'
  }

  private hold(line: Extract<Line, { do: 'hold' }>): Verdict {
    const { account, amount, holdId, to, leaving } = line
    const found = this.find(account)
    if (!found) return refuse('account_unknown', account)
    if (found.unit !== amount.unit) return 'fails'
    if (found.locked) return refuse('account_locked', account)
    const remains = found.balance - found.held - amount.minor
    if (leaving !== undefined && remains < leaving) return refuse('not_enough_available', account)
    if (this.holds.has(holdId) || this.allHolds.has(holdId)) this.usesHoldTwice = true
    this.accounts.set(account, { ...found, held: found.held + amount.minor })
    this.holds.set(holdId, { from: account, to, amount: amount.minor, over: false })
    return 'done'
  }

  private end(line: Extract<Line, { do: 'post' | 'release' }>): Verdict {
    const hold = this.holds.get(line.holdId) ?? this.allHolds.get(line.holdId)
    if (!hold) return refuse('hold_unknown', line.holdId)
    if (hold.from !== line.account || hold.to !== line.to) return 'fails'
    if (hold.over) return refuse('hold_already_resolved', line.holdId)
    this.holds.set(line.holdId, { ...hold, over: true })
    const from = this.find(hold.from) as ModelAccount
    this.accounts.set(hold.from, { ...from, held: from.held - hold.amount })
    if (line.do === 'release') return 'done'
    this.enter(hold.from, -hold.amount)
    this.enter(hold.to, hold.amount)
    return 'done'
  }

  private enter(id: string, amount: bigint): void {
    const account = this.find(id) as ModelAccount
    const balanceAfter = account.balance + amount
    const number = (account.newest?.number ?? 0n) + 1n
    this.accounts.set(id, { ...account, balance: balanceAfter, newest: { number, amount, balanceAfter, before: account.newest } })
  }

  private find(id: string): ModelAccount | undefined {
    return this.accounts.get(id) ?? this.allAccounts.get(id)
  }
}

/** Whoever asks again draws another id for the same hold. */
const withoutHoldId = (line: Line): unknown => (line.do === 'hold' ? { ...line, holdId: '' } : line)

const asText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
