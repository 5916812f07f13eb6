import { z } from 'zod'
import { parseMoney } from '../shared/money'

/* The forms that settings take, and what is asked of each. */

export const optional = z.string().trim().min(1).optional()
/** A text that may be left out; the sentence says what it must be. */
export const checked = (isRight: (text: string) => boolean, sentence: string) => z.string().trim().refine(isRight, sentence).optional()
export const port = (name: string, fallback: number) =>
  z.coerce
    .number(`${name} must be a port number.`)
    .int(`${name} must be a port number.`)
    .min(0, `${name} must be a port number.`)
    .max(65535, `${name} must be a port number.`)
    .default(fallback)
export const whole = (name: string, fallback: number) =>
  z.coerce
    .number(`${name} must be a whole number.`)
    .int(`${name} must be a whole number.`)
    .min(0, `${name} must not be negative.`)
    .default(fallback)
export const oneOf = <const T extends readonly string[]>(name: string, values: T) =>
  z.enum(values, `${name} must be one of ${values.join(', ')}.`)

export const amount = (name: string, unit: 'PTS' | 'RUB', fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parseMoney(text, unit)
      } catch {
        context.addIssue({ code: 'custom', message: `${name} must be an amount with at most two decimals, such as ${fallback}.` })
        return z.NEVER
      }
    })

/** Where letters go: see `mail` in the config. */
export function isMailUrl(text: string): boolean {
  return text === 'console:' || /^file:./.test(text) || (/^smtps?:\/\//i.test(text) && URL.canParse(text))
}

export function isMailbox(text: string): boolean {
  return /^[^\s@<>,"]{1,64}@[^\s@<>,"]{1,255}$/.test(text)
}

export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text)
}

/** The address of a server to ask: what else a URL can carry would be lost or sent along. */
export function isServer(text: string): boolean {
  if (!isWebAddress(text)) return false
  const { username, password, search, hash } = new URL(text)
  return username + password + search + hash === ''
}

/** Our pages link to each other from the root, and browsers name us by the origin alone. */
export function isOrigin(text: string): boolean {
  return isServer(text) && new URL(text).pathname === '/'
}

export function isHost(text: string): boolean {
  return URL.canParse(`https://${text}`) && !/[/@?#*\\\s]/.test(text)
}

/** Short, of few different characters, or an example out of a document. */
export const isWeak = (secret: string, shortest = 32): boolean =>
  secret.length < shortest ||
  new Set(secret).size < 10 ||
  /change[-_ ]?me|example|secret-that-production-refuses|not-for-production/i.test(secret)
