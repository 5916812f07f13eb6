import { createHash } from 'node:crypto'

/** Choices that follow from a seed alone: the same name gives the same sequence on every machine. */
export interface Chance {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  happens(percent: number): boolean
  oneOf<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

/** A generator of its own for every name, so that one more choice in one place changes no other place. */
export function chanceOf(...name: (string | number)[]): Chance {
  let state = createHash('sha256').update(name.join(' ')).digest().readUInt32LE(0)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const oneOf = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error('There is nothing to choose from.')
    return list[below(list.length)] as T
  }
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
  return { below, between: (least, most) => least + below(most - least + 1), happens: (percent) => below(100) < percent, oneOf, shuffled }
}
