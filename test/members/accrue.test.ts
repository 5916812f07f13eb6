import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { addMembersInBulk, benchLogin } from '../../bench/million-members'
import { memberAccount, readAccount, verifyLedger } from '../../src/ledger'
import { BadAccrualFile, accruePoints, lockMember, readAccrualFile, showMember } from '../../src/members'
import type { AccrualRequest, AccrualRow, Accrued } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Db } from '../../src/shared/database'
import { toDecimal } from '../../src/shared/money'
import { start, workFolder } from '../config/run'
import { untoldWords } from '../support/audited'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'
import { makeMembersWorld, refusalOf } from './world'
import type { MembersWorld } from './world'

const MEMBERS = 250
const ALL = Array.from({ length: MEMBERS }, (_, index) => index + 1)

/** The rows of a list, as a file of these lines gives them. */
async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(`${line}\n`)
}
const rowsOf = (lines: readonly string[]): AsyncIterable<AccrualRow> => readAccrualFile(linesOf(lines))

/** Each member gets as many points as the login says, and a hundredth. */
const everybody = ALL.map((number) => `${benchLogin(number)},${number}.01`)
const TOTAL = ALL.reduce((sum, number) => sum + BigInt(number) * 100n + 1n, 0n)

describe.each(ENGINES)('accruals on %s', (engine) => {
  let world: MembersWorld
  /** What the accounts of all members together must stand at. */
  let expected = 0n

  beforeAll(async () => {
    world = await makeMembersWorld(engine)
    await addMembersInBulk(world.db, MEMBERS)
  })
  afterEach(async () => {
    const [row] = await world.db('ledger_accounts').where('id', 'like', 'member:%').sum<{ sum: unknown }[]>({ sum: 'balance' })
    expect(BigInt(String(row?.sum))).toBe(expected)
    expect((await readAccount(world.db, 'program')).balance).toBe(-expected)
    expect([...(await world.differences()), ...(await untoldWords(world.db))]).toEqual([])
  })
  afterAll(() => world.close())

  const accrue = (request: Partial<AccrualRequest> & { name: string }, deps = world.deps): Promise<Accrued> =>
    accruePoints(deps, { rows: rowsOf(everybody), reason: 'Miles of March', actor: COMMAND_LINE, batchSize: 40, ...request })

  const entriesOf = async (name: string): Promise<{ account_id: string; amount: bigint }[]> =>
    world
      .db('ledger_entries as e')
      .join('ledger_transfers as t', 't.id', 'e.transfer_id')
      .where('t.reference', `accrual:${name}`)
      .select('e.account_id', 'e.amount')

  /** Each member of the list has one entry of the job over the amount of the list. */
  async function expectEachOnce(name: string): Promise<void> {
    const members = await world.db('members').select<{ id: string; login: string }[]>('id', 'login')
    const numbers = new Map(members.map(({ id, login }) => [memberAccount(id), BigInt(login.slice(6))]))
    const entries = (await entriesOf(name)).filter(({ account_id }) => account_id !== 'program')
    expect(new Set(entries.map(({ account_id }) => account_id)).size).toBe(MEMBERS)
    expect(entries).toHaveLength(MEMBERS)
    expect(entries.filter(({ account_id, amount }) => amount !== (numbers.get(account_id) ?? 0n) * 100n + 1n)).toEqual([])
  }

  test('a whole list is credited, one entry for a member and one per batch for the programme, under one audit row', async () => {
    const progress: string[] = []
    const onProgress: AccrualRequest['onProgress'] = ({ phase, done, total }) => progress.push(`${phase} ${done} of ${String(total)}`)
    const result = await accrue({ name: 'march', onProgress })
    expected += TOTAL
    expect(result).toEqual({ name: 'march', members: MEMBERS, total: TOTAL, batches: 7, credited: MEMBERS, resumed: false })
    await expectEachOnce('march')
    expect((await entriesOf('march')).filter(({ account_id }) => account_id === 'program')).toHaveLength(7)
    expect(progress).toEqual(['checking 250 of null', ...[40, 80, 120, 160, 200, 240, 250].map((done) => `crediting ${done} of 250`)])
    const audit = (await world.db('audit_log').where({ subject: 'accrual:march' })) as Record<string, unknown>[]
    expect(audit).toMatchObject([
      { action: 'points_accrued', actor: 'system:command-line', reason: 'Miles of March', instruction_key: 'accrual:march:1' },
    ])
    expect(JSON.parse(String(audit[0]?.after))).toEqual({ members: '250', points: toDecimal(TOTAL) })
    expect(await world.db('accruals').where({ name: 'march' }).select('done_batches', 'finished_at')).toMatchObject([
      { finished_at: expect.anything() as unknown },
    ])
  })

  test('run again when it is complete, in another order and spelling, it changes nothing', async () => {
    await accrue({ name: 'again' })
    expected += TOTAL
    const lines = everybody.map((line) => line.toUpperCase().replace(/(.*),(.*)/, ' "$1" ; "$20" ')).reverse()
    const result = await accrue({ name: 'again', rows: rowsOf(['Login;Amount', '', ...lines]) })
    expect(result).toMatchObject({ members: MEMBERS, credited: 0, resumed: true })
    await expectEachOnce('again')
  })

  test('another list under the same name is refused, whether one amount differs or one member', async () => {
    await accrue({ name: 'april' })
    expected += TOTAL
    const [first = '', ...others] = everybody
    expect(await refusalOf(accrue({ name: 'april', rows: rowsOf(others) }))).toBe('key_reused')
    expect(await refusalOf(accrue({ name: 'april', rows: rowsOf([`${first}0`, ...others]) }))).toMatchObject({ credited: 0 })
    expect(await refusalOf(accrue({ name: 'april', rows: rowsOf([first.replace('.01', '.02'), ...others]) }))).toBe('key_reused')
  })

  test.each([0, 1, 3, 6])('interrupted after %i batches it goes on where it was and credits nobody twice', async (batches) => {
    const name = `interrupted-${batches}`
    let credited = 0
    const onProgress: AccrualRequest['onProgress'] = ({ phase }) => {
      if (phase === 'crediting') credited += 1
      if (batches === 0 || credited === batches) throw new Error('the power fails')
    }
    await expect(accrue({ name, onProgress })).rejects.toThrow('the power fails')
    const result = await accrue({ name })
    expected += TOTAL
    expect(result).toMatchObject({ credited: MEMBERS - batches * 40, resumed: batches > 0, total: TOTAL })
    await expectEachOnce(name)
  })

  test('a job that a later version would cut into other batches goes on with those it began with', async () => {
    const stop = (): never => {
      throw new Error('stop')
    }
    let seen = 0
    await expect(accrue({ name: 'other-size', onProgress: () => (seen++ === 1 ? stop() : undefined) })).rejects.toThrow('stop')
    expect(await accrue({ name: 'other-size', batchSize: 100 })).toMatchObject({ batches: 7, credited: MEMBERS - 40 })
    expected += TOTAL
    await expectEachOnce('other-size')
  })

  test('two runs of one job at once, at two instances, credit each member once', async () => {
    const runs = await Promise.all([accrue({ name: 'twice' }), accrue({ name: 'twice' }, world.anotherInstance())])
    expected += TOTAL
    for (const run of runs) expect(run).toMatchObject({ members: MEMBERS, total: TOTAL, batches: 7 })
    await expectEachOnce('twice')
    expect(await world.db('audit_log').where({ subject: 'accrual:twice' })).toHaveLength(1)
  })

  test('two lists at once that share members lose nothing', async () => {
    await Promise.all([accrue({ name: 'left', batchSize: 30 }), accrue({ name: 'right', batchSize: 20 }, world.anotherInstance())])
    expected += 2n * TOTAL
    await expectEachOnce('left')
    await expectEachOnce('right')
  })

  test('a locked member gets what was earned, and a member may be named by id', async () => {
    const [locked, named] = [await world.member(), await world.member()]
    await lockMember(world.deps, { login: locked.login, reason: 'On hold', actor: COMMAND_LINE })
    const rows = rowsOf([`${locked.login},5`, `member:${named.id.toUpperCase()},7.5`])
    expect(await accrue({ name: 'odd-ones', rows })).toMatchObject({ members: 2, total: 1_250n })
    expected += 1_250n
    expect(await showMember(world.db, locked.login)).toMatchObject({ available: '5.00' })
    expect(await showMember(world.db, named.login)).toMatchObject({ available: '7.50' })
  })

  describe('a list with a fault is refused whole, with the lines', () => {
    const problemsOf = async (lines: readonly string[]): Promise<readonly string[]> => {
      const name = `bad-${randomUUID()}`
      const error: unknown = await accrue({ name, rows: rowsOf(lines) }).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(BadAccrualFile)
      expect(await world.db('accruals').where({ name })).toEqual([])
      const { problems, count } = error as BadAccrualFile
      return [...problems.map(({ line, text }) => `${line}: ${text}`), ...(count > problems.length ? [`${count} in all`] : [])]
    }
    const [good = ''] = everybody
    const AMOUNT = 'the amount is not a number above zero with at most two decimals that we serve'
    const FORM = 'it is not of the form login,amount'

    test.each<[string, string[], string[]]>([
      ['nobody has the login', [good, 'nobody,1'], ['2: there is no such member']],
      ['no login can look so', [good, 'a b,1'], ['2: there is no such member']],
      ['nobody has the id', [good, `member:${randomUUID()},1`, 'member:x,1'], ['2: there is no such member', '3: there is no such member']],
      ['three decimals', [`${benchLogin(1)},1.001`], [`1: ${AMOUNT}`]],
      [
        'zero, less, a word, an exponent, too much',
        ['0', '-1', 'ten', '1e3', '90071992547410.00'].map((amount, index) => `${benchLogin(index + 1)},${amount}`),
        [1, 2, 3, 4, 5].map((line) => `${line}: ${AMOUNT}`),
      ],
      ['a line of one field, of three, of none', ['anna', `${benchLogin(1)},1,50`, ',', good], [1, 2, 3].map((line) => `${line}: ${FORM}`)],
      ['a header in the middle', [good, 'login,amount'], [`2: ${AMOUNT}`, '2: there is no such member']],
      ['a line that never ends', [good, 'x'.repeat(100_000)], [`2: ${FORM}`]],
      [
        'a member who stands twice, in another spelling too',
        [good, benchLogin(2) + ',1', good, ` ${benchLogin(2).toUpperCase()} ,3`],
        ['3: the same member stands on line 1 already', '4: the same member stands on line 2 already'],
      ],
      ['nobody at all', ['login,amount'], ['1: there is nobody in the list']],
      [
        'a sum that is larger than any amount',
        [1, 2].map((number) => `${benchLogin(number)},90071992547409.91`),
        ['1: all amounts together are larger than any amount we serve'],
      ],
    ])('%s', async (_what, lines, problems) => {
      expect(await problemsOf(lines)).toEqual(problems)
    })

    test('the first twenty lines are told and all are counted', async () => {
      const lines = Array.from({ length: 5_000 }, (_, index) => (index % 2 ? 'nobody,1' : `${benchLogin(1)},1`))
      const problems = await problemsOf(lines)
      expect(problems).toHaveLength(21)
      expect(problems.slice(0, 2)).toEqual(['2: there is no such member', '3: the same member stands on line 1 already'])
      expect(problems.at(-1)).toBe('4999 in all')
    })

    test('an odd name or reason is refused', async () => {
      for (const name of ['', 'two words', 'a:b', '-', 'x'.repeat(81)]) expect(await refusalOf(accrue({ name }))).toBe('bad_input')
      expect(await refusalOf(accrue({ name: 'fine', reason: ' ' }))).toBe('bad_input')
    })
  })

  test('the row of a job goes forward only, keeps what it is about and is never deleted', async () => {
    await accrue({ name: 'kept' })
    expected += TOTAL
    const rows = () => world.db('accruals').where({ name: 'kept' })
    for (const change of [{ total: 1 }, { digest: 'other' }, { done_batches: 3 }, { reason: 'other' }])
      await expect(rows().update(change)).rejects.toMatchObject({
        message: expect.stringMatching(/never changed|batch by batch/) as string,
      })
    await expect(rows().delete()).rejects.toMatchObject({ message: expect.stringMatching(/never/) as string })
  })
})

