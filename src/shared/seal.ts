import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

/** Encrypts short secrets that are stored, for one purpose: what was sealed for another one cannot be opened. */
export interface Seal {
  /** Encrypts a text of one owner: in another owner's row it cannot be opened. */
  seal(ownerId: string, text: string): string
  /** The text, or undefined when it was sealed under another secret, for another owner, or not by us. */
  unseal(ownerId: string, sealed: string): string | undefined
  /** Tells whether two texts are the same without telling what they are. Hexadecimal, 64 signs. */
  digest(text: string): string
}

/** @param secret one of the operator's: its owner can open everything; @param purpose part of the key, so it never changes */
export function createSeal(secret: string, purpose: string): Seal {
  const key = keyOf(secret, purpose)
  const digestKey = keyOf(secret, `digest: ${purpose}`)
  return {
    seal: (ownerId, text) => encrypt(key, ownerId, text),
    unseal: (ownerId, sealed) => decrypt(key, ownerId, sealed),
    digest: (text) => createHmac('sha256', digestKey).update(text).digest('hex'),
  }
}

const keyOf = (secret: string, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, 'gateway', purpose, 32))

function encrypt(key: Buffer, ownerId: string, text: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(ownerId))
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()])
  return `${VERSION}.${Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')}`
}

function decrypt(key: Buffer, ownerId: string, sealed: string): string | undefined {
  const [version, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  if (version !== VERSION || bytes.length <= IV_BYTES + TAG_BYTES) return undefined
  const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(-TAG_BYTES)]
  try {
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(ownerId)).setAuthTag(tag)
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
