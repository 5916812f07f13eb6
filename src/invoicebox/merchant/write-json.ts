import { ExactNumber } from '../exact-json'
import type { Money } from '../../shared/money'

/** An amount as the shortest JSON number that means it: `12200`, `1239.6`. Never through a float (Q-36). */
export function amountNumber({ minor }: Money): ExactNumber {
  const sign = minor < 0n ? '-' : ''
  const size = minor < 0n ? -minor : minor
  const decimals = String(size % 100n)
    .padStart(2, '0')
    .replace(/0+$/, '')
  return new ExactNumber(`${sign}${size / 100n}${decimals ? `.${decimals}` : ''}`)
}

/** A decimal such as `0.50` as a JSON number: without zeros that say nothing. */
export const decimalNumber = (text: string): ExactNumber =>
  new ExactNumber((text.includes('.') ? text.replace(/\.?0+$/, '') : text).replace(/^0+(?=\d)/, ''))

/** A moment with an explicit offset and without a fraction (2.5, Q-37). */
export const momentText = (moment: Date): string => `${moment.toISOString().slice(0, 19)}+00:00`

/** JSON text in which each `ExactNumber` stands as it is; a field that is undefined is left out, as `JSON.stringify` does. */
export function writeJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, item]) => item !== undefined)
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${writeJson(item)}`).join(',')}}`
}
