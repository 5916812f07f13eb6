import type { Narrowing } from '../payments'
import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { DAY, MINUTE, plus } from '../shared/clock'
import type { Clock } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { newSortedId, sha256 } from '../shared/ids'
import { may, requirePermission } from '../shared/permissions'
import { closeSubjects, closeUnstated } from './close-differences'
import type { Closing } from './close-differences'
import { listDifferences, nameOf, noteDifferences } from './difference-store'
import type { Difference, Found } from './differences'
import { knownDifferences } from './known-to'
import type { KnowingDeps } from './known-to'
import { readStatement } from './read-statement'
import type { StatementLine } from './read-statement'
import { balanceDiffers, depositNotStated, depositUnknownHere, lineAgainst, notStated, paidTwice } from './stated-differences'
import {
  capturedUnstated,
  depositsBetween,
  findStatement,
  fundBalanceAt,
  insertStatement,
  listLines,
  paymentsOfOperations,
  replacedBy,
  replaceStatement,
  takenTwice,
} from './statement-store'
import type { RecordedDeposit, StatedPayment, Statement } from './statement-store'

export interface StatementDeps extends KnowingDeps {
  readonly clock: Clock
  readonly timeZone: string
}

export interface StatementFile {
  readonly name: string
  readonly text: string
  readonly author: Author
  /** The statement whose place it takes, because it is its corrected form. */
  readonly replaces?: string | undefined
}

export interface StatementComparison {
  readonly statementId: string
  /** How many lines were compared. */
  readonly checked: number
  /** What is open by it and its author may know of. */
  readonly differences: readonly Difference[]
}

const PAGE = 500
/** What happens this close to the edge of a statement may stand in the one before or after. */
const EDGE_MS = 10 * MINUTE
/** Deposits are recorded here by hand, before or after they arrive. */
const DEPOSIT_APART_MS = 3 * DAY

/**
 * Imports a statement of the guarantee fund and compares our books with it: operations missing on either side, amounts, deposits and balances. The same file twice is one import,
 * compared anew. What this file, or the one whose place it takes, showed before and does not show now is closed. Changes nothing in the books.
 * What a file of somebody who may not settle differences lists counts in no comparison but its own.
 * Only what its author may know of and settle is closed, and only whoever may settle differences says that a statement takes the place of another.
 * @throws Refusal forbidden, not_found for a statement to replace that is not there; BadStatement
 */
export async function compareStatement(deps: StatementDeps, file: StatementFile): Promise<StatementComparison> {
  requirePermission(file.author, 'reconciliation.run')
  if (file.replaces !== undefined) requirePermission(file.author, 'reconciliation.resolve')
  const [began, known] = [deps.clock.now(), await knownDifferences(deps, file.author)]
  const mayClose = may(file.author, 'reconciliation.resolve')
  const closing = (): Closing => ({ by: authorName(file.author), at: deps.clock.now(), known })
  const statement = await importStatement(deps, file, mayClose)
  const names = new Set<string>()
  const note = async (found: readonly Found[], seen: readonly string[] = []): Promise<void> => {
    for (const one of found) names.add(nameOf(one))
    await inTransaction(deps.db, async (tx) => {
      if (mayClose) await closeSubjects(tx, 'payment_not_in_statement', seen, closing())
      await noteDifferences(tx, found, { source: 'statement', by: statement.id, began, at: deps.clock.now() })
    })
  }
  await compareLines(deps.db, statement, note)
  await compareTwice(deps.db, statement, note)
  await compareCaptured(deps.db, statement, note)
  const shown = [statement.id, ...(await replacedBy(deps.db, statement.id))]
  if (mayClose) await inTransaction(deps.db, (tx) => closeUnstated(tx, shown, names, closing()))
  return { statementId: statement.id, checked: statement.lineCount, differences: await openBy(deps, statement, known) }
}

/** What this comparison has left open, read back as its author may know of it: anybody may write a file that names any operation. */
async function openBy(deps: StatementDeps, { id }: Statement, known: Narrowing | undefined): Promise<Difference[]> {
  const open: Difference[] = []
  for (let before: string | undefined; ;) {
    const found = await listDifferences(deps.db, { foundBy: id, known }, { before, limit: PAGE })
    open.push(...found.map(({ invoiceId, kind, text }) => ({ invoiceId, kind, text, resolved: false })))
    before = found.at(-1)?.id
    if (found.length < PAGE) return open.reverse()
  }
}

type Note = (found: readonly Found[], seen?: readonly string[]) => Promise<void>

/** A form sends each end of a line in two characters, so a file that came by page and by command is one. */
export const digestOf = (text: string): string => sha256(text.replaceAll('\r\n', '\n'))

/** The time that lines tell of. */
export function spanOf(lines: readonly StatementLine[]): { firstAt: Date; lastAt: Date } {
  const times = lines.map(({ at }) => at.getTime()).sort((a, b) => a - b)
  return { firstAt: new Date(times[0] ?? 0), lastAt: new Date(times.at(-1) ?? 0) }
}

