import { randomUUID } from 'node:crypto'
import {
  addThreshold,
  depositFund,
  listThresholds,
  readFund,
  readFundFloor,
  removeThreshold,
  setFloor,
  setOverdraft,
  showFund,
} from '../../src/fund'
import type { FundDeps } from '../../src/fund'
import { ACCOUNTS, createLedger, verifyLedger } from '../../src/ledger'
import type { Author } from '../../src/shared/actor'
import { systemClock } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { parseMoney } from '../../src/shared/money'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const roubles = (text: string) => parseMoney(text, 'RUB')
const actor: Author = { kind: 'system', name: 'test' }
const reason = 'Payment order 17'

describe.each(ENGINES)('the guarantee fund on %s', (engine) => {
  let database: TestDatabase
  let deps: FundDeps

  beforeEach(async () => {
    database = await makeDatabase(engine)
    const [db, log] = [database.open(), createLog('silent')]
    deps = { db, clock: systemClock, log, ledger: createLedger({ db, clock: systemClock, log }) }
  })
  afterEach(async () => {
    await deps.ledger.idle()
    expect(await verifyLedger(deps.db)).toEqual([])
    await database.drop()
  })

  const deposit = (amount: string, key: string = randomUUID()) => depositFund(deps, { amount: roubles(amount), reason, key, actor })
  const holdOf = (amount: string) => {
    const line = { do: 'hold', holdId: randomUUID(), account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: roubles(amount) } as const
    return deps.ledger.submit({ key: randomUUID(), lines: [line] })
  }
  const audited = () =>
    deps.db('audit_log').where({ subject: 'fund' }).orderBy('id').select('action', 'reason', 'before', 'after', 'actor') as Promise<
      unknown[]
    >

  test('it starts empty, without floor and overdraft', async () => {
    expect(await showFund(deps.db)).toEqual({ balance: '0.00', held: '0.00', available: '0.00', floor: '0.00', overdraft: '0.00' })
  })

  test('a deposit is written once per key, with one audit row', async () => {
    const key = randomUUID()
    const answers = [await deposit('1000000.00', key), ...(await Promise.all([deposit('1000000.00', key), deposit('1000000.00', key)]))]
    expect(answers.map(({ replayed }) => replayed)).toEqual([false, true, true])
    await expect(deposit('2000000.00', key)).rejects.toMatchObject({ code: 'key_reused' })
    expect(await readFund(deps.db)).toMatchObject({ balance: roubles('1000000.00'), available: roubles('1000000.00') })
    expect(await audited()).toEqual([
      { action: 'fund_deposited', reason, before: null, after: '{"deposited":"1000000.00"}', actor: 'system:test' },
    ])
  })

  test('the fund pays down to its overdraft and not a kopeck further', async () => {
    await deposit('100.00')
    await setOverdraft(deps, { amount: roubles('50.00'), reason, actor })
    await holdOf('149.99')
    await expect(holdOf('0.02')).rejects.toMatchObject({ code: 'not_enough_available' })
    expect(await showFund(deps.db)).toEqual({ balance: '100.00', held: '149.99', available: '-49.99', floor: '0.00', overdraft: '50.00' })
    await expect(setOverdraft(deps, { amount: roubles('49.98'), reason, actor })).rejects.toMatchObject({
      code: 'not_enough_available',
      detail: 'fund',
    })
    await setOverdraft(deps, { amount: roubles('49.99'), reason, actor })
    expect((await audited()).slice(1)).toMatchObject([
      { action: 'fund_overdraft_set', before: '{"overdraft":"0.00"}', after: '{"overdraft":"50.00"}' },
      { action: 'fund_overdraft_set', before: '{"overdraft":"50.00"}', after: '{"overdraft":"49.99"}' },
    ])
  })

  test('the floor may be set above the balance, and each change tells what it was', async () => {
    await setFloor(deps, { amount: roubles('500.00'), reason, actor })
    await setFloor(deps, { amount: roubles('0'), reason, actor })
    await setFloor(deps, { amount: roubles('750.50'), reason, actor })
    expect(await readFundFloor(deps.db)).toBe(75050n)
    expect(await audited()).toMatchObject([
      { action: 'fund_floor_set', before: '{"floor":"0.00"}', after: '{"floor":"500.00"}' },
      { before: '{"floor":"500.00"}', after: '{"floor":"0.00"}' },
      { before: '{"floor":"0.00"}', after: '{"floor":"750.50"}' },
    ])
  })

  test('floor and overdraft are set apart from each other, and a floor does not stand in the way of a buyer', async () => {
    await deposit('100.00')
    await setFloor(deps, { amount: roubles('90.00'), reason, actor })
    await setOverdraft(deps, { amount: roubles('10.00'), reason, actor })
    await holdOf('110.00')
    expect(await showFund(deps.db)).toMatchObject({ available: '-10.00', floor: '90.00', overdraft: '10.00' })
    await setFloor(deps, { amount: roubles('0'), reason, actor })
    expect(await showFund(deps.db)).toMatchObject({ floor: '0.00', overdraft: '10.00' })
  })

  test('changes that arrive together form one chain in the audit log', async () => {
    await Promise.all(['1.00', '2.00', '3.00', '4.00'].map((amount) => setFloor(deps, { amount: roubles(amount), reason, actor })))
    const rows = (await audited()) as { before: string; after: string }[]
    const befores = new Set(rows.map(({ before }) => before))
    expect(befores.size).toBe(4)
    expect(rows.filter(({ after }) => !befores.has(after))).toHaveLength(1)
  })

  test.each([
    ['amount', { amount: roubles('0') }],
    ['amount', { amount: roubles('-1') }],
    ['amount', { amount: parseMoney('1', 'PTS') }],
    ['reason', { reason: '' }],
    ['key', { key: 'a b' }],
  ])('a deposit with an odd %s is refused', async (field, change) => {
    const given = { amount: roubles('1'), reason, key: randomUUID(), actor, ...change }
    await expect(depositFund(deps, given)).rejects.toMatchObject({ code: 'bad_input', detail: field })
  })

  test('whoever may not change the fund cannot, whichever way they come', async () => {
    for (const role of ['viewer', 'support', 'approver', 'auditor'] as const) {
      const who: Author = { kind: 'staff', id: randomUUID(), login: role, role }
      const given = { amount: roubles('1'), reason, key: randomUUID(), actor: who }
      for (const change of [depositFund, setFloor, setOverdraft])
        await expect(change(deps, given)).rejects.toMatchObject({ code: 'forbidden', detail: 'fund.change' })
      await expect(addThreshold(deps, { amount: roubles('1'), author: who })).rejects.toMatchObject({ code: 'forbidden' })
      await expect(removeThreshold(deps, { id: randomUUID(), author: who })).rejects.toMatchObject({ code: 'forbidden' })
    }
  })

  test('there are ten thresholds at most, each amount once, none below zero', async () => {
    for (let amount = 1; amount <= 11; amount++) {
      await addThreshold(deps, { amount: roubles(`${Math.max(2, amount)}`), author: actor })
    }
    expect(await listThresholds(deps.db)).toHaveLength(10)
    await expect(addThreshold(deps, { amount: roubles('500'), author: actor })).rejects.toMatchObject({ code: 'bad_input' })
    await expect(addThreshold(deps, { amount: roubles('-1'), author: actor })).rejects.toMatchObject({ code: 'bad_input' })
    await expect(removeThreshold(deps, { id: randomUUID(), author: actor })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('a form of thresholds that comes again late does nothing more, whatever was done in between', async () => {
    const [add, remove] = [randomUUID(), randomUUID()]
    const amounts = async () => (await listThresholds(deps.db)).map(({ amount }) => amount.minor)
    const added = { amount: roubles('5'), author: actor, key: add }
    await addThreshold(deps, added)
    const [first] = await listThresholds(deps.db)
    const removed = { id: first?.id ?? '', author: actor, key: remove }
    await Promise.all([removeThreshold(deps, removed), removeThreshold(deps, removed)])
    await addThreshold(deps, added)
    expect(await amounts()).toEqual([])
    await addThreshold(deps, { ...added, key: randomUUID() })
    await removeThreshold(deps, removed)
    expect(await amounts()).toEqual([500n])
    await expect(addThreshold(deps, { ...added, amount: roubles('6') })).rejects.toMatchObject({ code: 'key_reused' })
    await expect(removeThreshold(deps, { ...removed, key: randomUUID() })).rejects.toMatchObject({ code: 'not_found' })
    const [standing] = await listThresholds(deps.db)
    await expect(removeThreshold(deps, { ...removed, id: standing?.id ?? '' })).rejects.toMatchObject({ code: 'key_reused' })
    const kept = { ...added, key: randomUUID() }
    await addThreshold(deps, kept)
    await removeThreshold(deps, { id: standing?.id ?? '', author: actor, key: randomUUID() })
    await addThreshold(deps, kept)
    expect(await amounts()).toEqual([])
  })

  test('however many are added at once, there are ten thresholds at most', async () => {
    const all = Array.from({ length: 14 }, (_, at) =>
      addThreshold(deps, { amount: roubles(String(at + 1)), author: actor, key: randomUUID() }),
    )
    const refused = (await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')
    expect([refused.length, (await listThresholds(deps.db)).length]).toEqual([4, 10])
  })

  test('a negative floor or overdraft is refused', async () => {
    for (const set of [setFloor, setOverdraft]) {
      await expect(set(deps, { amount: roubles('-0.01'), reason, actor })).rejects.toMatchObject({ code: 'bad_input', detail: 'amount' })
    }
  })
})
