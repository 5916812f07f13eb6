import { createHash, randomUUID } from 'node:crypto'
import { v5, v7 } from 'uuid'

/** A random id that nobody can guess: checkouts, operation ids. */
export const newId = (): string => randomUUID()

/** An id that grows with time, so that rows written together lie together in an index. */
export const newSortedId = (): string => v7()

/** The smallest sorted id that could have been made at that moment: its first 48 bits are the milliseconds (RFC 9562, version 7). */
export function firstIdAt(moment: Date): string {
  const time = Math.max(0, moment.getTime()).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-0000-0000-000000000000`
}

/** Under which the ids that follow from a text are made (RFC 9562, version 5); any constant would do. */
const NAMESPACE = 'f3a5b6a0-5b0e-4c53-9d2b-6c1a0e3f7d42'

/** An id that follows from a text: whoever says the same names the same. */
export const idFrom = (text: string): string => v5(text, NAMESPACE)

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const SHAPE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The shape of every id here and at Invoicebox, whose ids are not RFC 4122 UUIDs. */
export const looksLikeId = (text: unknown): text is string => typeof text === 'string' && SHAPE.test(text)

/**
 * Stable JSON: keys sorted, bigint as decimal text. Two equal values give the same text, so its digest can name a request or seal a batch.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return part.toString()
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