async function importStatement({ db, clock, timeZone }: StatementDeps, file: StatementFile, counts: boolean): Promise<Statement> {
  const { name, text, author, replaces } = file
  const digest = digestOf(text)
  const lines = readStatement(text, timeZone)
  const id = newSortedId()
  const statement = {
    id,
    digest,
    name: name.slice(0, 200),
    ...spanOf(lines),
    lineCount: lines.length,
    importedAt: clock.now(),
    importedBy: authorName(author),
    replacedBy: counts ? null : id,
  }
  await inTransaction(db, async (tx) => {
    const isNew = await insertStatement(tx, statement, lines)
    const stored = (await findStatement(tx, digest)) ?? statement
    if (counts) await replaceStatement(tx, stored.id, replaces === stored.id ? undefined : replaces)
    const after = { lines: String(lines.length), digest, ...(replaces === undefined ? {} : { replaces }) }
    if (isNew || replaces !== undefined)
      await writeAudit(tx, [{ author, at: statement.importedAt, action: 'statement_imported', subject: 'fund', after }])
  })
  return (await findStatement(db, digest)) ?? statement
}

/** Every line against the payment of its operation; deposits against ours by their amounts, since they have no name in common; balances against our mirror. */
async function compareLines(db: Db, statement: Statement, note: Note): Promise<void> {
  const deposits = await depositsBetween(db, {
    from: plus(statement.firstAt, -DEPOSIT_APART_MS),
    until: plus(statement.lastAt, DEPOSIT_APART_MS),
  })
  const equal = new Map<string, number>()
  let after = 0
  for (;;) {
    const lines = await listLines(db, statement.id, { after, limit: PAGE })
    const payments = await paymentsBy(db, lines)
    const found: Found[] = []
    for (const line of lines) found.push(...(await compareLine(db, line, payments, deposits)).map((one) => numbered(one, line, equal)))
    await note(found, [...new Set([...payments.values()].map(({ id }) => id))])
    const last = lines.at(-1)
    if (!last || lines.length < PAGE) break
    after = last.number
  }
  await note(
    deposits.filter(({ at }) => at > plus(statement.firstAt, EDGE_MS) && at < plus(statement.lastAt, -EDGE_MS)).map(depositNotStated),
  )
}

async function paymentsBy(db: Db, lines: readonly StatementLine[]): Promise<Map<string, StatedPayment>> {
  const operations = [...new Set(lines.flatMap(({ operation }) => operation ?? []))]
  const payments = operations.length > 0 ? await paymentsOfOperations(db, operations) : []
  return new Map(
    payments.flatMap((payment) =>
      [payment.operationId, payment.transactionId].flatMap((name) => (name === null ? [] : [[name, payment] as const])),
    ),
  )
}

/** Lines without an id may be alike to the last character, and yet be two payments: each is a difference of its own. @param equal how many of a name came before */
function numbered(found: Found, { operation }: StatementLine, equal: Map<string, number>): Found {
  if (operation !== null || found.kind === 'statement_balance_differs') return found
  const before = equal.get(nameOf(found)) ?? 0
  equal.set(nameOf(found), before + 1)
  return before === 0 ? found : { ...found, subject: `${found.subject} #${String(before + 1)}` }
}

/** @param deposits ours that no line was found for yet; one that is found is taken out */
async function compareLine(
  db: Db,
  line: StatementLine,
  payments: ReadonlyMap<string, StatedPayment>,
  deposits: RecordedDeposit[],
): Promise<Found[]> {
  if (line.kind === 'balance') return balanceDiffers(line, await fundBalanceAt(db, line.at))
  const payment = line.operation === null ? undefined : payments.get(line.operation)
  if (line.kind !== 'deposit' || payment) return lineAgainst(line, payment)
  const ours = deposits.findIndex(({ amount }) => amount === line.amount.minor)
  if (ours < 0) return [depositUnknownHere(line)]
  deposits.splice(ours, 1)
  return []
}

async function compareTwice(db: Db, statement: Statement, note: Note): Promise<void> {
  const operations = await takenTwice(db, statement.id)
  const payments = operations.length > 0 ? await paymentsOfOperations(db, operations) : []
  await note(
    operations.map((operation) =>
      paidTwice(
        operation,
        payments.find((one) => one.operationId === operation || one.transactionId === operation),
      ),
    ),
  )
}

/** What is captured here within the time of the statement must be in it. */
async function compareCaptured(db: Db, statement: Statement, note: Note): Promise<void> {
  const span = { from: plus(statement.firstAt, EDGE_MS), until: plus(statement.lastAt, -EDGE_MS) }
  let after = ''
  for (;;) {
    const payments = await capturedUnstated(db, { ...span, statementId: statement.id }, { after, limit: PAGE })
    await note(payments.map(notStated))
    const last = payments.at(-1)
    if (!last || payments.length < PAGE) return
    after = last.id
  }
}
