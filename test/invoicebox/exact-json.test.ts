import fc from 'fast-check'
import { ExactNumber, NotJson, parseExactJson } from '../../src/invoicebox/exact-json'
import type { Json } from '../../src/invoicebox/exact-json'

/** What `JSON.parse` would have made of it. */
function rounded(value: Json): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(rounded)
  return value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, rounded(part)]))
    : value
}

const native = (text: string): unknown => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return 'refused'
  }
}

const ours = (text: string): unknown => {
  try {
    return { value: rounded(parseExactJson(text)) }
  } catch (error) {
    if (error instanceof NotJson) return 'refused'
    throw error
  }
}

test('a number keeps each of its digits', () => {
  for (const text of ['12345678901234567890', '0.1000000000000000001', '1e400', '-0', '1239.60']) {
    expect(parseExactJson(` [${text}] `)).toEqual([new ExactNumber(text)])
  }
})

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(ours(text)).toEqual(native(text))
    }),
    { numRuns: 500 },
  )
})

test('damaged JSON is refused where JSON.parse refuses it', () => {
  const damaged = fc
    .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '\\', '{', ']', ',', '0', 'e', ' ', '\u0000'))
    .map(([text, at, sign]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + sign + text.slice(place + 1)
    })
  fc.assert(
    fc.property(damaged, (text) => {
      const [mine, theirs] = [ours(text), native(text)]
      // A damaged key may repeat another one, which only we refuse.
      if (mine !== 'refused' || !text.includes(':')) expect(mine).toEqual(theirs)
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  '',
  ' ',
  '{',
  '[1,]',
  '{"a":1,}',
  '{"a" 1}',
  '{a:1}',
  "'a'",
  '01',
  '+1',
  '.5',
  '1.',
  'NaN',
  'nulls',
  '"a',
  '"\\"',
  '"\t"',
  '"\\x"',
  '[1] [2]',
  '{"a":1}x',
])('this is not JSON: %j', (text) => {
  expect(() => parseExactJson(text)).toThrow(NotJson)
})

test('a repeated key is refused, since two readers could take different ones', () => {
  expect(() => parseExactJson('{"id":"a","id":"b"}')).toThrow(NotJson)
  expect(() => parseExactJson('{"id":"a","\\u0069d":"b"}')).toThrow(NotJson)
})

test('a key such as __proto__ is a key like any other', () => {
  const read = parseExactJson('{"__proto__":{"status":"paid"},"constructor":"x"}') as Record<string, Json>
  expect(Object.keys(read)).toEqual(['__proto__', 'constructor'])
  expect(read.status).toBeUndefined()
})

test('what is nested too deeply or counts too many values is refused before it costs anything', () => {
  expect(() => parseExactJson('['.repeat(1_000_000))).toThrow(NotJson)
  expect(() => parseExactJson(`[${'1,'.repeat(1_000_000)}1]`)).toThrow(NotJson)
})

test('a huge string is read in one go', () => {
  const text = 'я\\"\\\\'.repeat(500_000)
  expect(parseExactJson(`"${text}"`)).toHaveLength(1_500_000)
})
