import type { Request } from 'express'
import { TOKEN_FIELD } from './forgery'

/** Fields of these names hold what nobody else may read, and so are never sent back. */
const SECRET = /^(current|code)$|password|secret/i

/**
 * The fields of a form that asks for a reason, so that it can come back with what was typed; a field given more than once stands there as often.
 * Null for other requests, for a form with a file, which no page can fill in again, and for one with a secret.
 */
export function sentForm(req: Request): (readonly [string, string])[] | null {
  if (req.method !== 'POST' || typeof req.body !== 'object' || req.body === null || Buffer.isBuffer(req.body)) return null
  const fields = Object.entries(req.body as Record<string, unknown>).filter(([name]) => name !== TOKEN_FIELD)
  const given = fields.flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
  const texts = given.filter((field): field is readonly [string, string] => typeof field[1] === 'string')
  const names = fields.map(([name]) => name)
  return texts.length < given.length || !names.includes('reason') || names.some((name) => SECRET.test(name)) ? null : texts
}
