import { randomUUID } from 'node:crypto'
import { buildProgram } from '../../src/cli/program'
import { readConfig } from '../../src/config'
import { openDatabase } from '../../src/shared/database'
import { makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

/** The command line in this process, which is quicker than a process for each command; test/cli/cli.test.ts starts real ones. */
describe('gateway members', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase('sqlite')
  })
  afterEach(() => {
    process.exitCode = undefined
  })
  afterAll(() => database.drop())

  async function gateway(line: string): Promise<{ out: string; code: number }> {
    const env = { MODE: 'sandbox', DATABASE_URL: database.url, TWO_EYES_POINTS: '1000', TIME_ZONE: 'Europe/Moscow' }
    const parts: string[] = []
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text: string | Uint8Array, ...more: unknown[]) => {
      parts.push(String(text))
      const done = more.find((each) => typeof each === 'function')
      if (done) (done as () => void)()
      return true
    })
    process.exitCode = 0
    try {
      await buildProgram(() => readConfig(env, {})).parseAsync(line.split(' '), { from: 'user' })
      return { out: parts.join(''), code: process.exitCode }
    } finally {
      write.mockRestore()
    }
  }
  const json = async (line: string): Promise<unknown> => JSON.parse((await gateway(`${line} --json`)).out) as unknown

  test('credit above the amount for one person waits, says for what, and ends with 3', async () => {
    await json('members add lena --password long-enough')
    const { out, code } = await gateway('members credit lena 1000.01 --json')
    expect([JSON.parse(out), code]).toEqual([{ waiting: expect.any(String) as string }, 3])
    expect(await json('members credit lena 900')).toMatchObject({ available: '900.00', limits: { own: false, perDay: null } })
    // The command line is one maker, whose slices count together.
    expect((await gateway('members credit lena 100.01 --json')).code).toBe(3)
    const words = await gateway('members credit lena 5000')
    expect([words.code, words.out]).toEqual([3, expect.stringContaining('waits for a second person')])
  })

  test('limits: the programme has some, a member has others or follows it, and a lifted limit waits', async () => {
    await json('members add oleg --password long-enough')
    expect(await json('members limits')).toEqual({ perPayment: null, perDay: null, perMonth: null })
    expect(await json('members limits --per-day 500')).toEqual({ perPayment: null, perDay: '500.00', perMonth: null })
    expect(await json('members limits oleg')).toEqual({ own: false, perPayment: null, perDay: '500.00', perMonth: null })
    expect(await json('members limits oleg --per-payment 100')).toMatchObject({
      limits: { own: true, perPayment: '100.00', perDay: '500.00' },
    })
    expect(await json('members limits oleg --per-payment 900')).toMatchObject({ limits: { perPayment: '900.00' } })
    expect(await json('members limits oleg --per-payment none')).toEqual({ waiting: expect.any(String) as string })
    expect(await json('members limits oleg --per-payment 1000.01')).toEqual({ waiting: expect.any(String) as string })
    expect(await json('members limits oleg')).toMatchObject({ own: true, perPayment: '900.00' })
  })

  test('statement: two balances and a count, or the file', async () => {
    const today = (): string => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Moscow' }).format(new Date())
    await json('members add yana --password long-enough')
    const from = today()
    await json('members credit yana 12.50')
    const to = today() // Another day where midnight has just passed.
    expect(await json(`members statement yana --from ${from} --to ${to}`)).toEqual({
      login: 'yana',
      from,
      to,
      opening: '0.00',
      movements: 1,
      closing: '12.50',
    })
    const { out } = await gateway(`members statement yana --from ${from} --to ${to} --csv`)
    expect(out.split('\r\n')).toEqual([
      expect.stringContaining(';Баллы;'),
      ';Остаток на начало;;0.00',
      expect.stringMatching(/;12\.50;12\.50$/),
      ';Остаток на конец;;12.50',
      '',
    ])
  })

  test('erase waits for a second person, and is refused at once while there are points', async () => {
    await json('members add rita --password long-enough')
    const { out, code } = await gateway(`members erase rita --key ${randomUUID()} --json`)
    expect([JSON.parse(out), code]).toEqual([{ waiting: expect.any(String) as string }, 3])
    await json('members credit rita 1')
    await expect(gateway('members erase rita')).rejects.toMatchObject({ code: 'member_has_points' })
    const db = openDatabase(database.url)
    expect(await db('erasures').select('id')).toEqual([])
    await db.destroy()
  })
})
