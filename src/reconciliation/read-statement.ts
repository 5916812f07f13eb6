import { parse } from 'csv-parse/sync'
import { dayEnd, dayStart, isDay } from '../shared/days'
import { looksLikeId } from '../shared/ids'
import { parseMoney } from '../shared/money'
import type { Money } from '../shared/money'

/** What one line of a statement of the guarantee fund tells. */
export interface StatementLine {
  /** Counted from 1, as an editor counts; the header is line 1. */
  readonly number: number
  readonly kind: 'payment' | 'return' | 'deposit' | 'balance'
  readonly at: Date
  /** Our operation id or Invoicebox's transaction id; ids in lower case. */
  readonly operation: string | null
  readonly invoiceNumber: string | null
  /** Signed: below zero left the fund. Of a balance the balance itself. */
  readonly amount: Money
}

/** What is wrong with a line, or, where `line` is null, with the whole file. */
export interface StatementFault {
  readonly line: number | null
  readonly code: FaultCode
  /** What stands there, shortened, or which columns are missing. */
  readonly value: string
}

export type FaultCode = keyof typeof SENTENCES

const SENTENCES = {
  amount: (value: string) => `"${value}" is not an amount.`,
  zero: () => 'the amount is zero.',
  sign: (value: string) => `"${value}" is not a sign.`,
  date: (value: string) => `"${value}" is not a date.`,
  operation: () => 'the operation is longer than any id.',
  columns: (value: string) => `The first line must name the columns; missing: ${value}.`,
  no_lines: () => 'The file has no lines below its header.',
  no_csv: (value: string) => `The file is no CSV file: ${value}.`,
} as const

/** The file cannot be used. */
export class BadStatement extends Error {
  override name = 'BadStatement'
  constructor(readonly found: readonly StatementFault[]) {
    super(found.map(sentenceOf).join('\n'))
  }

  /** Every fault as one English sentence with its line. */
  get faults(): readonly string[] {
    return this.found.map(sentenceOf)
  }
}

const sentenceOf = ({ line, code, value }: StatementFault): string => `${line === null ? '' : `Line ${line}: `}${SENTENCES[code](value)}`

class BadCell extends Error {
  constructor(
    readonly code: FaultCode,
    readonly value = '',
  ) {
    super(code)
  }
}

const wholeFile = (code: FaultCode, value = ''): BadStatement => new BadStatement([{ line: null, code, value }])

/** A file as it was saved: UTF-8, or the Windows code page that programs for accountants still write. */
export function decodeStatement(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1251').decode(bytes)
  }
}

/** Each column by the names that it may have in the first line. Upper and lower case are one. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  date: ['date', 'moment', 'дата', 'дата и время'],
  operation: ['operation', 'transaction', 'operation id', 'transaction id', 'операция', 'транзакция', 'номер операции'],
  invoice: ['invoice', 'invoice number', 'счёт', 'счет', 'номер счёта', 'номер счета'],
  amount: ['amount', 'сумма'],
  sign: ['sign', 'direction', 'знак', 'направление'],
}
const NEEDED = ['date', 'amount']

const LEAVES = ['-', '−', 'debit', 'out', 'расход', 'списание']
const ARRIVES = ['+', 'credit', 'in', 'приход', 'зачисление']
const BALANCE = ['balance', 'остаток', 'баланс']

const MOST_FAULTS = 20
const SEPARATORS = [';', ',', '\t']

/**
 * Reads a statement: a first line with the names of the columns, then one line each. Columns may be parted by `;`, `,` or a tab; a BOM is read over. Amounts are written
 * `1 234,56` or `1234.56`; the sign stands before them or in a column of its own. Moments are ISO 8601, or `22.11.2026 14:05` in the operator's zone; a day alone means its end.
 * @throws BadStatement
 */
