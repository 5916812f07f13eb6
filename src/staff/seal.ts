import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, 'gateway', 'second factor of staff', 32))

/** Encrypts a secret of one person: in another person's row it cannot be opened. */
export function seal(secret: string, ownerId: string, text: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, keyOf(secret), iv).setAAD(Buffer.from(ownerId))
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()])
  return `${VERSION}.${Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')}`
}

/** The text, or undefined when it was sealed under another secret, for another person, or not by us. */
export function unseal(secret: string, ownerId: string, sealed: string): string | undefined {
  const [version, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  if (version !== VERSION || bytes.length <= IV_BYTES + TAG_BYTES) return undefined
  const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(-TAG_BYTES)]
  try {
    const decipher = createDecipheriv(ALGORITHM, keyOf(secret), iv, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(ownerId))
      .setAuthTag(tag)
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
