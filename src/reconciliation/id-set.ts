/** Four words of 32 bits: an id of 36 characters in 16 bytes. */
const WORDS = 4
const SMALLEST = 1024

/** Lower case, since ids compare without regard to it and are handed in that way. */
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const NIL = '00000000-0000-0000-0000-000000000000'

/**
 * A set of ids that takes 21 to 43 bytes for each, where a `Set` of strings takes a hundred: a comparison remembers every invoice that was ever paid. Nothing is lost or
 * mistaken: the whole id is kept, and whatever has not the shape of a UUID is kept as it is.
 */
export class IdSet {
  private slots = new Uint32Array(SMALLEST * WORDS)
  private count = 0
  private readonly others = new Set<string>()

  /** @param id in lower case */
  has(id: string): boolean {
    const words = wordsOf(id)
    return words === undefined ? this.others.has(id) : this.isTaken(this.slotOf(words))
  }

  /** @param id in lower case. @returns false when it was there already */
  add(id: string): boolean {
    const words = wordsOf(id)
    if (words === undefined) return this.others.size < this.others.add(id).size
    const slot = this.slotOf(words)
    if (this.isTaken(slot)) return false
    this.slots.set(words, slot)
    this.count += 1
    // Three quarters full at most, so that a look takes a few steps.
    if (this.count * WORDS * 4 > this.slots.length * 3) this.grow()
    return true
  }

  private grow(): void {
    const old = this.slots
    this.slots = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += WORDS) {
      const words = old.subarray(at, at + WORDS)
      if (words.some((word) => word !== 0)) this.slots.set(words, this.slotOf(words))
    }
  }

  /** The first word of where these words stand, or of the free slot where they would. */
  private slotOf(words: ArrayLike<number>): number {
    const mask = this.slots.length / WORDS - 1
    for (let slot = mixed(words) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS
      if (!this.isTaken(at) || this.isSame(at, words)) return at
    }
  }

  /** No id is all zeros: that one is kept among the others. */
  private isTaken(at: number): boolean {
    const { slots } = this
    return ((slots[at] ?? 0) | (slots[at + 1] ?? 0) | (slots[at + 2] ?? 0) | (slots[at + 3] ?? 0)) !== 0
  }

  private isSame(at: number, words: ArrayLike<number>): boolean {
    for (let word = 0; word < WORDS; word += 1) if (this.slots[at + word] !== words[word]) return false
    return true
  }
}

function wordsOf(id: string): number[] | undefined {
  if (!ID.test(id) || id === NIL) return undefined
  const digits = id.replaceAll('-', '')
  return [0, 8, 16, 24].map((from) => parseInt(digits.slice(from, from + 8), 16))
}

/** Ids that grow with time begin alike and end by chance, so all four words count. */
function mixed(words: ArrayLike<number>): number {
  let mix = 0
  for (let word = 0; word < WORDS; word += 1) mix = Math.imul(mix ^ (words[word] ?? 0), 0x9e3779b1) ^ (mix >>> 15)
  return (mix ^ (mix >>> 16)) >>> 0
}
