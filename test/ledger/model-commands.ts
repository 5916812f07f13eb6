import fc from 'fast-check'
import type { Instruction, Line } from '../../src/ledger'
import { money } from '../../src/shared/money'
import type { Unit } from '../../src/shared/money'

/**
 * What a random run asks of the books. A set of instructions is submitted at once, so that they are gathered into one batch: to one of two ledgers on the same database,
 * or the same set to both of them together.
 */
export type Command =
  | { readonly command: 'open'; readonly account: string }
  | { readonly command: 'lock'; readonly account: string; readonly locked: boolean }
  | { readonly command: 'floor'; readonly account: string; readonly floor: bigint }
  | { readonly command: 'submit'; readonly to: 'first' | 'second' | 'both'; readonly set: readonly Instruction[] }

/** The chart's accounts, as the migrations open them: those without a floor have no limit. */
export const CHART: readonly (readonly [string, Unit, bigint | null])[] = [
  ['program', 'PTS', null],
  ['redeemed', 'PTS', null],
  ['bank', 'RUB', null],
  ['fund', 'RUB', 0n],
  ['paid', 'RUB', null],
]

const nat = fc.nat({ max: 9_999 })
const minor = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
)
/** An amount that is exactly what is available, or a hundredth more: bounds are where mistakes are. */
const exact = fc.option(fc.constantFrom(0, 1), { freq: 4 })
const often = (weight: number): fc.Arbitrary<boolean> => fc.nat({ max: 99 }).map((n) => n < weight)

const LINES = {
  earn: fc.record({ line: fc.constant('earn' as const), who: nat, minor }),
  pay: fc.record({ line: fc.constant('pay' as const), who: nat, minor, exact }),
  many: fc.record({
    line: fc.constant('many' as const),
    legs: fc.array(fc.record({ who: nat, minor, leaves: fc.boolean() }), { minLength: 2, maxLength: 9 }),
  }),
  fund: fc.record({ line: fc.constant('fund' as const), minor, deposit: fc.boolean() }),
  hold: fc.record({
    line: fc.constant('hold' as const),
    who: nat,
    minor,
    ofFund: often(40),
    exact,
    leaving: fc.option(fc.nat({ max: 400 }), { freq: 3 }),
    again: often(1),
    toItself: often(2),
  }),
  end: fc.record({ line: fc.constant('end' as const), which: nat, post: fc.boolean(), stale: often(8), wrong: often(1), twice: often(4) }),
  nonsense: fc.record({ line: fc.constant('nonsense' as const), who: nat, minor }),
} as const

const line = fc.oneof(
  { weight: 40, arbitrary: LINES.earn },
  { weight: 30, arbitrary: LINES.pay },
  { weight: 10, arbitrary: LINES.many },
  { weight: 15, arbitrary: LINES.fund },
  { weight: 60, arbitrary: LINES.hold },
  { weight: 60, arbitrary: LINES.end },
  { weight: 1, arbitrary: LINES.nonsense },
)
const instruction = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      wish: fc.constant('new' as const),
      lines: fc.oneof({ weight: 3, arbitrary: fc.tuple(line) }, { weight: 2, arbitrary: fc.array(line, { maxLength: 4 }) }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      wish: fc.constantFrom('same' as const, 'same-with-other-hold-ids' as const, 'other-lines' as const),
      which: nat,
    }),
  },
)
const set = fc.oneof(
  { weight: 4, arbitrary: fc.array(instruction, { minLength: 1, maxLength: 3 }) },
  { weight: 4, arbitrary: fc.array(instruction, { minLength: 4, maxLength: 12, size: 'max' }) },
  { weight: 1, arbitrary: fc.array(instruction, { minLength: 30, maxLength: 60, size: 'max' }) },
)

/** A wish names accounts, holds and earlier instructions by numbers, since it cannot know what there will be. */
export const wish = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      wish: fc.constant('submit' as const),
      set,
      to: fc.constantFrom('first', 'first', 'first', 'second', 'second', 'both'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ wish: fc.constant('open' as const), which: nat }) },
  { weight: 4, arbitrary: fc.record({ wish: fc.constant('lock' as const), who: nat, locked: often(40) }) },
  { weight: 2, arbitrary: fc.record({ wish: fc.constant('floor' as const), floor: fc.integer({ min: -5_000, max: 2_000 }) }) },
)

type ValueOf<A> = A extends fc.Arbitrary<infer T> ? T : never
export type Wish = ValueOf<typeof wish>
type LineWish = ValueOf<typeof line>
type InstructionWish = ValueOf<typeof instruction>
type HoldLine = Extract<Line, { do: 'hold' }>

const FIRST_MEMBERS = 6
const MOST_MEMBERS = 40
/** Holds and instructions that a wish may name: mostly recent ones, since old holds are over. */
const RECENT = 12

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T

/** Turns wishes into commands, remembering what was asked for so far. */
export class Commands {
  readonly members = Array.from({ length: FIRST_MEMBERS }, (_, index) => `member:${index}`)
  private readonly instructions: Instruction[] = []
  private readonly holds: HoldLine[] = [this.holdLine('never-placed', 'member:0', 1n, 'redeemed')]
  private recent: HoldLine[] = []

  /** @param available what is available on an account before the command, in minor units */
  constructor(private readonly available: (account: string) => bigint) {}

