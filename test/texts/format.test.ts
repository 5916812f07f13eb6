import fc from 'fast-check'
import { MAX_MINOR, money } from '../../src/shared/money'
import { formatCount, formatMoment, formatMoney, formatSecond, formatShare } from '../../src/shared/texts/format'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')
const points = (minor: bigint): string => plain(formatMoney(money(minor, 'PTS'), 'ru'))

test.each([
  [0n, '0 баллов'],
  [100n, '1 балл'],
  [200n, '2 балла'],
  [500n, '5 баллов'],
  [1100n, '11 баллов'],
  [1400n, '14 баллов'],
  [2100n, '21 балл'],
  [2200n, '22 балла'],
  [11100n, '111 баллов'],
  [1000000n, '10 000 баллов'],
  [124050n, '1 240,50 балла'],
  [150n, '1,50 балла'],
  [-100n, '−1 балл'],
])('%s hundredths of a point are %s', (minor, text) => {
  expect(points(minor)).toBe(text)
})

test.each([
  [100n, '1 балла'],
  [200n, '2 баллов'],
  [124000n, '1 240 баллов'],
  [2100n, '21 балла'],
  [50n, '0,50 балла'],
])('what is missing stands in the genitive: %s is %s', (minor, text) => {
  expect(plain(formatMoney(money(minor, 'PTS'), 'ru', 'points_genitive'))).toBe(text)
})

test.each([
  [money(1000000n, 'RUB'), '10 000,00 ₽', '₽10,000.00'],
  [money(1n, 'RUB'), '0,01 ₽', '₽0.01'],
  [money(-19658n, 'RUB'), '−196,58 ₽', '−₽196.58'],
  [money(100000000n, 'USD'), '1 000 000,00 $', '$1,000,000.00'],
  [money(100n, 'UZS'), '1,00 UZS', 'UZS 1.00'],
  [money(MAX_MINOR, 'RUB'), '90 071 992 547 409,91 ₽', '₽90,071,992,547,409.91'],
  [money(100n, 'PTS'), '1 балл', '1 point'],
  [money(10000001n, 'PTS'), '100 000,01 балла', '100,000.01 points'],
])('an amount reads well in both languages (%#)', (amount, russian, english) => {
  expect(plain(formatMoney(amount, 'ru'))).toBe(russian)
  expect(plain(formatMoney(amount, 'en'))).toBe(english)
})

test('an amount never breaks across lines and loses no digit', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR }),
      fc.constantFrom('RUB' as const, 'PTS' as const),
      fc.constantFrom('ru' as const, 'en' as const),
      (minor, unit, language) => {
        const text = formatMoney(money(minor, unit), language)
        expect(text).not.toMatch(/[ \t]/)
        const digits = BigInt(text.replace(/\D/g, ''))
        const size = minor < 0n ? -minor : minor
        expect(unit === 'PTS' && size % 100n === 0n ? digits * 100n : digits).toBe(size)
      },
    ),
  )
})

test('a number of four digits is grouped like a sum', () => {
  expect([formatCount(999, 'ru'), formatCount(3322, 'ru'), formatCount(3322, 'en')]).toEqual(['999', '3\u00a0322', '3,322'])
})

test('a moment is shown in Moscow time unless another zone is asked for', () => {
  const moment = new Date('2024-01-01T20:15:00Z')
  expect(formatMoment(moment, 'ru')).toBe('01.01.24 23:15 МСК')
  expect(formatMoment(moment, 'en')).toBe('1 Jan 2024, 23:15 MSK')
  expect(formatMoment(moment, 'ru', 'Asia/Tashkent')).toBe('02.01.24 01:15 GMT+5')
  expect(formatSecond(new Date('2024-01-01T20:15:09Z'), 'ru', 'Europe/Moscow')).toBe('01.01.24 23:15:09 МСК')
  expect(formatMoment(new Date('2024-01-01T21:00:00Z'), 'ru')).toBe('02.01.24 00:00 МСК')
})

test.each([
  [0n, '0\u00a0%', '0%'],
  [1n, '<\u00a01\u00a0%', '<1%'],
  [299n, '1\u00a0%', '1%'],
  [20_000n, '100\u00a0%', '100%'],
  [300_000n, '1\u00a0500\u00a0%', '1,500%'],
])('%s of 20 000 is told in whole per cent, as each language writes it', (part, ru, en) => {
  expect([formatShare(part, 20_000n, 'ru'), formatShare(part, 20_000n, 'en')]).toEqual([ru, en])
})
