import { createHash } from 'node:crypto'
import type { Money } from '../shared/money'

/** One credited member of a list: a member id and minor units. */
export interface Credit {
  readonly memberId: string
  readonly amount: bigint
}

/** An id as it is packed: 32 hexadecimal digits in four words. */
const ID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})([0-9a-f]{8})$/
const WORDS = 4

/** Rows that are turned into bytes at once for the digest. */
const DIGEST_CHUNK = 4_096
const ROW_BYTES = WORDS * 4 + 8

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
    const parts = ID.exec(memberId)
    if (!parts) throw new Error('bug: a member id is not of the usual form')
    if (this.count === this.lines.length) this.grow()
    const at = this.count++
    const [, a = '', b = '', c = '', d = '', e = '', f = ''] = parts
    this.words.set([parseInt(a, 16), parseInt(b + c, 16), parseInt(d + e, 16), parseInt(f, 16)], at * WORDS)
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
    return Array.from(this.order.subarray(from, to), (row) => ({ memberId: this.memberId(row), amount: this.amounts[row] ?? 0n }))
  }

  /** Names the content: the same members with the same amounts give the same digest in any order and spelling. Call `seal` first. */
  digest(): string {
    const hash = createHash('sha256')
    for (let from = 0; from < this.count; from += DIGEST_CHUNK) {
      const rows = this.order.subarray(from, from + DIGEST_CHUNK)
      const bytes = Buffer.alloc(rows.length * ROW_BYTES)
      rows.forEach((row, index) => {
        for (let word = 0; word < WORDS; word++) bytes.writeUInt32BE(this.words[row * WORDS + word] ?? 0, index * ROW_BYTES + word * 4)
        bytes.writeBigUInt64BE(this.amounts[row] ?? 0n, index * ROW_BYTES + WORDS * 4)
      })
      hash.update(bytes)
    }
    return hash.digest('hex')
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

  private memberId(row: number): string {
    let hex = ''
    for (let word = 0; word < WORDS; word++) hex += (this.words[row * WORDS + word] ?? 0).toString(16).padStart(8, '0')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
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
