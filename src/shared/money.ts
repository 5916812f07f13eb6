/**
 * Money: whole minor units with a unit. This file is the only door between text (or upstream numbers) and amounts.
 *
 * `PTS` are the programme's points; the rest are ISO 4217 codes that Invoicebox lists. Every unit has two decimals.
 */
export const UNITS = ['PTS', 'RUB', 'USD', 'EUR', 'GBP', 'CNY', 'UZS'] as const
export type Unit = (typeof UNITS)[number]

export interface Money {
  /** Hundredths of the unit: kopecks for `RUB`, hundredths of a point for `PTS`. */
  readonly minor: bigint
  readonly unit: Unit
}

/** The largest amount we take: whatever is larger cannot have come through a JSON number unharmed. */
export const MAX_MINOR = BigInt(Number.MAX_SAFE_INTEGER)

export class NotMoney extends Error {
  override name = 'NotMoney'
}

export const money = (minor: bigint, unit: Unit): Money => ({ minor, unit })

export const isUnit = (text: unknown): text is Unit => UNITS.includes(text as Unit)

/** From here on two neighbouring JSON numbers lie further apart than a hundredth, so such a number no longer says which hundredths were meant; text still does. */
const BLURRED = 2 ** 46

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,2})0*)?$/

/**
 * Reads an amount out of text (`"196.58"`) or of a JSON number (`196.58`, `1239.6`, `110`).
 * A third decimal, an exponent, a blank, an amount beyond 2^53 minor units or a number too large to keep its hundredths is refused, never rounded.
 * @throws NotMoney
 */
export function parseMoney(value: unknown, unit: Unit): Money {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof value === 'number' && Math.abs(value) >= BLURRED) throw new NotMoney(`${value} is too large a number to keep its hundredths.`)
  if (typeof text !== 'string') throw new NotMoney(`An amount must be a number or text, not ${typeof value}.`)
  const parts = DECIMAL.exec(text)
  if (!parts) throw new NotMoney(`"${text.slice(0, 40)}" is not an amount with at most two decimals.`)
  const [, sign, whole = '0', decimals = ''] = parts
  const minor = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'))
  if (minor > MAX_MINOR) throw new NotMoney(`"${text.slice(0, 40)}" is larger than any amount we serve.`)
  return money(sign ? -minor : minor, unit)
}

/** Like `parseMoney`, and zero or less is refused as well. @throws NotMoney */
export function parsePositiveMoney(value: unknown, unit: Unit): Money {
  const amount = parseMoney(value, unit)
  if (amount.minor <= 0n) throw new NotMoney('An amount must be greater than zero.')
  return amount
}

/** `10000.00`: the form of JSON answers, CSV and the command line. */
export function toDecimal(minor: bigint): string {
  const size = minor < 0n ? -minor : minor
  return `${minor < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}

/** How many points one rouble costs, as an exact fraction. */
export interface Rate {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Reads `POINTS_PER_RUBLE`: a positive decimal with at most six decimals. @throws NotMoney */
export function parseRate(text: string): Rate {
  const parts = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text)
  const numerator = parts ? BigInt((parts[1] ?? '') + (parts[2] ?? '').padEnd(6, '0')) : 0n
  if (numerator === 0n) throw new NotMoney(`"${text}" is not a rate: use a positive number such as 1 or 0.5.`)
  return { numerator, denominator: 1_000_000n }
}

/** The points price of an amount: amount × rate, rounded up to the point's smallest part (design, section 3). */
export function pointsPrice(amount: Money, rate: Rate): Money {
  const product = amount.minor * rate.numerator
  return money((product + rate.denominator - 1n) / rate.denominator, 'PTS')
}
