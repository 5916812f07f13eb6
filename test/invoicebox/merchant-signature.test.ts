import { sign, verifySignature } from '../../src/invoicebox'
import type { SignatureKey } from '../../src/invoicebox'

/** The vector of invoicebox-api 4.2: escaped slashes and literal Cyrillic. */
const BODY = Buffer.from(
  String.raw`{"id":"018f6d2a-7c40-b1d2-e3f4-5a6b7c8d9e0f","status":"completed","merchantId":"5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e","merchantOrderId":"БР-2026-00417","amount":12200,"currencyId":"RUB","paymentUrl":"https:\/\/pay.sandbox.test\/order\/018f6d2a-7c3e-a9b8-c7d6-e5f4a3b2c1d0"}`,
)
const SHA1: SignatureKey = { key: 'sandbox-sign-key', algorithm: 'sha1' }
const SHA256: SignatureKey = { key: 'sandbox-sign-key', algorithm: 'sha256' }
const RIGHT = 'b8cb66779cf25e7fadc867e0bb296fdfc3fda8d2'

test('the documented vector is signed and verified, with either algorithm', () => {
  expect(BODY).toHaveLength(275)
  expect(sign(BODY, SHA1)).toBe(RIGHT)
  expect(sign(BODY, SHA256)).toBe('13ef986aeb26fcc80b59518814d5eacbe8d47e96436d92343cfe7b8fa8e576ec')
  expect([verifySignature(BODY, RIGHT, SHA1), verifySignature(BODY, sign(BODY, SHA256), SHA256)]).toEqual([true, true])
})

test('hex of either case is the same signature', () => expect(verifySignature(BODY, RIGHT.toUpperCase(), SHA1)).toBe(true))

test('JSON that was read and written again is not what was signed', () => {
  const rewritten = Buffer.from(JSON.stringify(JSON.parse(BODY.toString())))
  expect(sign(rewritten, SHA1)).toBe('d70555ba62dfb237ce6175b79dadca77f0d57a20')
  expect(verifySignature(rewritten, RIGHT, SHA1)).toBe(false)
})

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['blanks', '   '],
  ['one digit less', RIGHT.slice(1)],
  ['one byte less', RIGHT.slice(2)],
  ['one byte more', `${RIGHT}00`],
  ['another digit', `c${RIGHT.slice(1)}`],
  ['the other algorithm', '13ef986aeb26fcc80b59518814d5eacbe8d47e96436d92343cfe7b8fa8e576ec'],
  ['signs that are no hex', 'z'.repeat(40)],
  ['another alphabet', 'подпись'],
  ['the same length in another alphabet', 'я'.repeat(40)],
  ['a zero character', `${RIGHT}\0`],
  ['two of them', `${RIGHT}, ${RIGHT}`],
  ['an algorithm before it', `sha1=${RIGHT}`],
  ['base64', Buffer.from(RIGHT, 'hex').toString('base64')],
  ['an endless text', 'ab'.repeat(100_000)],
])('%s is no signature', (_what, signature) => expect(verifySignature(BODY, signature, SHA1)).toBe(false))

test('every flipped bit of the body is noticed', () => {
  for (let at = 0; at < BODY.length; at += 1) {
    const flipped = Buffer.from(BODY)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    expect(verifySignature(flipped, RIGHT, SHA1)).toBe(false)
  }
})

test('nobody can sign with an empty key', () => {
  expect(() => sign(BODY, { key: '', algorithm: 'sha1' })).toThrow('empty key')
  expect(() => verifySignature(BODY, RIGHT, { key: '', algorithm: 'sha1' })).toThrow('empty key')
})
