import { randomUUID } from 'node:crypto'
import {
  creditMember,
  debitMember,
  readMovements,
  readPeriodStatement,
  requirePeriod,
  statementCsv,
  statementPdf,
  streamMovements,
} from '../../src/members'
import type { Member, PeriodStatement } from '../../src/members'
import { DAY, HOUR } from '../../src/shared/clock'
import { pdfFile } from '../../src/shared/pdf'
import { createTexts } from '../../src/shared/texts'
import { ENGINES } from '../support/databases'
import { makeMembersWorld, OPERATOR, points, refusalOf } from './world'
import type { MembersWorld } from './world'

const MOSCOW = 'Europe/Moscow'
const t = createTexts().translator('ru')

const textOf = async (pieces: AsyncIterable<string | Uint8Array>): Promise<string> => {
  const parts: Buffer[] = []
  for await (const piece of pieces) parts.push(Buffer.from(piece))
  return Buffer.concat(parts).toString('latin1')
}

describe.each(ENGINES)('a statement of a period on %s', (engine) => {
  let world: MembersWorld
  beforeAll(async () => {
    world = await makeMembersWorld(engine)
  })
  afterAll(() => world.close())

  const receipts = { findReceipts: () => Promise.resolve(new Map()) }
  const credit = (login: string, amount: string): Promise<unknown> =>
    creditMember(world.deps, { login, amount: points(amount), reason: 'test', key: randomUUID(), actor: OPERATOR })
  const debit = (login: string, amount: string): Promise<unknown> =>
    debitMember(world.deps, { login, amount: points(amount), reason: 'test', key: randomUUID(), actor: OPERATOR })
  const statement = (member: Member, from: string, to: string): Promise<PeriodStatement> =>
    readPeriodStatement(world.db, member.id, { from, to }, MOSCOW)
  const fileOf = (of: PeriodStatement) => ({
    statement: of,
    movements: streamMovements({ db: world.db, ...receipts }, of),
    member: '=somebody',
    program: 'Бонусная программа',
    reader: { t, language: 'ru' as const, zone: MOSCOW },
  })

  test('begins with what stood there before, ends with what stood there after, and days are those of the zone', async () => {
    const member = await world.member()
    await credit(member.login, '100.00') // 1 March 2026, 12:00 in Moscow
    world.clock.passes(8 * HOUR + 59 * 60_000) // 20:59
    await credit(member.login, '10.00')
    world.clock.passes(3 * HOUR + 2 * 60_000) // 2 March, 00:01 in Moscow and still 1 March in Greenwich
    await debit(member.login, '30.50')
    world.clock.passes(40 * DAY)
    await credit(member.login, '1.00')
    const ends = async (from: string, to: string): Promise<string> => {
      const { opening, closing, after, upTo } = await statement(member, from, to)
      return `${opening} ${closing} ${upTo - after}`
    }
    expect(await ends('2026-03-01', '2026-03-01')).toBe('0 11000 2')
    expect(await ends('2026-03-02', '2026-03-02')).toBe('11000 7950 1')
    expect(await ends('2026-03-01', '2026-12-31')).toBe('0 8050 4')
    expect(await ends('2026-02-01', '2026-02-28')).toBe('0 0 0')
    expect(await ends('2026-03-03', '2026-03-31')).toBe('7950 7950 0')
  })

  test('the file has every movement in order, between the two balances, whatever the length', async () => {
    const member = await world.member('1000.00')
    for (let n = 0; n < 12; n++) await debit(member.login, '1.00')
    const of = await statement(member, '2026-01-01', '2026-12-31')
    const lines = Buffer.from(await textOf(statementCsv(fileOf(of)).pieces), 'latin1')
      .toString()
      .trimEnd()
      .split('\r\n')
    expect(lines[0]).toBe('\ufeffКогда (МСК);Операция;Баллы;Остаток, баллы')
    expect(lines[1]).toBe(';Остаток на начало;;0.00')
    expect(lines[2]).toMatch(/^2026-\d\d-\d\d \d\d:\d\d:\d\d;Исправление;1000\.00;1000\.00$/)
    expect(lines[14]).toMatch(/;Исправление;-1\.00;988\.00$/)
    expect(lines[15]).toBe(';Остаток на конец;;988.00')
    expect(lines).toHaveLength(16)
    const page = await readMovements({ db: world.db, ...receipts }, of, { limit: 5 })
    const next = await readMovements({ db: world.db, ...receipts }, of, { limit: 5, before: page[4]?.number })
    expect([...page, ...next].map(({ number }) => Number(number))).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4])
  })

  test('the document is a PDF with a font for Cyrillic', async () => {
    const member = await world.member('5.00')
    const file = statementPdf(fileOf(await statement(member, '2026-01-01', '2026-12-31')))
    const pdf = await textOf(file.pieces)
    expect([file.name, file.type]).toEqual(['statement-2026-01-01-2026-12-31.pdf', 'application/pdf'])
    expect(pdf.slice(0, 5)).toBe('%PDF-')
    expect(pdf).toContain('DejaVuSans')
    expect(pdf.trimEnd().endsWith('%%EOF')).toBe(true)
  })
})

test('documents that are written at the same time are what each is alone', async () => {
  const write = async (text: string): Promise<string> => {
    const pieces = pdfFile(text, 'ru', async (paper) => {
      for (const word of text.split(' ')) {
        paper.fact(word, text)
        await new Promise(setImmediate)
      }
    })
    // When it was made, and the name that pdfkit makes of that.
    return (await textOf(pieces)).replaceAll(/\(D:\d+Z\)|\/ID \[.*\]/g, '')
  }
  const texts = ['Щука жуёт', 'Five quick wizards', 'Ещё 1 000,00 баллов']
  const alone: string[] = []
  for (const text of texts) alone.push(await write(text))
  expect(new Set(alone).size).toBe(3)
  expect(await Promise.all(texts.map(write))).toEqual(alone)
})

test('a period that ends before it begins, or is longer than ten years, is refused', async () => {
  const now = new Date('2026-03-15T22:00:00Z')
  expect(requirePeriod({}, now, MOSCOW)).toEqual({ from: '2026-03-01', to: '2026-03-16' })
  for (const [from, to] of [
    ['2026-03-02', '2026-03-01'],
    ['2016-01-01', '2026-03-01'],
  ])
    expect(await refusalOf(Promise.resolve().then(() => requirePeriod({ from, to }, now, MOSCOW)))).toBe('bad_input')
})
