import fc from 'fast-check'
import { transfer } from '../../src/ledger'
import type { Instruction, Line } from '../../src/ledger'
import type { RefusalCode } from '../../src/shared/refusals'
import { money } from '../../src/shared/money'

/** Accounts that random steps move value between; `member:nobody` was never opened. */
export const OPENED = ['program', 'redeemed', 'member:a', 'member:b', 'member:c'] as const
const ACCOUNTS = [...OPENED, 'member:nobody'] as const
export const hasLimit = (account: string): boolean => account.startsWith('member:')

type LineWish =
  | { readonly do: 'transfer'; readonly from: number; readonly to: number; readonly amount: number }
  | { readonly do: 'hold'; readonly account: number; readonly amount: number; readonly leaving: number | null }
  | { readonly do: 'post' | 'release'; readonly hold: number }

export type StepWish =
  | { readonly step: 'instruct'; readonly lines: readonly LineWish[] }
  /** The same key with the same lines, or with the lines of the newest instruction. */
  | { readonly step: 'repeat' | 'reuse'; readonly earlier: number }
  | { readonly step: 'lock'; readonly account: number; readonly locked: boolean }

export type Step =
  | { readonly step: 'submit'; readonly instruction: Instruction }
  | { readonly step: 'lock'; readonly account: string; readonly locked: boolean }

const index = fc.nat({ max: 1_000 })
const amount = fc.integer({ min: 1, max: 400 })
const lineWish: fc.Arbitrary<LineWish> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('transfer' as const), from: index, to: index, amount }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('hold' as const), account: index, amount, leaving: fc.option(fc.nat({ max: 300 })) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('post' as const, 'release' as const), hold: index }) },
)

export const stepWish: fc.Arbitrary<StepWish> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({ step: fc.constant('instruct' as const), lines: fc.array(lineWish, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('repeat' as const, 'reuse' as const), earlier: index }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('lock' as const), account: index, locked: fc.boolean() }) },
)

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T

/** Turns wishes into steps: a wish names a hold or an earlier instruction by its place, since it cannot know what there will be. */
export function toSteps(wishes: readonly StepWish[]): Step[] {
  const instructions: Instruction[] = []
  const holds: Extract<Line, { do: 'hold' }>[] = [
    { do: 'hold', holdId: 'ghost', account: 'member:a', to: 'redeemed', amount: money(1n, 'PTS') },
  ]
  const toLine = (wish: LineWish): Line => {
    if (wish.do === 'transfer') {
      const [from, to] = [pick(ACCOUNTS, wish.from), pick(ACCOUNTS, wish.from === wish.to ? wish.to + 1 : wish.to)]
      return transfer({ kind: 'adjustment', from, to, amount: money(BigInt(wish.amount), 'PTS') })
    }
    if (wish.do === 'hold') {
      const leaving = wish.leaving === null ? {} : { leaving: BigInt(wish.leaving) }
      const line = {
        do: 'hold',
        holdId: `hold-${holds.length}`,
        account: pick(ACCOUNTS, wish.account),
        to: 'redeemed',
        amount: money(BigInt(wish.amount), 'PTS'),
        ...leaving,
      } as const
      holds.push(line)
      return line
    }
    const { holdId, account, to } = pick(holds, wish.hold)
    return wish.do === 'post' ? { do: 'post', holdId, account, to, kind: 'redemption' } : { do: 'release', holdId, account, to }
  }
  return wishes.flatMap((wish): Step[] => {
    if (wish.step === 'lock') return [{ step: 'lock', account: pick(OPENED, wish.account), locked: wish.locked }]
    if (wish.step === 'instruct') instructions.push({ key: `key-${instructions.length}`, lines: wish.lines.map(toLine) })
    else if (instructions.length === 0) return []
    const earlier = wish.step === 'instruct' ? instructions.at(-1) : pick(instructions, wish.earlier)
    const instruction = {
      ...(earlier as Instruction),
      ...(wish.step === 'reuse' ? { lines: (instructions.at(-1) as Instruction).lines } : {}),
    }
    return [{ step: 'submit', instruction }]
  })
}

interface ModelHold {
  readonly account: string
  readonly to: string
  readonly amount: bigint
  readonly resolved: boolean
}

type ModelAnswer = 'done' | RefusalCode

/** The books as a child would keep them: a list of movements and a list of holds, added up anew for every question. */
export class NaiveBooks {
  private movements: readonly { account: string; amount: bigint }[] = []
  private holds: ReadonlyMap<string, ModelHold> = new Map()
  private readonly answers = new Map<string, { lines: string; answer: ModelAnswer }>()
  private readonly locked = new Set<string>()

  lock(account: string, locked: boolean): void {
    if (locked) this.locked.add(account)
    else this.locked.delete(account)
  }

  balance(account: string): bigint {
    return this.movements.reduce((sum, movement) => (movement.account === account ? sum + movement.amount : sum), 0n)
  }

  held(account: string): bigint {
    return [...this.holds.values()].reduce((sum, hold) => (hold.account === account && !hold.resolved ? sum + hold.amount : sum), 0n)
  }

  entries(account: string): number {
    return this.movements.filter((movement) => movement.account === account).length
  }

  submit({ key, lines }: Instruction): { answer: ModelAnswer; replayed: boolean } {
    // A hold's own id is no part of what is asked for.
    const text = JSON.stringify(lines, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).replace(
      /("do":"hold","holdId":)"[^"]*"/g,
      '$1null',
    )
    const earlier = this.answers.get(key)
    if (earlier) return { answer: earlier.lines === text ? earlier.answer : 'key_reused', replayed: true }
    const before = { movements: this.movements, holds: this.holds }
    const answer = this.take(lines)
    if (answer !== 'done') ({ movements: this.movements, holds: this.holds } = before)
    this.answers.set(key, { lines: text, answer })
    return { answer, replayed: false }
  }

  private take(lines: readonly Line[]): ModelAnswer {
    for (const line of lines) {
      const answer = this.takeLine(line)
      if (answer !== 'done') return answer
    }
    return OPENED.some((account) => hasLimit(account) && this.balance(account) - this.held(account) < 0n) ? 'not_enough_available' : 'done'
  }

  private takeLine(line: Line): ModelAnswer {
    const isOpen = (account: string): boolean => (OPENED as readonly string[]).includes(account)
    if (line.do === 'transfer') {
      if (!line.legs.every((leg) => isOpen(leg.account))) return 'account_unknown'
      this.movements = [...this.movements, ...line.legs]
      return 'done'
    }
    if (line.do === 'hold') {
      if (!isOpen(line.account)) return 'account_unknown'
      if (this.locked.has(line.account)) return 'account_locked'
      this.holds = new Map(this.holds).set(line.holdId, { account: line.account, to: line.to, amount: line.amount.minor, resolved: false })
      return line.leaving !== undefined && this.balance(line.account) - this.held(line.account) < line.leaving
        ? 'not_enough_available'
        : 'done'
    }
    const hold = this.holds.get(line.holdId)
    if (!hold) return 'hold_unknown'
    if (hold.resolved) return 'hold_already_resolved'
    this.holds = new Map(this.holds).set(line.holdId, { ...hold, resolved: true })
    if (line.do === 'post')
      this.movements = [...this.movements, { account: hold.account, amount: -hold.amount }, { account: hold.to, amount: hold.amount }]
    return 'done'
  }
}
