import { DAY, HOUR, plus } from '../shared/clock'
import { bound, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { firstIdAt } from '../shared/ids'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'
import { ACCOUNTS } from '../ledger'
import type { StatementLine } from './read-statement'

/** A statement of the guarantee fund that was imported. */
export interface Statement {
  readonly id: string
  readonly name: string
  readonly firstAt: Date
  readonly lastAt: Date
  readonly lineCount: number
  readonly importedAt: Date
  /** The corrected file that has taken its place; null while it stands. Its own id where nobody who may settle differences has compared it: it counts for nothing yet. */
  readonly replacedBy: string | null
}

interface Row {
  id: string
  name: string
  first_at: Date | string
  last_at: Date | string
  line_count: number | bigint
  imported_at: Date | string
  replaced_by: string | null
}

const toStatement = (row: Row): Statement => ({
  id: row.id,
  name: row.name,
  firstAt: moment(row.first_at),
  lastAt: moment(row.last_at),
  lineCount: Number(row.line_count),
  importedAt: moment(row.imported_at),
  replacedBy: row.replaced_by,
})

export interface NewStatement extends Statement {
  readonly digest: string
  readonly importedBy: string
}

const MOST_AT_ONCE = 1000

/** Stores a statement with its lines, unless the same file was imported before. @returns whether it is new */
export async function insertStatement(tx: Tx, statement: NewStatement, lines: readonly StatementLine[]): Promise<boolean> {
  const rows: unknown[] = await tx('statements')
    .insert({
      id: statement.id,
      digest: statement.digest,
      name: statement.name,
      first_at: iso(statement.firstAt),
      last_at: iso(statement.lastAt),
      line_count: statement.lineCount,
      imported_at: iso(statement.importedAt),
      imported_by: statement.importedBy,
      replaced_by: statement.replacedBy,
    })
    .onConflict('digest')
    .ignore()
    .returning('id')
  if (rows.length === 0) return false
  for (let from = 0; from < lines.length; from += MOST_AT_ONCE)
    await insertRows(
      tx,
      'statement_lines',
      lines.slice(from, from + MOST_AT_ONCE).map((line) => toLineRow(statement.id, line)),
    )
  return true
}

const toLineRow = (statementId: string, { number, kind, at, operation, invoiceNumber, amount }: StatementLine) => ({
  statement_id: statementId,
  number,
  kind,
  at: iso(at),
  operation,
  invoice_number: invoiceNumber,
  amount: amount.minor,
})

export async function findStatement(db: Db, digest: string): Promise<Statement | undefined> {
  const row = (await db('statements').where({ digest }).first()) as Row | undefined
  return row && toStatement(row)
}

/** Statements that stand, all of whose time lies between two moments: a corrected file could take their place. */
export async function statementsWithin(db: Db, span: { firstAt: Date; lastAt: Date }, limit: number): Promise<Statement[]> {
  const rows = (await db('statements')
    .where('first_at', '>=', iso(span.firstAt))
    .where('last_at', '<=', iso(span.lastAt))
    .whereNull('replaced_by')
    .orderBy('id', 'desc')
    .limit(limit)) as Row[]
  return rows.map(toStatement)
}

/** A statement that is compared stands again, and the one whose place it takes does not; for whoever may settle differences. @throws Refusal not_found (detail: statement) */
export async function replaceStatement(tx: Tx, statementId: string, replaced: string | undefined): Promise<void> {
  await tx('statements').where({ id: statementId }).update({ replaced_by: null })
  if (replaced === undefined) return
  if ((await tx('statements').where({ id: replaced }).update({ replaced_by: statementId })) !== 1)
    throw new Refusal('not_found', 'statement')
}

/** What stands in the place of these statements: those that they have replaced, one after the other. */
export async function replacedBy(db: Db, statementId: string): Promise<string[]> {
  const all = new Set<string>()
  for (let ids = [statementId]; ids.length > 0;) {
    const older = await db('statements').whereIn('replaced_by', ids).select<{ id: string }[]>('id')
    ids = older.map(({ id }) => id).filter((id) => id !== statementId && !all.has(id))
    for (const id of ids) all.add(id)
  }
  return [...all]
}

/** The newest imports. */
export async function listStatements(db: Db, limit: number): Promise<Statement[]> {
  return ((await db('statements').orderBy('id', 'desc').limit(limit)) as Row[]).map(toStatement)
}

interface LineRow {
  number: number | bigint
  kind: StatementLine['kind']
  at: Date | string
  operation: string | null
  invoice_number: string | null
  amount: bigint
}

/** Lines of a statement in their order, those after `after`. */
export async function listLines(db: Db, statementId: string, page: { after: number; limit: number }): Promise<StatementLine[]> {
  const rows = (await db('statement_lines')
    .where({ statement_id: statementId })
    .where('number', '>', page.after)
    .orderBy('number')
    .limit(page.limit)) as LineRow[]
  return rows.map((row) => ({
    number: Number(row.number),
    kind: row.kind,
    at: moment(row.at),
    operation: row.operation,
    invoiceNumber: row.invoice_number,
    amount: money(row.amount, 'RUB'),
  }))
}

/** As much of a payment as a statement tells of. */
export interface StatedPayment {
  readonly id: string
  readonly operationId: string
  readonly transactionId: string | null
  readonly invoiceId: string
  readonly invoiceNumber: string
  readonly state: string
  readonly amount: Money
  /** What a reversal brings back to whoever paid: points of a member, else money of the fund. */
  readonly worth: Money
}

interface PaymentRow {
  id: string
  operation_id: string
  transaction_id: string | null
  invoice_id: string
  invoice_number: string
  state: string
  points: bigint | null
  amount: bigint
  currency: Unit
}

const PAYMENT_COLUMNS = [
  'id',
  'operation_id',
  'transaction_id',
  'invoice_id',
  'invoice_number',
  'state',
  'points',
  'amount',
  'currency',
] as const

const toStated = (row: PaymentRow): StatedPayment => ({
  id: row.id,
  operationId: row.operation_id,
  transactionId: row.transaction_id,
  invoiceId: row.invoice_id,
  invoiceNumber: row.invoice_number,
  state: row.state,
  amount: money(row.amount, row.currency),
  worth: row.points === null ? money(row.amount, row.currency) : money(row.points, 'PTS'),
})

/** Payments by our operation ids or Invoicebox's transaction ids. */
export async function paymentsOfOperations(db: Db, operations: readonly string[]): Promise<StatedPayment[]> {
  const byOurs = await db('payments')
    .whereIn('operation_id', [...operations])
    .select<PaymentRow[]>(...PAYMENT_COLUMNS)
  const byTheirs = await db('payments')
    .whereIn('transaction_id', [...operations])
    .select<PaymentRow[]>(...PAYMENT_COLUMNS)
  return [...new Map([...byOurs, ...byTheirs].map((row) => [row.id, toStated(row)])).values()]
}

/** Operations for which this statement shows that money was taken more than once. */
export const takenTwice = (db: Db, statementId: string): Promise<string[]> =>
  db('statement_lines')
    .where({ statement_id: statementId, kind: 'payment' })
    .whereNotNull('operation')
    .groupBy('operation')
    .havingRaw('count(*) > 1')
    .pluck('operation')

/** No payment is open longer than a day and a bit, unless a person ends its review; that one is found by its line. */
const LONGEST_OPEN_MS = 2 * DAY

/** Payments that were captured between two moments and that neither this statement nor one that stands shows, in the order of their ids. */
export async function capturedUnstated(
  db: Db,
  span: { from: Date; until: Date; statementId: string },
  page: { after: string; limit: number },
): Promise<StatedPayment[]> {
  const shown = (column: string) =>
    db('statement_lines as l')
      .join('statements as s', 's.id', 'l.statement_id')
      .whereRaw(`l.operation = payments.${column}`)
      .where((counted) => void counted.whereNull('s.replaced_by').orWhere('s.id', span.statementId))
      .select('l.number')
  const rows = await db('payments')
    .where({ state: 'captured' })
    .where('settled_at', '>', iso(span.from))
    .where('settled_at', '<', iso(span.until))
    .where('id', '>', page.after === '' ? firstIdAt(plus(span.from, -LONGEST_OPEN_MS)) : page.after)
    .where('id', '<', firstIdAt(plus(span.until, HOUR)))
    .whereNotExists(shown('operation_id'))
    .whereNotExists(shown('transaction_id'))
    .orderBy('id')
    .limit(page.limit)
    .select<PaymentRow[]>(...PAYMENT_COLUMNS)
  return rows.map(toStated)
}

export interface RecordedDeposit {
  readonly key: string
  readonly amount: bigint
  readonly at: Date
}

/** What was recorded as paid into the fund between two moments. */
export async function depositsBetween(db: Db, span: { from: Date; until: Date }): Promise<RecordedDeposit[]> {
  const rows = await db('audit_log as a')
    .join('ledger_instructions as i', 'i.key', 'a.instruction_key')
    .join('ledger_transfers as t', 't.batch_id', 'i.batch_id')
    .whereRaw('t.instruction_key = i.key')
    .where('a.action', 'fund_deposited')
    .where('a.at', '>=', iso(span.from))
    .where('a.at', '<=', iso(span.until))
    .orderBy('a.id')
    .select<{ key: string; amount: bigint; at: Date | string }[]>('i.key as key', 't.amount', 'a.at')
  return rows.map(({ key, amount, at }) => ({ key, amount, at: moment(at) }))
}

/** What our mirror of the fund said at a moment. Its entries are in the order of time, so the last one before it is found by halving. */
export async function fundBalanceAt(db: Db, at: Date): Promise<bigint> {
  const account: { entry_count: bigint } | undefined = await db('ledger_accounts').where({ id: ACCOUNTS.fund }).first('entry_count')
  let [low, high] = [0n, account?.entry_count ?? 0n]
  let balance = 0n
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    const entry = await entryOf(db, middle)
    if (entry && entry.at <= at) [low, balance] = [middle, entry.balance]
    else high = middle - 1n
  }
  return balance
}

async function entryOf(db: Db, number: bigint): Promise<{ at: Date; balance: bigint } | undefined> {
  const row: { created_at: Date | string; balance_after: bigint } | undefined = await db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where({ 'e.account_id': ACCOUNTS.fund, 'e.number': bound(number) })
    .first('t.created_at', 'e.balance_after')
  return row && { at: moment(row.created_at), balance: row.balance_after }
}
