import { parse } from 'csv-parse/sync'
import { CSV_BOM, csvFile, csvMoment, csvRow, neutral } from '../../src/shared/csv'

test.each(['=1+1', '+7 900', '-2+3', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1', '－1', '=cmd|calc'])('%j becomes text', (cell) => {
  expect(neutral(cell)).toBe(`'${cell}`)
})

test.each([
  ['Кофе,=1+1', "Кофе,'=1+1"],
  ['a,+1,@b\t-c', "a,'+1,'@b\t'-c"],
  ['a\n=1\r\n＝2', "a\n'=1\r\n'＝2"],
  ['=1,=2', "'=1,'=2"],
  ['\t=1', "'\t'=1"],
  ['1,-5,-2.50', '1,-5,-2.50'],
  ['1,-5-1', "1,'-5-1"],
])('%j becomes text for those to whom a comma, a tab or a line end parts cells', (cell, text) => {
  expect(neutral(cell)).toBe(text)
})

test.each(['', '1', '-1', '-12.50', '-12,50', 'a=b', '0', 'Иванова', ' =1'])('%j stays as it is', (cell) => {
  expect(neutral(cell)).toBe(cell)
})

test('whatever is in a cell comes back out of the file', async () => {
  const cells = ['a;b', 'c"d', 'e\nf', 'g\rh', "it's", '', 'ё', '-3.00', '=1']
  async function* pages(): AsyncGenerator<string[][]> {
    yield await Promise.resolve([cells])
    yield []
    yield [cells, cells]
  }
  let text = ''
  for await (const piece of csvFile(cells, pages())) text += piece
  expect(text.startsWith(CSV_BOM)).toBe(true)
  const rows: unknown = parse(text, { bom: true, delimiter: ';', record_delimiter: '\r\n' })
  expect(rows).toEqual(Array.from({ length: 4 }, () => cells.map(neutral)))
  expect(csvRow(['a', 'b'])).toBe('a;b\r\n')
})

test('10,000 hostile cells come back as text that begins no formula', () => {
  const signs = ['=', '+', '-', '@', '\t', '\r']
  const cells = Array.from({ length: 10_000 }, (_, n) => `${signs[n % signs.length] ?? ''}HYPERLINK(${n};"x")`)
  const rows = parse(cells.map((cell) => csvRow([cell])).join(''), { delimiter: ';', record_delimiter: '\r\n' })
  expect(rows.map(([cell]) => cell)).toEqual(cells.map((cell) => `'${cell}`))
})

test('a moment is told in the zone', () => {
  expect(csvMoment(new Date('2026-03-01T21:05:09Z'), 'Europe/Moscow')).toBe('2026-03-02 00:05:09')
})

test('between two pages of a file others have their turn, although the database answers without giving way', async () => {
  const seen: string[] = []
  async function* rows(): AsyncGenerator<string[][]> {
    for (const page of ['1', '2']) {
      seen.push(page)
      setImmediate(() => seen.push('others'))
      yield await Promise.resolve([[page]])
    }
  }
  for await (const piece of csvFile(['n'], rows())) expect(piece).not.toBe('')
  expect(seen).toEqual(['1', 'others', '2', 'others'])
})
