/**
 * A JSON reader that keeps each number as it was written. `JSON.parse` rounds 12345678901234567890 and 0.1000000000000000001
 * silently, and Node 20 cannot show the source text, so an amount could change on its way in without a trace.
 * It is stricter than `JSON.parse` in three points: a repeated key, a deep nesting and a huge number of values are refused.
 */
export class ExactNumber {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | ExactNumber | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

export class NotJson extends Error {
  override name = 'NotJson'
}

/** A real answer is nested five levels deep; a page of fifty invoices has about a thousand values. */
const MAX_DEPTH = 32
const MAX_VALUES = 100_000

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const BLANK = /[ \t\n\r]*/y
const WORDS = new Map<string, null | boolean>([
  ['null', null],
  ['true', true],
  ['false', false],
])

/** Objects come without a prototype, so that a key such as `__proto__` is a key like any other. @throws NotJson */
export function parseExactJson(text: string): Json {
  return new Reader(text).whole()
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)

class Reader {
  private at = 0
  private values = 0

  constructor(private readonly text: string) {}

  whole(): Json {
    this.blank()
    const value = this.value(0)
    this.blank()
    if (this.at !== this.text.length) throw new NotJson('Something follows the value.')
    return value
  }

  private value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new NotJson('Nested too deeply.')
    this.values += 1
    if (this.values > MAX_VALUES) throw new NotJson('Too many values.')
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return this.string()
    const word = this.word()
    return word === undefined ? this.number() : word
  }

  private object(depth: number): JsonObject {
    const object = Object.create(null) as JsonObject
    this.list('}', () => {
      const key = this.string()
      if (key in object) throw new NotJson('A key is repeated.')
      this.blank()
      if (!this.taken(':')) throw new NotJson('A colon is missing.')
      this.blank()
      object[key] = this.value(depth + 1)
    })
    return object
  }

  private array(depth: number): Json[] {
    const items: Json[] = []
    this.list(']', () => items.push(this.value(depth + 1)))
    return items
  }

  private list(end: string, readItem: () => void): void {
    this.at += 1
    this.blank()
    if (this.taken(end)) return
    for (;;) {
      readItem()
      this.blank()
      if (this.taken(end)) return
      if (!this.taken(',')) throw new NotJson('A comma is missing.')
      this.blank()
    }
  }

  private string(): string {
    const start = this.at
    if (this.text[start] !== '"') throw new NotJson('A quote is missing.')
    let end = this.text.indexOf('"', start + 1)
    while (end > 0 && this.isEscaped(end)) end = this.text.indexOf('"', end + 1)
    if (end < 0) throw new NotJson('A string has no end.')
    this.at = end + 1
    return unquote(this.text.slice(start, this.at))
  }

  private isEscaped(quote: number): boolean {
    let before = quote
    while (this.text[before - 1] === '\\') before -= 1
    return (quote - before) % 2 === 1
  }

  /** `undefined` is no word at all, since `null` is one. */
  private word(): null | boolean | undefined {
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    return undefined
  }

  private number(): ExactNumber {
    NUMBER.lastIndex = this.at
    const found = NUMBER.exec(this.text)?.[0]
    if (found === undefined) throw new NotJson('A value is missing.')
    this.at += found.length
    return new ExactNumber(found)
  }

  private taken(sign: string): boolean {
    if (this.text[this.at] !== sign) return false
    this.at += 1
    return true
  }

  private blank(): void {
    BLANK.lastIndex = this.at
    BLANK.exec(this.text)
    this.at = BLANK.lastIndex
  }
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw new NotJson('A string is damaged.')
  }
}
