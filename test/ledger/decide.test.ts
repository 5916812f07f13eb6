import fc from 'fast-check'
import { lockAccount, openAccounts, readAccount, transfer, verifyLedger } from '../../src/ledger'
import type { Instruction, Line } from '../../src/ledger'
import { decide } from '../../src/ledger/decide'
import type { AccountState, Books, Decision } from '../../src/ledger/decide'
import { fingerprint } from '../../src/ledger/instructions'
import { money } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import { makeBooks } from './books'
import { NaiveBooks, OPENED, hasLimit, stepWish, toSteps } from './random-steps'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

const account = (id: string, state: Partial<AccountState> = {}): AccountState => ({
  id,
  unit: 'PTS',
  balance: 0n,
  held: 0n,
  minAvailable: null,
  entryCount: 0n,
  locked: false,
  ...state,
})

/** Anna has 100 of which 30 are held, the fund has 1,000 roubles and an overdraft of 200. */
const newBooks = (): Books => ({
  accounts: new Map(
    [
      account('program'),
      account('redeemed'),
      account('member:anna', { balance: 100n, held: 30n, minAvailable: 0n, entryCount: 4n }),
      account('member:locked', { balance: 100n, minAvailable: 0n, locked: true, held: 10n }),
      account('fund', { unit: 'RUB', balance: 1_000n, minAvailable: -200n }),
      account('paid', { unit: 'RUB' }),
      account('bank', { unit: 'RUB' }),
    ].map((each) => [each.id, each]),
  ),
  holds: new Map([
    ['open', { account: 'member:anna', to: 'redeemed', unit: 'PTS', amount: 30n, resolved: false }],
    ['spent', { account: 'member:anna', to: 'redeemed', unit: 'PTS', amount: 5n, resolved: true }],
    ['of-locked', { account: 'member:locked', to: 'redeemed', unit: 'PTS', amount: 10n, resolved: false }],
  ]),
  answers: new Map(),
})

const move = (from: string, to: string, minor: bigint, unit: 'PTS' | 'RUB' = 'PTS'): Line =>
  transfer({ kind: 'adjustment', from, to, amount: money(minor, unit) })
const hold = (of: string, minor: bigint, leaving?: bigint): Line => ({
  do: 'hold',
  holdId: 'new',
  account: of,
  to: of === 'fund' ? 'paid' : 'redeemed',
  amount: money(minor, of === 'fund' ? 'RUB' : 'PTS'),
  ...(leaving === undefined ? {} : { leaving }),
})
const post = (holdId: string, of = 'member:anna', to = 'redeemed'): Line => ({ do: 'post', kind: 'redemption', holdId, account: of, to })
const release = (holdId: string, of = 'member:anna', to = 'redeemed'): Line => ({ do: 'release', holdId, account: of, to })

