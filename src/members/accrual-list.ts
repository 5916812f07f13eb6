import { createHash } from 'node:crypto'
import type { Money } from '../shared/money'

/** One credited member of a list: a member id and minor units. */
export interface Credit {
  readonly memberId: string
  readonly amount: bigint
}

/** An id as it is packed: 32 hexadecimal digits in four words. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const WORDS = 4

/** Rows that are turned into bytes at once for the digest. */
const DIGEST_CHUNK = 4_096
const ROW_BYTES = WORDS * 4 + 8

/** The id whose hexadecimal digits begin there. */
const idAt = (hex: string, at: number): string =>
  `${hex.slice(at, at + 8)}-${hex.slice(at + 8, at + 12)}-${hex.slice(at + 12, at + 16)}-${hex.slice(at + 16, at + 20)}-${hex.slice(at + 20, at + 32)}`

/**
 * Who gets how much, packed: 32 bytes for a member, so a million members take 32 MB and not the hundreds that as many objects would.
 * Lines are added in the order of the file; after `seal` the credits stand in the order of the member ids, whatever order the file had.
 */
export class AccrualList {
  private words = new Uint32Array(WORDS * 16_384)
  private amounts = new BigUint64Array(16_384)
  private lines = new Uint32Array(16_384)
  private order = new Uint32Array(0)
  private count = 0
  private sum = 0n

  get size(): number {
    return this.count
  }

  /** All amounts together, in minor units. */
  get total(): bigint {
    return this.sum
  }

  add(memberId: string, amount: Money, line: number): void {
    if (!ID.test(memberId)) throw new Error('bug: a member id is not of the usual form')
    if (this.count === this.lines.length) this.grow()
    const at = this.count++
    const first = at * WORDS
    this.words[first] = parseInt(memberId.slice(0, 8), 16)
    this.words[first + 1] = parseInt(memberId.slice(9, 13) + memberId.slice(14, 18), 16)
    this.words[first + 2] = parseInt(memberId.slice(19, 23) + memberId.slice(24, 28), 16)
    this.words[first + 3] = parseInt(memberId.slice(28), 16)
    this.amounts[at] = amount.minor
    this.lines[at] = line
    this.sum += amount.minor
  }

  /** Sorts the credits by member. Returns the lines whose member stands on an earlier line already, each with that line. */
  seal(): { line: number; earlier: number }[] {
    this.order = Uint32Array.from({ length: this.count }, (_, index) => index)
    this.order.sort((a, b) => this.compare(a, b) || a - b)
    const repeated: { line: number; earlier: number }[] = []
    let first = 0
    for (let at = 1; at < this.count; at++) {
      if (this.compare(this.row(at), this.row(first)) !== 0) first = at
      else repeated.push({ line: this.lines[this.row(at)] ?? 0, earlier: this.lines[this.row(first)] ?? 0 })
    }
    return repeated
  }

  /** The credits from one place to another in the order of the member ids. Call `seal` first. */
  slice(from: number, to: number): Credit[] {
    const rows = this.order.subarray(from, to)
    const hex = this.packed(rows).toString('hex')
    return Array.from(rows, (row, index) => ({ memberId: idAt(hex, index * ROW_BYTES * 2), amount: this.amounts[row] ?? 0n }))
  }

  /** Names the content: the same members with the same amounts give the same digest in any order and spelling. Call `seal` first. */
  digest(): string {
    const hash = createHash('sha256')
    for (let from = 0; from < this.count; from += DIGEST_CHUNK) hash.update(this.packed(this.order.subarray(from, from + DIGEST_CHUNK)))
    return hash.digest('hex')
  }

  /** Rows as bytes, the most significant first: the id, then the amount. */
  private packed(rows: Uint32Array): Buffer {
    const bytes = Buffer.alloc(rows.length * ROW_BYTES)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    rows.forEach((row, index) => {
      const at = index * ROW_BYTES
      for (let word = 0; word < WORDS; word++) view.setUint32(at + word * 4, this.words[row * WORDS + word] ?? 0)
      view.setBigUint64(at + WORDS * 4, this.amounts[row] ?? 0n)
    })
    return bytes
  }

  private row(at: number): number {
    return this.order[at] ?? 0
  }

  private compare(a: number, b: number): number {
    for (let word = 0; word < WORDS; word++) {
      const difference = (this.words[a * WORDS + word] ?? 0) - (this.words[b * WORDS + word] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  private grow(): void {
    const capacity = this.lines.length * 2
    const [words, amounts, lines] = [new Uint32Array(capacity * WORDS), new BigUint64Array(capacity), new Uint32Array(capacity)]
    words.set(this.words)
    amounts.set(this.amounts)
    lines.set(this.lines)
    Object.assign(this, { words, amounts, lines })
  }
}
