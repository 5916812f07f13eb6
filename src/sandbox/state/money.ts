/** Amounts of the sandbox: bigint kopecks (hundredths of any currency). Text is the only way in and out, so nothing is ever rounded. */

/** 999 999 999 999.99: what a JSON number still carries exactly, with room to add. */
export const MAX_KOPECKS = 99_999_999_999_999n

const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/

/** `"12.5"` → `1250n`; undefined for anything but a decimal with at most two decimals. */
export function toKopecks(text: string): bigint | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = ''] = match
  const kopecks = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'))
  return sign === '-' ? -kopecks : kopecks
}

/** `1250n` → `"12.50"`: how the control interface writes an amount. */
export function toDecimal(kopecks: bigint): string {
  const digits = (kopecks < 0n ? -kopecks : kopecks).toString().padStart(3, '0')
  return `${kopecks < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** `1250n` → `"12.5"`, `1200n` → `"12"`: the shortest JSON number, as recorded from the live API. */
export const toShortest = (kopecks: bigint): string => toDecimal(kopecks).replace(/\.?0+$/, '')

const VAT_PERCENT = 22n

/** The VAT inside an amount at the main rate (22/122), half a kopeck rounded up. */
export const vatInside = (kopecks: bigint): bigint => (kopecks * VAT_PERCENT * 2n + (100n + VAT_PERCENT)) / ((100n + VAT_PERCENT) * 2n)