describe('a decision', () => {
  test.each<[string, Line[], string, string | null]>([
    ['everything that is available may leave', [move('member:anna', 'redeemed', 70n)], 'done', null],
    ['what is held may not leave', [move('member:anna', 'redeemed', 71n)], 'not_enough_available', 'member:anna'],
    ['everything that is available may be held', [hold('member:anna', 70n)], 'done', null],
    ['one more may not be held', [hold('member:anna', 71n)], 'not_enough_available', 'member:anna'],
    ['the fund may be used down to its overdraft', [hold('fund', 1_200n)], 'done', null],
    ['the fund may not be used below its overdraft', [hold('fund', 1_201n)], 'not_enough_available', 'fund'],
    ['a hold may leave exactly what it was asked to leave', [hold('fund', 400n, 600n)], 'done', null],
    ['a hold may not leave less than it was asked to leave', [hold('fund', 401n, 600n)], 'not_enough_available', 'fund'],
    ['an account without a limit may go below zero', [move('program', 'member:anna', 10n ** 12n)], 'done', null],
    [
      'an account that is short in between but not at the end is not short',
      [move('member:anna', 'redeemed', 90n), move('program', 'member:anna', 20n)],
      'done',
      null,
    ],
    ['what a release frees may be spent in the same instruction', [release('open'), move('member:anna', 'redeemed', 100n)], 'done', null],
    [
      'two holds of one instruction add up',
      [hold('member:anna', 40n), { ...hold('member:anna', 40n), holdId: 'second' } as Line],
      'not_enough_available',
      'member:anna',
    ],
    ['when the second line is refused, so is the first', [hold('member:anna', 1n), hold('fund', 5_000n)], 'not_enough_available', 'fund'],
    ['a locked account refuses a hold', [hold('member:locked', 1n)], 'account_locked', 'member:locked'],
    ['a locked account takes what comes', [move('program', 'member:locked', 5n)], 'done', null],
    ['the open hold of a locked account may be posted', [post('of-locked', 'member:locked')], 'done', null],
    ['the open hold of a locked account may be released', [release('of-locked', 'member:locked')], 'done', null],
    ['an open hold may be posted', [post('open')], 'done', null],
    ['an open hold may be released', [release('open')], 'done', null],
    ['a hold is posted once', [post('open'), post('open')], 'hold_already_resolved', 'open'],
    ['a hold is posted or released, not both', [release('open'), post('open')], 'hold_already_resolved', 'open'],
    ['a spent hold is not posted again', [post('spent')], 'hold_already_resolved', 'spent'],
    ['a spent hold is not released', [release('spent')], 'hold_already_resolved', 'spent'],
    ['an unknown hold is refused', [post('nowhere')], 'hold_unknown', 'nowhere'],
    ['a hold may be posted by the instruction that places it', [hold('member:anna', 10n), post('new')], 'done', null],
    ['an unknown account is refused on either side', [move('program', 'member:nobody', 1n)], 'account_unknown', 'member:nobody'],
    ['an unknown account holds nothing', [hold('member:nobody', 1n)], 'account_unknown', 'member:nobody'],
    ['an instruction of no lines is done', [], 'done', null],
  ])('%s', (_what, lines, answer, detail) => {
    const books = newBooks()
    const before = newBooks()
    const decision = decide(books, { key: 'k', lines })
    expect(decision).toMatchObject({ answer: { answer, detail }, replayed: false })
    if (answer !== 'done') {
      expect(decision).toMatchObject({ transfers: [], holds: [], releases: [] })
      expect([books.accounts, books.holds]).toEqual([before.accounts, before.holds])
    }
  })

  test.each<[string, Line[]]>([
    [
      'legs that do not sum to zero',
      [
        {
          do: 'transfer',
          kind: 'accrual',
          unit: 'PTS',
          legs: [
            { account: 'program', amount: -2n },
            { account: 'redeemed', amount: 1n },
          ],
        },
      ],
    ],
    ['one leg', [{ do: 'transfer', kind: 'accrual', unit: 'PTS', legs: [{ account: 'program', amount: 0n }] }]],
    ['no legs', [{ do: 'transfer', kind: 'accrual', unit: 'PTS', legs: [] }]],
    [
      'a leg of nothing',
      [
        {
          do: 'transfer',
          kind: 'accrual',
          unit: 'PTS',
          legs: [
            { account: 'program', amount: 0n },
            { account: 'redeemed', amount: 0n },
          ],
        },
      ],
    ],
    ['a transfer between units', [move('bank', 'member:anna', 1n)]],
    ['a hold in another unit', [{ ...hold('fund', 1n), account: 'member:anna' } as Line]],
    ['a hold of nothing', [hold('member:anna', 0n)]],
    ['a hold of less than nothing', [hold('member:anna', -1n)]],
    ['a post to another account than was held for', [post('open', 'member:anna', 'program')]],
    ['a release for another account', [release('open', 'member:locked')]],
  ])('%s is a bug of the caller and changes nothing', (_what, lines) => {
    const books = newBooks()
    expect(() => decide(books, { key: 'k', lines })).toThrow(/^bug/)
    expect(books).toEqual(newBooks())
  })

  test('posting moves exactly what was held, numbers the entries and carries the balance on', () => {
    const books = newBooks()
    const { transfers } = decide(books, { key: 'k', lines: [post('open')] })
    expect(transfers).toEqual([
      {
        kind: 'redemption',
        unit: 'PTS',
        amount: 30n,
        memo: null,
        holdId: 'open',
        entries: [
          { accountId: 'member:anna', number: 5n, amount: -30n, balanceAfter: 70n },
          { accountId: 'redeemed', number: 1n, amount: 30n, balanceAfter: 30n },
        ],
      },
    ])
    expect(books.accounts.get('member:anna')).toMatchObject({ balance: 70n, held: 0n, entryCount: 5n })
  })

  test('a second instruction of the same batch sees what the first took', () => {
    const books = newBooks()
    const take = (key: string): Decision => decide(books, { key, lines: [move('member:anna', 'redeemed', 50n)] })
    expect([take('first'), take('second')].map((decision) => decision.answer.answer)).toEqual(['done', 'not_enough_available'])
  })

  test('a key gives its answer again, whether it was done or refused, and belongs to its lines', () => {
    const books = newBooks()
    const [done, refused]: Instruction[] = [
      { key: 'done', lines: [move('member:anna', 'redeemed', 70n)] },
      { key: 'refused', lines: [move('member:anna', 'redeemed', 1n)] },
    ]
    expect(decide(books, done as Instruction).answer.answer).toBe('done')
    expect(decide(books, refused as Instruction).answer.answer).toBe('not_enough_available')
    const after = [...books.accounts.values()]
    decide(books, { key: 'more', lines: [move('program', 'member:anna', 10n)] })
    expect(decide(books, done as Instruction)).toMatchObject({ answer: { answer: 'done' }, replayed: true, transfers: [] })
    expect(decide(books, refused as Instruction)).toMatchObject({
      answer: { answer: 'not_enough_available', detail: 'member:anna' },
      replayed: true,
    })
    expect(decide(books, { key: 'done', lines: (refused as Instruction).lines })).toMatchObject({
      answer: { answer: 'key_reused' },
      replayed: true,
    })
    expect(after.find((each) => each.id === 'member:anna')).toMatchObject({ balance: 30n })
  })

  test("a hold's own id is no part of what is asked for; everything else is", () => {
    const print = (line: Line): string => fingerprint({ key: 'k', lines: [line] })
    const line = hold('member:anna', 10n) as Extract<Line, { do: 'hold' }>
    expect(print({ ...line, holdId: 'drawn again' })).toBe(print(line))
    for (const other of [
      { ...line, amount: money(11n, 'PTS') },
      { ...line, to: 'program' },
      { ...line, account: 'member:b' },
      { ...line, leaving: 5n },
    ])
      expect(print(other)).not.toBe(print(line))
    expect(print(post('a'))).not.toBe(print(post('b')))
    expect(print(post('a'))).not.toBe(print(release('a')))
  })
})

