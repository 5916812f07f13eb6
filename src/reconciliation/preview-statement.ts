import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { digestOf, spanOf } from './compare-statement'
import { readStatement } from './read-statement'
import type { StatementLine } from './read-statement'
import { findStatement, statementsWithin } from './statement-store'
import type { Statement } from './statement-store'

/** What a file was understood to say, before anything is kept of it. */
export interface StatementPreview {
  readonly firstAt: Date
  readonly lastAt: Date
  readonly lineCount: number
  readonly sums: readonly { readonly kind: StatementLine['kind']; readonly count: number; readonly sum: Money }[]
  /** The first of its lines. */
  readonly lines: readonly StatementLine[]
  /** The same file, when it was imported before. */
  readonly known: Statement | null
  /** Statements whose place it could take: all of their time lies within its own. */
  readonly replaceable: readonly Statement[]
}

const SHOWN_LINES = 20
const MOST_REPLACEABLE = 20
const KINDS: readonly StatementLine['kind'][] = ['payment', 'return', 'deposit', 'balance']

/** Reads a statement and keeps nothing. @throws BadStatement */
export async function previewStatement(db: Db, text: string, zone: string): Promise<StatementPreview> {
  const lines = readStatement(text, zone)
  const span = spanOf(lines)
  const known = (await findStatement(db, digestOf(text))) ?? null
  const within = await statementsWithin(db, span, MOST_REPLACEABLE)
  return {
    ...span,
    lineCount: lines.length,
    sums: KINDS.flatMap((kind) => sumOf(kind, lines)),
    lines: lines.slice(0, SHOWN_LINES),
    known,
    replaceable: within.filter(({ id }) => id !== known?.id),
  }
}

/** Balances are no movements: of them only the number is told, and the last. */
function sumOf(kind: StatementLine['kind'], lines: readonly StatementLine[]): StatementPreview['sums'][number][] {
  const amounts = lines.filter((line) => line.kind === kind).map(({ amount }) => amount.minor)
  if (amounts.length === 0) return []
  const sum = kind === 'balance' ? (amounts.at(-1) ?? 0n) : amounts.reduce((total, amount) => total + amount, 0n)
  return [{ kind, count: amounts.length, sum: money(sum, 'RUB') }]
}
