import fc from 'fast-check'
import { canonicalJson, looksLikeId, newId, newSortedId, sha256 } from '../../src/shared/ids'

const many = <T>(make: () => T): T[] => Array.from({ length: 2_000 }, make)

test('ids and secrets do not repeat and look like ids', () => {
  for (const make of [newId, newSortedId]) expect(new Set(many(make)).size).toBe(2_000)
  expect([...many(newId), ...many(newSortedId)].every(looksLikeId)).toBe(true)
})

test('sorted ids come in the order in which they are drawn', () => {
  const ids = many(newSortedId)
  expect([...ids].sort()).toEqual(ids)
})

test.each<[unknown, boolean]>([
  ['ffffffff-ffff-ffff-ffff-ffffffffffff', true], // Invoicebox's ids are of no RFC version.
  ['0186F2A4-3B5C-7D8E-9F00-112233445566', true],
  ['ffffffff-ffff-ffff-ffff-fffffffffff', false],
  ['ffffffff-ffff-ffff-ffff-ffffffffffff\n', false],
  [' ffffffff-ffff-ffff-ffff-ffffffffffff', false],
  ['gfffffff-ffff-ffff-ffff-ffffffffffff', false],
  ['ffffffffffffffffffffffffffffffff', false],
  ['../../etc/passwd', false],
  ['', false],
  [null, false],
  [undefined, false],
  [['ffffffff-ffff-ffff-ffff-ffffffffffff'], false],
])('%p looks like an id: %p', (text, is) => {
  expect(looksLikeId(text)).toBe(is)
})

test('a digest is that of the UTF-8 text', () => {
  expect(sha256('\u0416')).toBe(sha256('Ж'))
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

describe('canonical JSON', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, part]) => [key, shuffled(part)]),
    )
  }

  test('is the same whatever the order of the keys, at every depth', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))))
  })

  test('is JSON, and says the same', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))))
  })

  test('differs where the values differ', () => {
    expect(canonicalJson({ a: 1 })).not.toBe(canonicalJson({ a: 2 }))
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]))
    expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}))
    expect(canonicalJson({ ab: 'c' })).not.toBe(canonicalJson({ a: 'bc' }))
  })

  test('writes a bigint exactly, leaves out what is undefined and a date as ISO text', () => {
    expect(canonicalJson({ b: 2n ** 63n, a: undefined, c: new Date(0) })).toBe('{"b":"9223372036854775808","c":"1970-01-01T00:00:00.000Z"}')
  })
})
