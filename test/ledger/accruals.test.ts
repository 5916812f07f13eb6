import { randomUUID } from 'node:crypto'
import { ACCOUNTS, memberAccount, openAccounts, readAccount, verifyLedger } from '../../src/ledger'
import type { BulkCredit } from '../../src/ledger'
import { asInstruction, fingerprintOf } from '../../src/ledger/credit-many'
import { fingerprint } from '../../src/ledger/instructions'
import { ENGINES } from '../support/databases'
import { makeBooks, spend } from './books'
import type { Books } from './books'

const creditOf = (accounts: readonly string[], more: Partial<BulkCredit> = {}): BulkCredit => ({
  key: randomUUID(),
  reference: 'accrual:test',
  kind: 'accrual',
  unit: 'PTS',
  from: ACCOUNTS.program,
  to: [...accounts].sort().map((account, index) => ({ account, amount: BigInt(index + 1) * 100n })),
  companions: [],
  ...more,
})

test('a credit has the fingerprint of the same instruction, so that either door knows what the other answered', () => {
  const credit = creditOf([memberAccount(randomUUID()), memberAccount(randomUUID()), memberAccount(randomUUID())])
  expect(fingerprintOf(credit)).toBe(fingerprint(asInstruction(credit)))
})

describe.each(ENGINES)('a credit of many accounts on %s', (engine) => {
  let books: Books

  beforeAll(async () => {
    books = await makeBooks(engine)
  })
  afterEach(async () => {
    await books.ledger.idle()
    expect(await verifyLedger(books.db)).toEqual([])
  })
  afterAll(() => books.close())

  const openSome = (count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, () => books.open(5n)))
  const carryOut = async (credit: BulkCredit): Promise<{ replayed: boolean }> => (await books.ledger.openCredit(credit)).close()
  const balances = async (accounts: readonly string[]): Promise<bigint[]> =>
    Promise.all([...accounts].sort().map(async (account) => (await readAccount(books.db, account)).balance))
  const rowsOf = async (key: string): Promise<number> => (await books.db('ledger_instructions').where({ key })).length

  test('everybody gets theirs, the giver gives the sum, and each has the entry', async () => {
    const accounts = await openSome(3)
    const before = (await readAccount(books.db, ACCOUNTS.program)).balance
    const credit = creditOf(accounts)
    expect(await carryOut(credit)).toEqual({ replayed: false })
    expect(await balances(accounts)).toEqual([105n, 205n, 305n])
    expect((await readAccount(books.db, ACCOUNTS.program)).balance).toBe(before - 600n)
    const entries = books
      .db('ledger_entries as e')
      .join('ledger_transfers as t', 't.id', 'e.transfer_id')
      .where('t.instruction_key', credit.key)
    expect(await entries.orderBy('e.account_id').select('e.account_id', 'e.number', 'e.amount', 'e.balance_after')).toEqual([
      ...[...accounts].sort().map((account_id, index) => {
        const amount = BigInt(index + 1) * 100n
        return { account_id, number: 2n, amount, balance_after: amount + 5n }
      }),
      expect.objectContaining({ account_id: ACCOUNTS.program, amount: -600n }),
    ])
  })

  test('the same key again has no second effect, by either door; with another amount it is refused', async () => {
    const accounts = await openSome(2)
    const credit = creditOf(accounts)
    await carryOut(credit)
    expect(await carryOut(credit)).toEqual({ replayed: true })
    expect(await books.ledger.submit(asInstruction(credit))).toEqual({ replayed: true })
    const other = { ...credit, to: credit.to.map(({ account }) => ({ account, amount: 7n })) }
    await expect(carryOut(other)).rejects.toMatchObject({ code: 'key_reused' })
    expect(await balances(accounts)).toEqual([105n, 205n])
  })

  test('what the other door wrote first is known', async () => {
    const credit = creditOf(await openSome(2))
    await books.ledger.submit(asInstruction(credit))
    expect(await carryOut(credit)).toEqual({ replayed: true })
  })

  test('one that is cancelled leaves nothing, and can be carried out afterwards', async () => {
    const accounts = await openSome(2)
    const credit = creditOf(accounts)
    await (await books.ledger.openCredit(credit)).cancel()
    expect(await balances(accounts)).toEqual([5n, 5n])
    expect(await rowsOf(credit.key)).toBe(0)
    expect(await carryOut(credit)).toEqual({ replayed: false })
  })

  test('the next is begun while the first is open, and they are closed one after the other', async () => {
    const [a, b] = [(await openSome(3)).sort(), (await openSome(3)).sort()]
    const first = await books.ledger.openCredit(creditOf(a))
    const second = await books.ledger.openCredit(creditOf(b))
    await first.close()
    expect(await balances(b)).toEqual([5n, 5n, 5n])
    await second.close()
    expect([await balances(a), await balances(b)]).toEqual([
      [105n, 205n, 305n],
      [105n, 205n, 305n],
    ])
  })

  test('members who spend at the same time lose nothing, and the programme may be credited by several at once', async () => {
    const accounts = await openSome(4)
    const spending = accounts.map((account) => books.another().ledger.submit(spend(account, 5n)))
    const crediting = [1, 2, 3].map(() => carryOut(creditOf(accounts)))
    await Promise.all([...spending, ...crediting])
    expect(await balances(accounts)).toEqual([300n, 600n, 900n, 1_200n])
  })

  test('nobody is credited when one account does not exist or is kept in another unit', async () => {
    const accounts = await openSome(2)
    await books.db.transaction((tx) => openAccounts(tx, [{ id: 'member:0-roubles', unit: 'RUB', minAvailable: 0n }], new Date()))
    for (const stranger of [memberAccount(randomUUID()), 'member:0-roubles'])
      await expect(carryOut(creditOf([...accounts, stranger]))).rejects.toThrow(/account_unknown|kept in RUB/)
    expect(await balances(accounts)).toEqual([5n, 5n])
  })
})

describe('a caller that is wrong is told so before anything happens', () => {
  let books: Books

  beforeAll(async () => {
    books = await makeBooks('postgres')
  })
  afterAll(() => books.close())

  test.each<[string, Partial<BulkCredit>]>([
    ['nobody gets anything', { to: [] }],
    ['nothing', { to: [{ account: 'member:a', amount: 0n }] }],
    ['less than nothing', { to: [{ account: 'member:a', amount: -1n }] }],
    ['twice the same', { to: ['member:a', 'member:a'].map((account) => ({ account, amount: 1n })) }],
    ['in no order', { to: ['member:b', 'member:a'].map((account) => ({ account, amount: 1n })) }],
    ['a giver before those who receive', { from: 'bank', to: [{ account: 'member:a', amount: 1n }] }],
    ['a name that ends the list', { to: [{ account: 'member:a},{b', amount: 1n }] }],
    ['a name with a quote', { to: [{ account: 'member:a"', amount: 1n }] }],
    ['more than any amount', { to: [{ account: 'member:a', amount: 9_007_199_254_740_992n }] }],
    ['a key too long', { key: 'x'.repeat(201), to: [{ account: 'member:a', amount: 1n }] }],
  ])('%s', async (_what, change) => {
    await expect(books.ledger.openCredit(creditOf([], change))).rejects.toThrow(/^bug: /)
    expect(await books.db('ledger_batches')).toEqual([])
  })
})
