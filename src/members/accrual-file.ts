import { StringDecoder } from 'node:string_decoder'

/** One line of a list: who gets how much, as it was written. Empty fields stand for a line that has another form. */
export interface AccrualRow {
  /** Counted from 1, as an editor counts. */
  readonly line: number
  /** A login, or `member:` and a member's id. No login has a colon. */
  readonly member: string
  /** Points with at most two decimals. */
  readonly amount: string
}

/** A line that is longer cannot be a login and an amount; the rest of it is not kept. */
const LONGEST_LINE = 300

const HEADER = /^"?(login|member)"?[,;\t]"?(amount|points)"?$/i
const SEPARATOR = /[,;\t]/

/**
 * Reads `login,amount` lines out of a stream of UTF-8 text, holding one chunk of it at a time. The fields may be parted by a comma, a semicolon or a tab and stand in
 * quotes; a first line `login,amount` is a header; empty lines count as lines and give nothing.
 */
export async function* readAccrualFile(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<AccrualRow> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let line = 0
  let begun = false
  const rowOf = (text: string): AccrualRow | undefined => {
    line += 1
    if (text.length >= LONGEST_LINE) return { line, member: '', amount: '' }
    const trimmed = (line === 1 ? text.replace(/^\ufeff/, '') : text).trim()
    if (trimmed === '') return undefined
    const isHeader = !begun && HEADER.test(trimmed)
    begun = true
    return isHeader ? undefined : toRow(trimmed, line)
  }
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.write(chunk))).split('\n')
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
    for (const text of lines) {
      const row = rowOf(text)
      if (row) yield row
    }
  }
  const last = rowOf(rest + decoder.end())
  if (last) yield last
}

function toRow(text: string, line: number): AccrualRow {
  const [member = '', amount = '', ...more] = text.split(SEPARATOR).map(unquoted)
  return member === '' || amount === '' || more.length > 0 ? { line, member: '', amount: '' } : { line, member, amount }
}

const unquoted = (field: string): string => {
  const text = field.trim()
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text
}