  toCommand(wish: Wish): Command {
    if (wish.wish === 'open') return { command: 'open', account: this.openAnother(wish.which) }
    if (wish.wish === 'lock') return { command: 'lock', account: this.account(wish.who), locked: wish.locked }
    if (wish.wish === 'floor') return { command: 'floor', account: 'fund', floor: BigInt(wish.floor) }
    return { command: 'submit', to: wish.to as 'first', set: wish.set.map((each) => this.toInstruction(each)) }
  }

  /** Members at first come one by one; later one that is open already is opened again, which changes nothing. */
  private openAnother(which: number): string {
    if (this.members.length >= MOST_MEMBERS) return pick(this.members, which)
    const account = `member:${this.members.length}`
    this.members.push(account)
    return account
  }

  private toInstruction(wish: InstructionWish): Instruction {
    if (wish.wish === 'new' || this.instructions.length === 0) {
      const lines = wish.wish === 'new' ? wish.lines.flatMap((each) => this.toLines(each)) : []
      const made = { key: `key-${this.instructions.length}`, lines }
      this.instructions.push(made)
      return made
    }
    const earlier = pick(wish.which % 2 ? this.instructions : this.instructions.slice(-RECENT), wish.which)
    if (wish.wish === 'same') return earlier
    if (wish.wish === 'other-lines') return { key: earlier.key, lines: pick(this.instructions, wish.which + 1).lines }
    const lines = earlier.lines.map((each) => (each.do === 'hold' ? { ...each, holdId: `${each.holdId}-drawn-again` } : each))
    return { key: earlier.key, lines }
  }

  /** A hold may be ended twice by one instruction: in one way or in both. */
  private toLines(wish: LineWish): Line[] {
    const made = this.toLine(wish)
    if (wish.line !== 'end' || !wish.twice || made.do !== 'post') return [made]
    const { holdId, account, to } = made
    return [made, wish.which % 2 ? made : { do: 'release', holdId, account, to }]
  }

  private toLine(wish: LineWish): Line {
    switch (wish.line) {
      case 'earn':
        return this.move('PTS', 'program', this.account(wish.who), BigInt(wish.minor))
      case 'pay':
        return this.move('PTS', this.account(wish.who), 'redeemed', this.amount(this.account(wish.who), wish))
      case 'fund':
        return wish.deposit
          ? this.move('RUB', 'bank', 'fund', BigInt(wish.minor) * 3n)
          : this.move('RUB', 'fund', 'paid', BigInt(wish.minor))
      case 'nonsense':
        return this.move('RUB', 'bank', this.account(wish.who), BigInt(wish.minor))
      case 'many':
        return this.manyLegs(wish.legs)
      case 'hold':
        return this.hold(wish)
      case 'end':
        return this.end(wish)
    }
  }

  /** Among the numbers of members there is one whom nobody has opened. */
  private account(who: number): string {
    return who % 50 === 49 ? 'member:nobody' : pick(this.members, who)
  }

  private amount(account: string, { minor, exact }: { minor: number; exact: number | null }): bigint {
    const amount = exact === null ? BigInt(minor) : this.available(account) + BigInt(exact)
    return amount > 0n ? amount : BigInt(minor)
  }

  private move(unit: Unit, from: string, to: string, amount: bigint): Line {
    const legs = [
      { account: from, amount: -amount },
      { account: to, amount },
    ]
    return { do: 'transfer', kind: 'adjustment', unit, legs }
  }

  /** Several members at once, some of whom may stand in it twice; the programme bears the difference. */
  private manyLegs(wishes: readonly { who: number; minor: number; leaves: boolean }[]): Line {
    const legs = wishes.map(({ who, minor, leaves }) => ({ account: this.account(who), amount: BigInt(leaves ? -minor : minor) }))
    const sum = legs.reduce((total, { amount }) => total + amount, 0n)
    return { do: 'transfer', kind: 'accrual', unit: 'PTS', legs: sum === 0n ? legs : [...legs, { account: 'program', amount: -sum }] }
  }

  private holdLine(holdId: string, account: string, amount: bigint, to: string): HoldLine {
    return { do: 'hold', holdId, account, to, amount: money(amount, account === 'fund' ? 'RUB' : 'PTS') }
  }

  private hold(wish: ValueOf<typeof LINES.hold>): Line {
    const account = wish.ofFund ? 'fund' : this.account(wish.who)
    const target = wish.ofFund ? 'paid' : 'redeemed'
    const holdId = wish.again ? pick(this.holds, wish.who).holdId : `hold-${this.holds.length}`
    const plain = this.holdLine(
      holdId,
      account,
      this.amount(account, wish),
      wish.toItself && account !== 'member:nobody' ? account : target,
    )
    // What an exact hold must leave is exactly what it leaves.
    const leaving = wish.exact === null ? wish.leaving : 0
    const made = leaving === null || (wish.exact !== null && wish.leaving === null) ? plain : { ...plain, leaving: BigInt(leaving) }
    this.holds.push(made)
    this.recent = [...this.recent.slice(1 - RECENT), made]
    return made
  }

  private end({ which, post, stale, wrong }: ValueOf<typeof LINES.end>): Line {
    const known = stale || this.recent.length === 0 ? this.holds : this.recent
    const { holdId, account, to } = pick(known, which)
    if (!stale) this.recent = this.recent.filter((each) => each.holdId !== holdId || which % 10 === 0)
    const shared = { holdId, account: wrong ? 'program' : account, to }
    return post ? { do: 'post', kind: 'redemption', ...shared } : { do: 'release', ...shared }
  }
}
