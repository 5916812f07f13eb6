/** Chance that can be had again: the same seed gives the same order of rounds and the same choice of members. */
export interface Chance {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number
  oneOf<T>(items: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
}

/** Mulberry32, a small generator that is good enough to choose members by. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    oneOf: (items) => items[below(items.length)] as (typeof items)[number],
    shuffled: (items) => {
      const rest = [...items]
      return items.map(() => rest.splice(below(rest.length), 1)).flat()
    },
  }
}
