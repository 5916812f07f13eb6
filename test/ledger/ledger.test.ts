import { randomUUID } from 'node:crypto'
import {
  ACCOUNTS,
  companion,
  createLedger,
  lockAccount,
  memberAccount,
  openAccounts,
  readAccount,
  readEntries,
  setMinAvailable,
  transfer,
  verifyLedger,
} from '../../src/ledger'
import type { Instruction, Ledger } from '../../src/ledger'
import { systemClock } from '../../src/shared/clock'
import { insertRows } from '../../src/shared/statements'
import type { Db, Tx } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { money, parseMoney } from '../../src/shared/money'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const points = (text: string) => parseMoney(text, 'PTS')
const roubles = (text: string) => parseMoney(text, 'RUB')

describe.each(ENGINES)('the ledger on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  let ledger: Ledger

  beforeAll(async () => {
    database = await makeDatabase(engine)
    db = database.open()
    ledger = createLedger({ db, clock: systemClock, log: createLog('silent') })
  })
  afterEach(async () => {
    await ledger.idle()
    expect(await verifyLedger(db)).toEqual([])
  })
  afterAll(() => database.drop())

  async function openMember(opening: string): Promise<string> {
    const account = memberAccount(randomUUID())
    await db.transaction((tx) => openAccounts(tx, [{ id: account, unit: 'PTS', minAvailable: 0n }], new Date()))
    const credit = transfer({ kind: 'adjustment', from: ACCOUNTS.program, to: account, amount: points(opening) })
    await ledger.submit({ key: randomUUID(), lines: [credit] })
    return account
  }
  const spend = (account: string, amount: string): Instruction => ({
    key: randomUUID(),
    lines: [transfer({ kind: 'redemption', from: account, to: ACCOUNTS.redeemed, amount: points(amount) })],
  })
  const hold = (account: string, amount: string, holdId: string = randomUUID()) =>
    ({ do: 'hold', holdId, account, to: ACCOUNTS.redeemed, amount: points(amount) }) as const

  test('a transfer leaves one account, arrives on the other and stands on both statements', async () => {
    const anna = await openMember('500.00')
    await ledger.submit(spend(anna, '196.58'))
    expect(await readAccount(db, anna)).toMatchObject({ balance: 30342n, held: 0n, available: 30342n, entryCount: 2n })
    expect(await readEntries(db, anna, { limit: 10, newestFirst: true })).toMatchObject([
      { number: 2n, amount: -19658n, balanceAfter: 30342n, kind: 'redemption' },
      { number: 1n, amount: 50000n, balanceAfter: 50000n, kind: 'adjustment' },
    ])
    expect(await readEntries(db, anna, { limit: 10, upTo: 1n })).toHaveLength(1)
  })

  test('a hold reserves, posting it pays exactly what was held, and it is resolved once', async () => {
    const anna = await openMember('100.00')
    const line = hold(anna, '60.00')
    await ledger.submit({ key: randomUUID(), lines: [line] })
    expect(await readAccount(db, anna)).toMatchObject({ balance: 10000n, held: 6000n, available: 4000n })
    await expect(ledger.submit(spend(anna, '40.01'))).rejects.toMatchObject({ code: 'not_enough_available', detail: anna })

    const post = { do: 'post', holdId: line.holdId, account: anna, to: ACCOUNTS.redeemed, kind: 'redemption' } as const
    await ledger.submit({ key: randomUUID(), lines: [post] })
    expect(await readAccount(db, anna)).toMatchObject({ balance: 4000n, held: 0n })
    await expect(ledger.submit({ key: randomUUID(), lines: [post] })).rejects.toMatchObject({ code: 'hold_already_resolved' })
    const release = { do: 'release', holdId: line.holdId, account: anna, to: ACCOUNTS.redeemed } as const
    await expect(ledger.submit({ key: randomUUID(), lines: [release] })).rejects.toMatchObject({ code: 'hold_already_resolved' })
    await expect(ledger.submit({ key: randomUUID(), lines: [{ ...release, holdId: randomUUID() }] })).rejects.toMatchObject({
      code: 'hold_unknown',
    })
  })

  test('a released hold gives everything back', async () => {
    const anna = await openMember('100.00')
    const line = hold(anna, '100.00')
    await ledger.submit({ key: randomUUID(), lines: [line] })
    await ledger.submit({ key: randomUUID(), lines: [{ do: 'release', holdId: line.holdId, account: anna, to: ACCOUNTS.redeemed }] })
    expect(await readAccount(db, anna)).toMatchObject({ balance: 10000n, held: 0n })
  })

  test('when the second of two holds fails, the first is not placed either', async () => {
    const anna = await openMember('100.00')
    const fundHold = {
      do: 'hold',
      holdId: randomUUID(),
      account: ACCOUNTS.fund,
      to: ACCOUNTS.paid,
      amount: roubles('100000000.00'),
    } as const
    await expect(ledger.submit({ key: randomUUID(), lines: [hold(anna, '10.00'), fundHold] })).rejects.toMatchObject({
      code: 'not_enough_available',
      detail: ACCOUNTS.fund,
    })
    expect(await readAccount(db, anna)).toMatchObject({ held: 0n })
    expect(await readAccount(db, ACCOUNTS.fund)).toMatchObject({ held: 0n })
  })

  test('a hold may be asked to leave something: the part of the fund that is kept for buyers', async () => {
    await ledger.submit({
      key: randomUUID(),
      lines: [transfer({ kind: 'fund_deposit', from: ACCOUNTS.bank, to: ACCOUNTS.fund, amount: roubles('50.00') })],
    })
    const { available } = await readAccount(db, ACCOUNTS.fund)
    const line = (leaving: bigint) =>
      ({ do: 'hold', holdId: randomUUID(), account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: roubles('10.00'), leaving }) as const
    await expect(ledger.submit({ key: randomUUID(), lines: [line(available - 999n)] })).rejects.toMatchObject({
      code: 'not_enough_available',
    })
    await ledger.submit({ key: randomUUID(), lines: [line(available - 1000n)] })
  })

  test('the overdraft of the fund can be widened, but not below where the fund stands', async () => {
    await db.transaction((tx) => setMinAvailable(tx, ACCOUNTS.fund, -1000n))
    expect(await readAccount(db, ACCOUNTS.fund)).toMatchObject({ minAvailable: -1000n })
    const { available } = await readAccount(db, ACCOUNTS.fund)
    await expect(db.transaction((tx) => setMinAvailable(tx, ACCOUNTS.fund, available + 1n))).rejects.toMatchObject({
      code: 'not_enough_available',
    })
  })

  test('a locked account refuses a new hold and lets an open one be resolved', async () => {
    const vera = await openMember('100.00')
    const line = hold(vera, '30.00')
    await ledger.submit({ key: randomUUID(), lines: [line] })
    await db.transaction((tx) => lockAccount(tx, vera, true))
    await expect(ledger.submit({ key: randomUUID(), lines: [hold(vera, '1.00')] })).rejects.toMatchObject({ code: 'account_locked' })
    await ledger.submit({
      key: randomUUID(),
      lines: [{ do: 'post', holdId: line.holdId, account: vera, to: ACCOUNTS.redeemed, kind: 'redemption' }],
    })
    expect(await readAccount(db, vera)).toMatchObject({ balance: 7000n, held: 0n })
  })

  test('the same key gives the same answer and one effect, in series and at once; with other lines it is refused', async () => {
    const anna = await openMember('100.00')
    const once = spend(anna, '10.00')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ledger.submit(once)))
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1)
    expect(await ledger.submit(once)).toEqual({ replayed: true })
    expect(await readAccount(db, anna)).toMatchObject({ balance: 9000n })
    await expect(ledger.submit({ ...spend(anna, '11.00'), key: once.key })).rejects.toMatchObject({ code: 'key_reused' })
  })

  test('a refusal is remembered: the key that was refused stays refused although money has come', async () => {
    const anna = await openMember('10.00')
    const tooMuch = spend(anna, '20.00')
    await expect(ledger.submit(tooMuch)).rejects.toMatchObject({ code: 'not_enough_available' })
    await ledger.submit({
      key: randomUUID(),
      lines: [transfer({ kind: 'accrual', from: ACCOUNTS.program, to: anna, amount: points('90.00') })],
    })
    await expect(ledger.submit(tooMuch)).rejects.toMatchObject({ code: 'not_enough_available' })
    expect(await readAccount(db, anna)).toMatchObject({ balance: 10000n })
  })

  test('fifty at once against a balance for twenty: twenty happen, and the balance is exactly used up', async () => {
    const anna = await openMember('20.00')
    const other = createLedger({ db: database.open(), clock: systemClock, log: createLog('silent') })
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => (n % 2 ? ledger : other).submit(spend(anna, '1.00'))))
    await other.idle()
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(20)
    expect(await readAccount(db, anna)).toMatchObject({ balance: 0n })
  })

  test('transfers that cross each other on two pools do not deadlock', async () => {
    const [anna, boris] = [await openMember('100.00'), await openMember('100.00')]
    const other = createLedger({ db: database.open(), clock: systemClock, log: createLog('silent') })
    const pay = (from: string, to: string): Instruction => ({
      key: randomUUID(),
      lines: [transfer({ kind: 'adjustment', from, to, amount: points('1.00') })],
    })
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? ledger.submit(pay(anna, boris)) : other.submit(pay(boris, anna)))))
    await other.idle()
    expect(await readAccount(db, anna)).toMatchObject({ balance: 10000n })
  })

  test('many legs in one transfer: a whole accrual is one journal', async () => {
    const members = await Promise.all(['1.00', '1.00', '1.00'].map((opening) => openMember(opening)))
    const legs = [{ account: ACCOUNTS.program, amount: -600n }, ...members.map((account) => ({ account, amount: 200n }))]
    await ledger.submit({ key: randomUUID(), lines: [{ do: 'transfer', kind: 'accrual', unit: 'PTS', legs }] })
    for (const account of members) expect(await readAccount(db, account)).toMatchObject({ balance: 300n })
  })

  test("a companion's rows commit with the lines or not at all, and its failure harms no neighbour", async () => {
    const anna = await openMember('10.00')
    const table = `companions_${randomUUID().slice(0, 8)}`
    await db.raw(`create table ${table} (id varchar(36) primary key)`)
    const write = (tx: Tx, rows: readonly { id: string }[]) => insertRows(tx, table, rows)
    const [first, second] = [randomUUID(), randomUUID()]
    const results = await Promise.allSettled([
      ledger.submit({ ...spend(anna, '1.00'), companions: [companion(write, { id: first })] }),
      ledger.submit({ ...spend(anna, '2.00'), companions: [companion(write, { id: first })] }),
      ledger.submit({ ...spend(anna, '3.00'), companions: [companion(write, { id: second })] }),
      ledger.submit({ ...spend(anna, '99.00'), companions: [companion(write, { id: randomUUID() })] }),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect(await db(table).select('id').orderBy('id')).toEqual([first, second].sort().map((id) => ({ id })))
    expect(await readAccount(db, anna)).toMatchObject({ balance: 600n })
    await db.raw(`drop table ${table}`)
  })

  test('legs that do not balance are a bug, not a refusal', async () => {
    const anna = await openMember('10.00')
    const lopsided = {
      do: 'transfer',
      kind: 'accrual',
      unit: 'PTS',
      legs: [
        { account: anna, amount: 1n },
        { account: ACCOUNTS.program, amount: -2n },
      ],
    } as const
    await expect(ledger.submit({ key: randomUUID(), lines: [lopsided] })).rejects.toThrow('bug')
    const mixed = transfer({ kind: 'accrual', from: ACCOUNTS.bank, to: anna, amount: money(100n, 'PTS') })
    await expect(ledger.submit({ key: randomUUID(), lines: [mixed] })).rejects.toThrow('bug')
  })
})