describe.each(ENGINES)('the command on %s', (engine) => {
  const MANY = 21_000
  const ROOT = join(__dirname, '../..')
  const folder = workFolder()
  let database: TestDatabase
  let db: Db

  beforeAll(async () => {
    database = await makeDatabase(engine)
    db = database.open()
    await addMembersInBulk(db, MANY)
  }, 60_000)
  afterAll(async () => {
    await database.drop()
    folder.remove()
  })

  const command = (args: readonly string[], input: string) =>
    start(['members', 'accrue', ...args], { cwd: ROOT, env: { MODE: 'sandbox', DATABASE_URL: database.url }, input })
  const list = Array.from({ length: MANY }, (_, index) => `${benchLogin(MANY - index)},1.50\n`).join('')

  test('killed in the middle it goes on when it is run again', async () => {
    const first = command(['-', '--name', 'killed', '--json'], list)
    const over = first.ended.then(() => true)
    const hasBegun = async (): Promise<boolean> => (await db('accruals').where('done_batches', '>', 0)).length > 0
    while (!(await hasBegun()) && !(await Promise.race([over, pause(20, false)])));
    await first.stop('SIGKILL')

    const { code, out, err } = await command(['-', '--name', 'killed', '--json'], list).ended
    expect(code).toBe(0)
    expect(err).toMatch(
      /^The job "killed" (went on after \d+ members whom an earlier run had credited|was complete already. Nothing was changed)\.$/m,
    )
    expect(JSON.parse(out)).toMatchObject({ name: 'killed', members: MANY, total: '31500.00', batches: 3, resumed: true })
    expect(Object.keys(JSON.parse(out) as object)).toEqual(['name', 'members', 'total', 'batches', 'credited', 'resumed', 'seconds'])

    const entries = await db('ledger_entries').whereNot({ account_id: 'program' }).select<{ amount: bigint }[]>('amount')
    expect(entries).toHaveLength(MANY)
    expect(new Set(entries.map(({ amount }) => amount))).toEqual(new Set([150n]))
    expect((await readAccount(db, 'program')).balance).toBe(-3_150_000n)
    expect(await verifyLedger(db)).toEqual([])
  }, 60_000)

  if (engine === 'sqlite')
    test('what is wrong is told in sentences', async () => {
      const wrong = await Promise.all([
        command(['-', '--name', 'bad'], 'nobody,1\nanna\n').ended,
        command(['-', '--name', 'killed'], list.replace('1.50', '2.50')).ended,
      ])
      const withoutProgress = (err: string): string => err.replace(/^\d+ lines checked\n/gm, '') // A slow machine tells how far it is.
      expect(wrong.map(({ code, out, err }) => [code, out, withoutProgress(err)])).toEqual([
        [1, '', 'Nobody was credited:\nLine 1: there is no such member.\nLine 2: it is not of the form login,amount.\n'],
        [1, '', 'The name "killed" belongs to another list. Choose another --name.\n'],
      ])
    }, 60_000)
})
