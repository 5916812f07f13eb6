import { createHash, timingSafeEqual } from 'node:crypto'
import { ApiRefusal, refusedField } from '../http/refusal'
import type { World } from '../state/world'
import type { ApiCall, ApiRoute } from './call'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** @returns the user id of the partner or the merchant; null without a token, where the route allows it. @throws ApiRefusal 401 `unauthorized` */
export function authenticate(world: World, call: ApiCall, route: ApiRoute): string | null {
  const { authorization } = call.headers
  if (authorization === undefined && route.isOpen) return null
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (isSame(token, world.partner.token)) return world.partner.userId
  if (isSame(token, world.merchant.token)) return merchantsId(world, route)
  throw new ApiRefusal(401, 'unauthorized', 'Unauthorized')
}

export const isSame = (given: string | undefined, secret: string): boolean =>
  given !== undefined && timingSafeEqual(sha256(given), sha256(secret))

/** @throws ApiRefusal 403 `forbidden`: the invoices and the fund are the partner's */
function merchantsId(world: World, route: ApiRoute): string {
  if (route.isMerchants || route.isOpen) return world.merchant.userId
  throw new ApiRefusal(403, 'forbidden', 'Forbidden')
}

/** Counts the request and says where the account stands. @throws ApiRefusal 429 `too_many_requests` with Retry-After */
export function countRequest(world: World, userId: string | null): Record<string, string> {
  const limit = world.settings.rateLimit
  if (!limit || userId === null) return {}
  const { allowed, remaining, resetSeconds } = world.rate.count(userId, limit, performance.now(), world.settings.rateLimiter)
  const headers = {
    'X-RateLimit-Limit': String(limit.limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(resetSeconds),
  }
  if (allowed) return headers
  throw new ApiRefusal(429, 'too_many_requests', 'Too Many Requests', [], { ...headers, 'Retry-After': String(resetSeconds) })
}

const JSON_TYPE = /^application\/json\b/i
const MANDATORY = [
  { name: 'Accept', isFine: (value: string) => value.split(',').some((part) => JSON_TYPE.test(part.trim())), form: 'application/json' },
  { name: 'Content-Type', isFine: (value: string) => JSON_TYPE.test(value), form: 'application/json' },
  { name: 'User-Agent', isFine: (value: string) => /^[^\s/]+\/\S+ \([^)]+\)/.test(value), form: 'AppName/version (ModuleName version)' },
] as const

/** Sentences about mandatory headers that are missing or of another form. Empty: all is well. */
export function headerFaults(call: ApiCall): { readonly name: string; readonly sentence: string }[] {
  return MANDATORY.flatMap(({ name, isFine, form }) => {
    const value = call.headers[name.toLowerCase()]
    if (typeof value === 'string' && isFine(value)) return []
    return [{ name, sentence: `${name} must be ${form}` }]
  })
}

/** @throws ApiRefusal 422 `validation` with the first missing header as the field */
export function requireHeaders(call: ApiCall): void {
  const [fault] = headerFaults(call)
  if (fault) throw refusedField(fault.name, fault.sentence)
}
