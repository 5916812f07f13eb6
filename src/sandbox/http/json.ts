/** JSON text that goes out exactly as it is: amounts that no `number` could carry unharmed. */
export class Verbatim {
  constructor(readonly text: string) {}
}

export type Json = string | number | boolean | null | Verbatim | readonly Json[] | { readonly [key: string]: Json }

/** JSON as recorded from the live API: no spaces, slashes escaped as `\/`, Cyrillic left literal. */
export function encodeJson(value: Json): string {
  if (value instanceof Verbatim) return value.text
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('/', '\\/')
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(encodeJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value as Record<string, Json>).map(([key, part]) => `${encodeJson(key)}:${encodeJson(part)}`)
  return `{${members.join(',')}}`
}

/** What a body says, or undefined when it is not JSON in UTF-8. */
export function decodeJson(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) }
  } catch {
    return undefined
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