const emptyBooks = (): Books => ({
  accounts: new Map(OPENED.map((id) => [id, account(id, { minAvailable: hasLimit(id) ? 0n : null })])),
  holds: new Map(),
  answers: new Map(),
})

/** What every decision must leave behind, whatever was asked. */
function expectInvariants(books: Books, decisions: readonly Decision[]): void {
  let total = 0n
  for (const { id, balance, held, minAvailable, entryCount } of books.accounts.values()) {
    const entries = decisions.flatMap((decision) =>
      decision.transfers.flatMap((moved) => moved.entries.filter((entry) => entry.accountId === id)),
    )
    let [sum, number] = [0n, 0n]
    for (const entry of entries) {
      sum += entry.amount
      number += 1n
      expect(entry).toMatchObject({ number, balanceAfter: sum })
    }
    expect({ id, balance, entryCount }).toEqual({ id, balance: sum, entryCount: number })
    const open = [...books.holds.values()].filter((each) => each.account === id && !each.resolved)
    expect(held).toBe(open.reduce((held, each) => held + each.amount, 0n))
    if (minAvailable !== null) expect(balance - held).toBeGreaterThanOrEqual(minAvailable)
    total += balance
  }
  expect(total).toBe(0n)
}

test(`random instructions keep every invariant and are answered as by a naive model (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(stepWish, { minLength: 20, maxLength: 60 }), (wishes) => {
      const [books, model] = [emptyBooks(), new NaiveBooks()]
      const decisions: Decision[] = []
      for (const step of toSteps(wishes)) {
        if (step.step === 'lock') {
          books.accounts.set(step.account, { ...(books.accounts.get(step.account) as AccountState), locked: step.locked })
          model.lock(step.account, step.locked)
          continue
        }
        const decision = decide(books, step.instruction)
        expect({ answer: decision.answer.answer, replayed: decision.replayed }).toEqual(model.submit(step.instruction))
        decisions.push(decision)
      }
      expectInvariants(books, decisions)
    }),
    { seed: SEED, numRuns: 100 },
  )
})

describe.each(ENGINES)('the ledger on %s', (engine) => {
  test(`answers random instructions as the naive model does, many in a batch (SEED=${SEED})`, async () => {
    const books = await makeBooks(engine)
    await books.db.transaction((tx) =>
      openAccounts(
        tx,
        OPENED.map((id) => ({ id, unit: 'PTS', minAvailable: hasLimit(id) ? 0n : null })),
        new Date(),
      ),
    )
    const model = new NaiveBooks()
    const [wishes = []] = fc.sample(fc.array(stepWish, { minLength: 300, maxLength: 300, size: 'max' }), { seed: SEED, numRuns: 1 })
    const answers: { real: Promise<unknown>; right: unknown }[] = []
    const settle = async (): Promise<void> => {
      for (const { real, right } of answers.splice(0)) expect(await real).toEqual(right)
    }
    for (const step of toSteps(wishes)) {
      if (step.step === 'lock' || answers.length === 25) await settle()
      if (step.step === 'lock') {
        await books.db.transaction((tx) => lockAccount(tx, step.account, step.locked))
        model.lock(step.account, step.locked)
        continue
      }
      const real = books.ledger.submit(step.instruction).then(
        ({ replayed }) => ({ answer: 'done', replayed }),
        (error: unknown) => (error as Refusal).code,
      )
      const { answer, replayed } = model.submit(step.instruction)
      answers.push({ real, right: answer === 'done' ? { answer, replayed } : answer })
    }
    await settle()
    for (const id of OPENED) {
      expect(await readAccount(books.db, id)).toMatchObject({
        balance: model.balance(id),
        held: model.held(id),
        entryCount: BigInt(model.entries(id)),
      })
    }
    await books.ledger.idle()
    expect(await verifyLedger(books.db)).toEqual([])
    await books.close()
  })
})
