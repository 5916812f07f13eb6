import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a shop may choose (4.2, Q-56). The keyless `hash` of the PHP kit proves nothing, so it is not offered. */
export const SIGNATURE_ALGORITHMS = ['sha1', 'sha256'] as const
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

export interface SignatureKey {
  /** The shop's "API key", not its token. */
  readonly key: string
  readonly algorithm: SignatureAlgorithm
}

/** The value of `X-Signature`: an HMAC over the raw bytes in lowercase hex. @throws Error for an empty key, which anybody could sign with */
export function sign(body: Buffer, { key, algorithm }: SignatureKey): string {
  if (key === '') throw new Error('bug: a signature with an empty key')
  return createHmac(algorithm, key).update(body).digest('hex')
}

/**
 * Whether these very bytes were signed with our key: JSON that was read and written again has another digest (4.2).
 * Hex of either case will do; anything else, an absent header included, is no signature. The comparison takes the same time for every wrong one of the right length.
 */
export function verifySignature(body: Buffer, signature: string | undefined, key: SignatureKey): boolean {
  const expected = Buffer.from(sign(body, key), 'hex')
  const given = Buffer.from(isHex(signature) ? signature.trim() : '', 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const isHex = (text: string | undefined): text is string => text !== undefined && /^\s*(?:[0-9a-f]{2}){1,128}\s*$/i.test(text)