export function readStatement(text: string, zone: string): StatementLine[] {
  const [header = [], ...records] = cellsOf(text)
  const at = columnsOf(header)
  const faults: StatementFault[] = []
  const lines = records.flatMap((cells, index) => {
    const number = index + 2
    const cell = (name: string): string => (at.get(name) === undefined ? '' : (cells[at.get(name) as number] ?? '').trim())
    try {
      return [toLine(number, cell, zone)]
    } catch (error) {
      if (!(error instanceof BadCell)) throw error
      faults.push({ line: number, code: error.code, value: error.value })
      return []
    }
  })
  if (faults.length > 0) throw new BadStatement(faults.slice(0, MOST_FAULTS))
  if (lines.length === 0) throw wholeFile('no_lines')
  return lines
}

function cellsOf(text: string): string[][] {
  const [first = ''] = text.split('\n', 1)
  const delimiter = [...SEPARATORS].sort((a, b) => first.split(b).length - first.split(a).length)[0]
  try {
    return parse(text, { bom: true, delimiter: delimiter ?? ';', relax_column_count: true, skip_empty_lines: true })
  } catch (error) {
    throw wholeFile('no_csv', (error as Error).message)
  }
}

function columnsOf(header: readonly string[]): Map<string, number> {
  const names = header.map((name) => name.trim().toLowerCase())
  const at = new Map<string, number>()
  for (const [column, aliases] of Object.entries(COLUMNS)) {
    const index = names.findIndex((name) => aliases.includes(name))
    if (index >= 0) at.set(column, index)
  }
  const missing = NEEDED.filter((name) => !at.has(name))
  if (missing.length > 0) throw wholeFile('columns', missing.join(', '))
  return at
}

function toLine(number: number, cell: (name: string) => string, zone: string): StatementLine {
  const operation = cell('operation')
  const invoiceNumber = cell('invoice') || null
  const size = amountOf(cell('amount'))
  const at = momentOf(cell('date'), zone)
  if (BALANCE.includes(operation.toLowerCase())) return { number, kind: 'balance', at, operation: null, invoiceNumber: null, amount: size }
  const amount = signed(size, cell('sign').toLowerCase())
  if (amount.minor === 0n) throw new BadCell('zero')
  const kind = amount.minor < 0n ? 'payment' : invoiceNumber ? 'return' : 'deposit'
  return { number, kind, at, operation: nameOf(operation), invoiceNumber, amount }
}

const nameOf = (operation: string): string | null => {
  if (operation.length > 100) throw new BadCell('operation')
  return operation === '' ? null : looksLikeId(operation) ? operation.toLowerCase() : operation
}

function amountOf(text: string): Money {
  const plain = text
    .replace(/[\s\u00a0\u202f]/g, '')
    .replace('−', '-')
    .replace(/^\+/, '')
    .replace(',', '.')
  try {
    return parseMoney(plain, 'RUB')
  } catch {
    throw new BadCell('amount', text.slice(0, 40))
  }
}

function signed({ minor, unit }: Money, sign: string): Money {
  if (sign === '') return { minor, unit }
  const size = minor < 0n ? -minor : minor
  if (LEAVES.includes(sign)) return { minor: -size, unit }
  if (ARRIVES.includes(sign)) return { minor: size, unit }
  throw new BadCell('sign', sign.slice(0, 20))
}

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/
const LOCAL = /^(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4}))(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/

function momentOf(text: string, zone: string): Date {
  const fault = new BadCell('date', text.slice(0, 40))
  if (ISO.test(text)) {
    const read = new Date(text.replace(' ', 'T'))
    if (Number.isNaN(read.getTime())) throw fault
    return read
  }
  const [, y1, m1, d1, d2, m2, y2, hour, minute, second = '00'] = LOCAL.exec(text) ?? []
  const day = `${y1 ?? y2 ?? ''}-${m1 ?? m2 ?? ''}-${d1 ?? d2 ?? ''}`
  if (!isDay(day)) throw fault
  if (hour === undefined || minute === undefined) return new Date(dayEnd(day, zone).getTime() - 1)
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw fault
  return new Date(dayStart(day, zone).getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000)
}
