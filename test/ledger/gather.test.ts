import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { ACCOUNTS, companion, createLedger, readAccount, sealBatches, transfer, verifyLedger } from '../../src/ledger'
import { digestBatch } from '../../src/ledger/digest'
import { writeBatch } from '../../src/ledger/write-batch'
import { systemClock } from '../../src/shared/clock'
import { openDatabase } from '../../src/shared/database'
import { insertRows } from '../../src/shared/statements'
import type { Db, Tx } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { money } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import { holdLine, instruction, makeBooks, spend } from './books'
import type { Books } from './books'

const count = async (db: Db, table: string): Promise<number> =>
  Number(((await db(table).count({ n: '*' })) as unknown as [{ n: bigint }])[0].n)
const times = <T>(n: number, make: (index: number) => T): T[] => Array.from({ length: n }, (_, index) => make(index))

describe.each(ENGINES)('gathering on %s', (engine) => {
  let books: Books
  let db: Db

  beforeAll(async () => {
    books = await makeBooks(engine)
    db = books.db
  })
  afterEach(async () => {
    await books.ledger.idle()
    expect(await verifyLedger(db)).toEqual([])
  })
  afterAll(() => books.close())

  test('callers who come at once share one batch, and each gets an answer of their own', async () => {
    const anna = await books.open(100n)
    const before = await count(db, 'ledger_batches')
    const results = await Promise.allSettled(times(60, (n) => books.ledger.submit(spend(anna, n < 30 ? 3n : 1_000n))))
    expect(results.map((result) => result.status)).toEqual(times(60, (n) => (n < 30 ? 'fulfilled' : 'rejected')))
    expect((await count(db, 'ledger_batches')) - before).toBe(1)
    expect(await readAccount(db, anna)).toMatchObject({ balance: 10n })
  })

  test('callers whom one turn of the loop brings, each in a callback of its own, share one batch', async () => {
    const anna = await books.open(100n)
    const before = await count(db, 'ledger_batches')
    const arrival = (): Promise<unknown> =>
      new Promise((resolve) => setImmediate(() => resolve({ answer: books.ledger.submit(spend(anna, 1n)) })))
    await Promise.all((await Promise.all(times(20, arrival))).map((arrived) => (arrived as { answer: Promise<unknown> }).answer))
    expect((await count(db, 'ledger_batches')) - before).toBe(1)
  })

  test('callers who come while a batch is written are gathered in the next one', async () => {
    const anna = await books.open(1_000n)
    const before = await count(db, 'ledger_batches')
    const write = async (): Promise<void> => {
      await Promise.all(late.splice(0).map((each) => each()))
    }
    const answers: Promise<unknown>[] = []
    const late = times(40, () => () => Promise.resolve(void answers.push(books.ledger.submit(spend(anna, 1n)))))
    await books.ledger.submit({ ...spend(anna, 1n), companions: [companion(write, {})] })
    await Promise.all(answers)
    expect(answers).toHaveLength(40)
    expect((await count(db, 'ledger_batches')) - before).toBe(2)
  })

  test('more than five hundred callers make a batch of five hundred and one of the rest', async () => {
    const anna = await books.open(10_000n)
    const before = await count(db, 'ledger_batches')
    await Promise.all(times(620, () => books.ledger.submit(spend(anna, 1n))))
    const sizes = (await db('ledger_instructions')
      .groupBy('batch_id')
      .orderBy('batch_id', 'desc')
      .limit(2)
      .count({ n: '*' })) as unknown as { n: bigint }[]
    expect((await count(db, 'ledger_batches')) - before).toBe(2)
    expect(sizes.map((size) => Number(size.n))).toEqual([120, 500])
  })

  test('two instructions of one member are decided in the order in which they came', async () => {
    const anna = await books.open(10n)
    const results = await Promise.allSettled([
      books.ledger.submit(spend(anna, 8n)),
      books.ledger.submit(spend(anna, 8n)),
      books.ledger.submit(spend(anna, 2n)),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  test('an instruction that the database rejects, a bug or a refusal harms no neighbour', async () => {
    const anna = await books.open(100n)
    const taken = randomUUID()
    await books.ledger.submit(instruction(holdLine(anna, 1n, taken)))
    const results = await Promise.allSettled([
      books.ledger.submit(spend(anna, 1n)),
      books.ledger.submit(instruction(holdLine(anna, 1n, taken))),
      books.ledger.submit(instruction(transfer({ kind: 'accrual', from: ACCOUNTS.bank, to: anna, amount: money(1n, 'PTS') }))),
      books.ledger.submit(spend(anna, 1_000n)),
      books.ledger.submit(spend(anna, 1n)),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'])
    expect(await readAccount(db, anna)).toMatchObject({ balance: 98n, held: 1n })
  })

  test('a companion that fails takes its own instruction back and no other', async () => {
    const anna = await books.open(100n)
    const fail = (_tx: Tx, rows: readonly { fail: boolean }[]): Promise<void> =>
      rows.some((row) => row.fail) ? Promise.reject(new Error('no')) : Promise.resolve()
    const key = randomUUID()
    const failing = { ...spend(anna, 1n), key, companions: [companion(fail, { fail: true })] }
    const results = await Promise.allSettled(
      times(9, (n) => books.ledger.submit(n === 4 ? failing : { ...spend(anna, 1n), companions: [companion(fail, { fail: false })] })),
    )
    expect(results.map((result) => result.status)).toEqual(times(9, (n) => (n === 4 ? 'rejected' : 'fulfilled')))
    expect(await readAccount(db, anna)).toMatchObject({ balance: 92n })
    // Nothing of it was written, its key included: the caller may try again.
    expect(await books.ledger.submit({ ...failing, companions: [] })).toEqual({ replayed: false })
  })

  test('a repeat calls no companion again', async () => {
    const anna = await books.open(100n)
    const calls: unknown[] = []
    const write = (_tx: Tx, rows: readonly unknown[]): Promise<void> => Promise.resolve(void calls.push(...rows))
    const once = { ...spend(anna, 1n), companions: [companion(write, 'row')] }
    await Promise.all([books.ledger.submit(once), books.ledger.submit(once)])
    await books.ledger.submit(once)
    expect(calls).toEqual(['row'])
  })

  test.each([
    ['an empty key', { key: '' }],
    ['a key that is too long', { key: 'k'.repeat(201) }],
    ['a key with a NUL', { key: 'a\0b' }],
    ['a reference that is too long', { reference: 'r'.repeat(101) }],
    [
      'a memo that is too long',
      { lines: [transfer({ kind: 'accrual', from: 'program', to: 'redeemed', amount: money(1n, 'PTS'), memo: 'm'.repeat(501) })] },
    ],
    [
      'an amount larger than any',
      { lines: [transfer({ kind: 'accrual', from: 'program', to: 'redeemed', amount: money(2n ** 53n, 'PTS') })] },
    ],
  ])('%s is a bug of the caller, the same on both engines', async (_what, change) => {
    await expect(books.ledger.submit({ ...spend('program', 1n), ...change })).rejects.toThrow(/^bug/)
  })

  test('text that no database keeps is stored as far as it can be, and the books verify', async () => {
    const anna = await books.open(0n)
    const memo = 'a NUL \0, half a pair \ud83d, a whole one 😀, "quotes\' \\ and\nlines'
    await books.ledger.submit(instruction(transfer({ kind: 'accrual', from: ACCOUNTS.program, to: anna, amount: money(1n, 'PTS'), memo })))
    const [row] = (await db('ledger_transfers').orderBy('id', 'desc').limit(1)) as { memo: string }[]
    expect(row?.memo).toBe(memo.replace('\0', '\ufffd').replace(/\ud83d(?!\ude00)/, '\ufffd'))
  })

  describe('seals', () => {
    const unsealed = (): Promise<number> => count(db, 'ledger_unsealed')

    test('idle answers when everything is written and sealed', async () => {
      const anna = await books.open(100n)
      const answers = times(20, () => books.ledger.submit(spend(anna, 1n)))
      await books.ledger.idle()
      expect(await unsealed()).toBe(0)
      expect(await count(db, 'ledger_seals')).toBe(await count(db, 'ledger_batches'))
      await Promise.all(answers)
    })

    test('a process that dies between commit and seal leaves a batch which the next one seals', async () => {
      const anna = await books.open(100n)
      await books.ledger.idle()
      await writeBatch(db, [spend(anna, 1n)], new Date())
      expect(await unsealed()).toBe(1)
      expect(await verifyLedger(db)).toEqual([])
      expect(await sealBatches(db, new Date())).toBe(1)
      expect(await sealBatches(db, new Date())).toBe(0)
      expect(await unsealed()).toBe(0)
    })

    test('sealers at once do not fork the chain, and none of them leaves anything behind', async () => {
      const anna = await books.open(1_000n)
      const others = times(3, () => books.another())
      for (const each of times(12, () => spend(anna, 1n))) await writeBatch(db, [each], new Date())
      await Promise.all([db, ...others.map((other) => other.db)].map((each) => sealBatches(each, new Date())))
      expect(await count(db, 'ledger_seals')).toBe(await count(db, 'ledger_batches'))
      expect(await unsealed()).toBe(0)
      const numbers = (await db('ledger_seals').orderBy('number').pluck('number')) as bigint[]
      expect(numbers.map(Number)).toEqual(times(numbers.length, (n) => n + 1))
    })

    test('two ledgers that write and seal at once leave nothing unsealed', async () => {
      const anna = await books.open(1_000n)
      const { ledger } = books.another()
      await Promise.all(times(60, (n) => (n % 2 ? ledger : books.ledger).submit(spend(anna, 1n))))
      await Promise.all([ledger.idle(), books.ledger.idle()])
      expect(await unsealed()).toBe(0)
    })

    test('a batch whose id is older than the newest seal is sealed after it', async () => {
      const anna = await books.open(100n)
      await books.ledger.idle()
      const rows = { ledger_instructions: [], ledger_holds: [], ledger_transfers: [], ledger_entries: [], ledger_resolutions: [] }
      const id = '00000000-0000-7000-8000-000000000000'
      await db.transaction(async (tx) => {
        await insertRows(tx, 'ledger_batches', [{ id, digest: digestBatch(rows), created_at: new Date().toISOString() }])
        await insertRows(tx, 'ledger_unsealed', [{ batch_id: id }])
      })
      await books.ledger.submit(spend(anna, 1n))
      await books.ledger.idle()
      expect(await unsealed()).toBe(0)
    })

    if (engine === 'postgres')
      test('a sealer that is stuck keeps nobody from paying', async () => {
        const anna = await books.open(100n)
        const { db: stuck } = books.another()
        const sealing = await stuck.transaction()
        await sealing.raw('lock table ledger_seals in exclusive mode')
        await Promise.all(times(10, () => books.ledger.submit(spend(anna, 1n))))
        expect(await readAccount(db, anna)).toMatchObject({ balance: 90n })
        await sealing.rollback()
      })
  })

  if (engine === 'postgres')
    test('one key used by two processes at once on different accounts has one effect; the other is told that the key was used', async () => {
      const { ledger } = books.another()
      for (const key of times(10, () => randomUUID())) {
        const [anna, boris] = [await books.open(5n), await books.open(5n)]
        const results = await Promise.allSettled([
          books.ledger.submit({ key, lines: [holdLine(anna, 5n)] }),
          ledger.submit({ key, lines: [holdLine(boris, 5n)] }),
        ])
        const refused = results.filter((result) => result.status === 'rejected')
        expect(refused).toMatchObject([{ reason: { code: 'key_reused' } }])
        const held = await Promise.all([anna, boris].map(async (each) => (await readAccount(db, each)).held))
        expect(held.sort()).toEqual([0n, 5n])
      }
    })
})

test('when the database is gone, everybody is told after one round of tries, and not one after the other', async () => {
  let calls = 0
  const server = createServer((socket) => {
    calls += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const db = openDatabase(`postgres://nobody@127.0.0.1:${String((server.address() as AddressInfo).port)}/nothing`)
  const ledger = createLedger({ db, clock: systemClock, log: createLog('silent') })
  const results = await Promise.allSettled(times(50, () => ledger.submit(spend('member:a', 1n))))
  expect(results.every((result) => result.status === 'rejected')).toBe(true)
  expect(calls).toBeLessThanOrEqual(10)
  await db.destroy()
  await new Promise((resolve) => server.close(resolve))
})
