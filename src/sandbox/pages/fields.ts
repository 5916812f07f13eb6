import type { Request } from 'express'

/** A field of a form, trimmed; empty when it is absent or given twice. */
export function fieldOf(req: Request, name: string): string {
  const body = req.body as Record<string, unknown> | undefined
  const value = body && Object.hasOwn(body, name) ? body[name] : undefined
  return typeof value === 'string' ? value.trim() : ''
}

/** The named fields that were filled in: a form's way to say what the JSON interface would be told. */
export const filled = (req: Request, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, fieldOf(req, name)] as const).filter(([, value]) => value !== ''))

/** Text that should be a number becomes one; anything else stays, for the schema to refuse with its sentence. */
export const numbers = (fields: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, /^-?\d{1,15}$/.test(value) ? Number(value) : value]))

/** `10 000,50` as people write it → `10000.50`. */
export const typedAmount = (text: string): string => text.replace(/[\s\u00a0]/g, '').replace(',', '.')

/** The named fields that are there at all. */
export const stated = (fields: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined))
