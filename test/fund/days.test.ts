import { randomUUID } from 'node:crypto'
import { allFundMovements, closeFundDays, depositFund, listFundMovements, readFundOutlook, readFundPicture, setFloor } from '../../src/fund'
import type { FundDeps, FundMovement } from '../../src/fund'
import { ACCOUNTS, createLedger, entryNumberBefore, transfer, verifyLedger } from '../../src/ledger'
import type { TransferKind } from '../../src/ledger'
import type { Author } from '../../src/shared/actor'
import { MINUTE } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { parseMoney, parseRate, toDecimal } from '../../src/shared/money'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const ZONE = 'Europe/Moscow'
const actor: Author = { kind: 'system', name: 'test' }
const roubles = (text: string) => parseMoney(text, 'RUB')

/** Moscow is three hours ahead of Greenwich: the days begin at 21:00. 2026-11-16 is a Monday. */
const moscow = (text: string): Date => new Date(`${text}+03:00`)

describe.each(ENGINES)('the days of the fund on %s', (engine) => {
  let database: TestDatabase
  let deps: FundDeps
  let now: Date

  beforeAll(async () => {
    database = await makeDatabase(engine)
    const clock = { now: () => now }
    const [db, log] = [database.open(), createLog('silent')]
    deps = { db, clock, log, ledger: createLedger({ db, clock, log }) }
    await threeDays()
  })
  afterAll(async () => {
    await deps.ledger.idle()
    expect(await verifyLedger(deps.db)).toEqual([])
    await database.drop()
  })

  const move = (kind: TransferKind, from: string, to: string, amount: string, unit: 'RUB' | 'PTS' = 'RUB') =>
    deps.ledger.submit({
      key: randomUUID(),
      reference: `ref-${amount}`,
      lines: [transfer({ kind, from, to, amount: parseMoney(amount, unit) })],
    })
  const deposit = (amount: string) => depositFund(deps, { amount: roubles(amount), reason: `Order ${amount}`, key: randomUUID(), actor })
  const pay = (amount: string) => move('fund_payment', ACCOUNTS.fund, ACCOUNTS.paid, amount)
  const at = (text: string): void => {
    now = moscow(text)
  }
  const days = () => deps.db('fund_days').orderBy('day').select('day', 'opening', 'deposited', 'returned', 'spent', 'closing')
  const picture = () => readFundPicture(deps.db, { now, zone: ZONE, rate: parseRate('1') })
  const listed = async (filter: Parameters<typeof listFundMovements>[1]) =>
    (await listFundMovements(deps.db, filter)).map(({ kind, amount }) => `${String(kind)} ${toDecimal(amount.minor)}`)

  /** Three days: 1000 in, 10 a day out; a cancelled payment and a correction on the second. */
  async function threeDays(): Promise<void> {
    at('2026-11-16T12:00:00')
    await deposit('1000.00')
    await pay('10.00')
    at('2026-11-17T00:00:00')
    await pay('20.00')
    await move('reversal', ACCOUNTS.paid, ACCOUNTS.fund, '10.00')
    await move('suspense', ACCOUNTS.fund, ACCOUNTS.suspense, '0.50')
    at('2026-11-18T23:59:59')
    await pay('30.00')
    await move('suspense', ACCOUNTS.suspense, ACCOUNTS.fund, '0.25')
  }

  test('where a day is cut does not depend on how many entries there are', async () => {
    const cuts = ['2026-11-15T00:00:00', '2026-11-16T12:00:01', '2026-11-17T00:00:00', '2026-11-17T00:00:01', '2026-12-01T00:00:00']
    expect(await Promise.all(cuts.map((cut) => entryNumberBefore(deps.db, ACCOUNTS.fund, moscow(cut))))).toEqual([0n, 2n, 2n, 5n, 7n])
  })

  test('movements are listed newest first, by kind and by day, page by page, with the reason where a person gave one', async () => {
    const all = [
      'correction 0.25',
      'payment -30.00',
      'correction -0.50',
      'return 10.00',
      'payment -20.00',
      'payment -10.00',
      'deposit 1000.00',
    ]
    expect(await listed({ limit: 50 })).toEqual(all)
    expect(await listed({ kind: 'deposit', limit: 50 })).toEqual(['deposit 1000.00'])
    expect(await listed({ kind: 'payment', limit: 50 })).toEqual(['payment -30.00', 'payment -20.00', 'payment -10.00'])
    expect(await listed({ kind: 'return', limit: 50 })).toEqual(['return 10.00'])
    expect(await listed({ kind: 'correction', limit: 50 })).toEqual(['correction 0.25', 'correction -0.50'])
    const tuesday = { from: moscow('2026-11-17T00:00:00'), to: moscow('2026-11-18T00:00:00') }
    expect(await listed({ ...tuesday, limit: 50 })).toEqual(all.slice(2, 5))
    expect(await listed({ ...tuesday, kind: 'correction', limit: 50 })).toEqual(['correction -0.50'])

    const pages: FundMovement[][] = []
    for await (const page of allFundMovements(deps.db, {}, 3)) pages.push(page)
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1])
    expect(
      pages
        .flat()
        .map(({ reason }) => reason)
        .filter(Boolean),
    ).toEqual(['Order 1000.00'])
    expect(pages.flat().map(({ balanceAfter }) => toDecimal(balanceAfter.minor))).toEqual([
      '949.75',
      '949.50',
      '979.50',
      '980.00',
      '970.00',
      '990.00',
      '1000.00',
    ])
    expect(pages.flat()[1]).toMatchObject({ reference: 'ref-30.00', at: moscow('2026-11-18T23:59:59') })
  })

  test('the outlook counts today up to now, whether yesterday is written down yet or not', async () => {
    expect((await picture()).days).toMatchObject([{ day: '2026-11-18', opening: 97_950n, returned: 25n, spent: 3_000n, closing: 94_975n }])
    at('2026-11-19T00:01:00')
    expect((await picture()).days).toMatchObject([{ day: '2026-11-19', opening: 94_975n, spent: 0n, closing: 94_975n }])
  })

  test('coverage sets all points of all members against the whole fund, without adding members up', async () => {
    await deps.db('ledger_accounts').insert(
      ['a', 'b'].map((id) => ({
        id: `member:${id}`,
        unit: 'PTS',
        balance: 0,
        held: 0,
        min_available: 0,
        entry_count: 0,
        locked: 0,
        created_at: now.toISOString(),
      })),
    )
    await move('accrual', ACCOUNTS.program, 'member:a', '300.00', 'PTS')
    await move('accrual', ACCOUNTS.program, 'member:b', '200.01', 'PTS')
    await move('redemption', 'member:a', ACCOUNTS.redeemed, '100.00', 'PTS')
    await setFloor(deps, { amount: roubles('40'), reason: 'test', actor })
    const { coverage, available, floor, advice } = await readFundOutlook(deps.db, { now, zone: ZONE, rate: parseRate('2') })
    expect(coverage).toEqual({
      outstanding: parseMoney('400.01', 'PTS'),
      worth: roubles('200.01'),
      balance: roubles('949.75'),
      percent: 474,
    })
    expect([available, floor, advice]).toEqual([roubles('949.75'), roubles('40.00'), null])
  })

  test('each day is written down once it is over, in the operator’s zone, and adds up', async () => {
    at('2026-11-19T00:05:00')
    expect(await closeFundDays(deps, ZONE)).toBe(2)
    at('2026-11-19T00:10:00')
    expect(await Promise.all([closeFundDays(deps, ZONE), closeFundDays(deps, ZONE)])).toEqual([1, 1])
    expect(await closeFundDays(deps, ZONE)).toBe(0)
    expect(await days()).toEqual([
      { day: '2026-11-16', opening: 0n, deposited: 100_000n, returned: 0n, spent: 1_000n, closing: 99_000n },
      { day: '2026-11-17', opening: 99_000n, deposited: 0n, returned: 1_000n, spent: 2_050n, closing: 97_950n },
      { day: '2026-11-18', opening: 97_950n, deposited: 0n, returned: 25n, spent: 3_000n, closing: 94_975n },
    ])
  })

  test('what a weekday costs is known from then on', async () => {
    at('2026-11-19T12:00:00')
    await pay('1.00')
    const { days: all, burn, runwayDays } = await picture()
    expect(all.map(({ day, spent }) => [day, spent])).toEqual([
      ['2026-11-16', 1_000n],
      ['2026-11-17', 2_050n],
      ['2026-11-18', 3_000n],
      ['2026-11-19', 100n],
    ])
    // Monday to Wednesday as they were; the other weekdays their average: (10.00 + 10.50 + 29.75) / 3.
    expect(burn).toEqual([1_000n, 1_050n, 2_975n, 1_675n, 1_675n, 1_675n, 1_675n])
    expect(runwayDays).toBe(56)
  })

  test('a movement that is written while the list is read through does not disturb it', async () => {
    const seen: string[] = []
    for await (const page of allFundMovements(deps.db, {}, 2)) {
      seen.push(...page.map(({ cursor }) => String(cursor)))
      now = new Date(now.getTime() + MINUTE)
      await pay('1.00')
    }
    expect(seen).toEqual(['8', '7', '6', '5', '4', '3', '2', '1'])
  })
  test('days without movements are written too, and a job that stood still catches up', async () => {
    at('2026-11-25T12:00:00')
    expect(await closeFundDays(deps, ZONE)).toBe(6)
    expect((await days()).at(-1)).toMatchObject({ day: '2026-11-24', opening: 94_475n, spent: 0n, closing: 94_475n })
  })

  test('a long history is not read: the first run begins nine weeks back, with what there was then', async () => {
    const other = await makeDatabase(engine)
    const db = other.open()
    const ledger = createLedger({ ...deps, db })
    at('2026-01-01T12:00:00')
    await depositFund({ ...deps, db, ledger }, { amount: roubles('500.00'), reason: 'test', key: randomUUID(), actor })
    at('2026-11-17T12:00:00')
    expect(await closeFundDays({ ...deps, db }, ZONE)).toBe(63)
    expect(await db('fund_days').orderBy('day').first()).toMatchObject({ day: '2026-09-15', opening: 50_000n, deposited: 0n, spent: 0n })
    await ledger.idle()
    await other.drop()
  })
})
