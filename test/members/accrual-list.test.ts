import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { readAccrualFile } from '../../src/members'
import type { AccrualRow } from '../../src/members'
import { AccrualList } from '../../src/members/accrual-list'
import { money } from '../../src/shared/money'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

async function read(chunks: readonly (Buffer | string)[]): Promise<AccrualRow[]> {
  async function* stream(): AsyncGenerator<Buffer | string> {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  }
  const rows: AccrualRow[] = []
  for await (const row of readAccrualFile(stream())) rows.push(row)
  return rows
}

describe('a list of credits is read', () => {
  const row = (line: number, member: string, amount: string): AccrualRow => ({ line, member, amount })

  test.each<[string, string, AccrualRow[]]>([
    ['with a header', 'login,amount\nanna,1\n', [row(2, 'anna', '1')]],
    ['without a header, without a last line end', 'anna,1\nboris,2.50', [row(1, 'anna', '1'), row(2, 'boris', '2.50')]],
    [
      'as a spreadsheet on Windows writes it',
      '\ufeff"Login";"Amount"\r\n"анна";"1.00"\r\n\r\nboris\t2\r\n',
      [row(2, 'анна', '1.00'), row(4, 'boris', '2')],
    ],
    ['when it is empty', '', []],
    ['when its lines are', '\n\n \n', []],
    ['with lines of another form', 'anna\n,1\nanna,\nanna,1,2\n', [1, 2, 3, 4].map((line) => row(line, '', ''))],
  ])('%s', async (_what, text, rows) => {
    expect(await read([text])).toEqual(rows)
  })

  test(`in the same way however its bytes arrive (SEED=${SEED})`, () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('анна,1', 'boris;2.50', '', 'login,amount', '\ud83d\ude00', 'vera\t3\r')),
        fc.array(fc.nat({ max: 30 })),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.join('\n'))
          const chunks: Buffer[] = []
          let at = 0
          for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)))
          expect(await read([...chunks, bytes.subarray(at)])).toEqual(await read([bytes]))
        },
      ),
      { seed: SEED, numRuns: 200 },
    ))

  test('a line that never ends is not kept', async () => {
    const endless = Array.from({ length: 1_000 }, () => 'x'.repeat(10_000))
    expect(await read(['anna,1\n', ...endless, '\nboris,2'])).toEqual([row(1, 'anna', '1'), row(2, '', ''), row(3, 'boris', '2')])
    // What was dropped may not make a line of what is left.
    expect(await read(['anna,1', ' '.repeat(1_000), 'x'.repeat(1_000), ' ', '\n'])).toEqual([row(1, '', '')])
  })
})

test(`a packed list gives back what was put in, by member, and its digest does not depend on the order (SEED=${SEED})`, () => {
  const credits = fc.array(fc.record({ memberId: fc.uuid(), amount: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }) }), {
    minLength: 1,
    maxLength: 60,
  })
  const pack = (of: readonly { memberId: string; amount: bigint }[]): AccrualList => {
    const list = new AccrualList()
    of.forEach(({ memberId, amount }, index) => list.add(memberId, money(amount, 'PTS'), index + 1))
    return list
  }
  fc.assert(
    fc.property(credits, (some) => {
      const unique = [...new Map(some.map((each) => [each.memberId, each])).values()]
      const [list, reversed] = [pack(unique), pack([...unique].reverse())]
      expect([list.seal(), reversed.seal()]).toEqual([[], []])
      expect(list.slice(0, unique.length)).toEqual([...unique].sort((a, b) => (a.memberId < b.memberId ? -1 : 1)))
      expect(list.total).toBe(unique.reduce((sum, { amount }) => sum + amount, 0n))
      expect(reversed.digest()).toBe(list.digest())
      const [first, ...others] = unique as [(typeof unique)[0]]
      const changed = pack([{ ...first, amount: first.amount + 1n }, ...others])
      changed.seal()
      expect(changed.digest()).not.toBe(list.digest())
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test('a packed list grows beyond its first size and tells every line whose member stood before', () => {
  const list = new AccrualList()
  const ids = Array.from({ length: 20_000 }, () => randomUUID())
  for (const [index, id] of [...ids, ...ids.slice(0, 3)].entries()) list.add(id, money(1n, 'PTS'), index + 1)
  const repeated = list.seal().sort((a, b) => a.line - b.line)
  expect(repeated).toEqual([1, 2, 3].map((earlier) => ({ line: 20_000 + earlier, earlier })))
  expect(list.size).toBe(20_003)
})

test('an id of another form is a bug, since it could not be packed', () => {
  expect(() => new AccrualList().add('42', money(1n, 'PTS'), 1)).toThrow(/^bug/)
})
