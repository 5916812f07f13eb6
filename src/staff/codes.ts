import { randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { sha256 } from '../shared/ids'

/** RFC 6238 as every authenticator app knows it: six digits of HMAC-SHA-1, a new code every 30 seconds. */
const PERIOD_S = 30
const DIGITS = 6
/** A code of the step before or after is taken as well: the clocks of telephones are off by seconds, and people type slowly. */
const WINDOW = 1
const SECRET_BYTES = 20

export const newTotpSecret = (): string => new Secret({ size: SECRET_BYTES }).base32

export const stepOf = (now: Date): number => Math.floor(now.getTime() / 1_000 / PERIOD_S)

/** A code that was taken further ahead than this was taken under a clock that was wrong. */
export const FURTHEST_AHEAD = WINDOW + 2

/** The step that the code belongs to, or null for a code that is wrong now. */
export function stepOfCode(secret: string, code: string, now: Date): number | null {
  const delta = totp(secret).validate({ token: code, timestamp: now.getTime(), window: WINDOW })
  return delta === null ? null : stepOf(now) + delta
}

/** The address that a QR code carries to an authenticator app. */
export const totpAddress = (secret: string, of: { readonly issuer: string; readonly login: string }): string =>
  new TOTP({ issuer: of.issuer, label: of.login, secret, digits: DIGITS, period: PERIOD_S }).toString()

const totp = (secret: string): TOTP => new TOTP({ secret, digits: DIGITS, period: PERIOD_S })

export const looksLikeTotp = (code: string): boolean => /^\d{6}$/.test(code)

/** No letters that are read as another: 32 signs, so 16 of them are 80 bits, which nobody guesses. */
const SIGNS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const LENGTH = 16

/** A code to be written down and typed once, such as `K7QF-9M2X-R4TD-8HZC`. */
export function newOnceCode(): string {
  const signs = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join('')
  return (signs.match(/.{4}/g) ?? []).join('-')
}

/** How a code is stored. It is random enough that a fast digest keeps it; the owner's id makes equal codes differ. */
export const onceCodeHash = (ownerId: string, code: string): string => sha256(`${ownerId}:${code.toUpperCase().replace(/[^0-9A-Z]/g, '')}`)
