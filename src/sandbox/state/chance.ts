/** The random parts of the sandbox. One seed gives one sequence, so a run can be repeated; the seed is printed at start. */
export interface Chance {
  readonly seed: number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** So many random hex digits. */
  hex(digits: number): string
}

/** Mulberry32: small and repeatable. Nothing secret depends on it. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return { seed, below, hex }
}

/**
 * Ids look like UUIDs, grow with time and are deliberately not RFC 4122: version and variant nibbles lie outside the standard.
 * @param numeric digits only, to prove that a client treats ids as opaque text
 */
export function newId(chance: Chance, now: Date, numeric: boolean): string {
  if (numeric) return `${now.getTime()}${String(chance.below(1_000_000_000)).padStart(9, '0')}`
  const time = Math.max(0, now.getTime()).toString(16).padStart(12, '0').slice(-12)
  const version = (10 + chance.below(6)).toString(16)
  const variant = (12 + chance.below(4)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${chance.hex(3)}-${variant}${chance.hex(3)}-${chance.hex(12)}`
}
