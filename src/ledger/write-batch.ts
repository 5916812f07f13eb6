import { brokenUniqueRule, engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { allOf, runLast, runTogether } from '../shared/statements'
import type { Statement } from '../shared/statements'
import { batchStatements } from './batch'
import type { BatchRows } from './batch'
import { decide } from './decide'
import type { Books, Decision } from './decide'
import { digestBatch } from './digest'
import { accountsOf } from './instructions'
import type { Companion, Instruction } from './instructions'
import { readBooks } from './store'

/**
 * Decides and writes a set of instructions in one transaction: lock the accounts in id order, read what was answered and held, decide in memory, write set by set, close the batch.
 * The answers come back in the order of the instructions. Throws what the database or a companion throws; then nothing of the set is written.
 */
export async function writeBatch(db: Db, instructions: readonly Instruction[], now: Date): Promise<Decision[]> {
  try {
    return await writeOnce(db, instructions, now)
  } catch (error) {
    // Another process used one of the keys at the same moment, on other accounts. What it was answered stands there now.
    if (!brokenUniqueRule(error)?.includes('ledger_instructions')) throw error
    return writeOnce(db, instructions, now)
  }
}

const writeOnce = (db: Db, instructions: readonly Instruction[], now: Date): Promise<Decision[]> =>
  inTransaction(db, async (tx) => {
    const before = await booksFor(tx, instructions)
    const books: Books = { accounts: new Map(before.accounts), holds: before.holds, answers: before.answers }
    const decisions = instructions.map((instruction) => decide(books, instruction))
    const fresh = decisions.flatMap((decision, index) =>
      decision.replayed ? [] : [{ decision, instruction: instructions[index] as Instruction }],
    )
    if (fresh.length === 0) return decisions
    const batchId = newSortedId()
    const rows = toRows(fresh, batchId, now)
    const changed = [...books.accounts.values()].filter((account) => before.accounts.get(account.id) !== account)
    const closing = { id: batchId, digest: digestBatch(rows), now }
    await writeAll(tx, batchStatements(engineOf(tx), changed, rows, closing), companionsOf(fresh))
    return decisions
  })

/** The companions' rows refer to the ledger's, so they are sent behind them, yet without waiting for an answer; the COMMIT goes with them unless one of them decides here. */
async function writeAll(tx: Tx, books: readonly Statement[], companions: readonly Companions[]): Promise<void> {
  const told = companions.map(({ write, rows }) => write.statements?.(engineOf(tx), rows))
  if (told.every((statements) => statements !== undefined)) return runLast(tx, [...books, ...told.flat()])
  await allOf<unknown>([runTogether(tx, books), ...companions.map(({ write, rows }) => write(tx, rows))])
}

function booksFor(tx: Tx, instructions: readonly Instruction[]): ReturnType<typeof readBooks> {
  const lines = instructions.flatMap((instruction) => instruction.lines)
  return readBooks(tx, {
    accounts: [...new Set(lines.flatMap(accountsOf))],
    holds: lines.flatMap((line) => (line.do === 'post' || line.do === 'release' ? [line.holdId] : [])),
    keys: instructions.map((instruction) => instruction.key),
  })
}

type Fresh = { decision: Decision; instruction: Instruction }

function toRows(fresh: readonly Fresh[], batchId: string, now: Date): BatchRows {
  const rows: BatchRows = { ledger_instructions: [], ledger_holds: [], ledger_transfers: [], ledger_entries: [], ledger_resolutions: [] }
  const created_at = iso(now)
  for (const { decision, instruction } of fresh) {
    const shared = { instruction_key: instruction.key, batch_id: batchId, created_at }
    const reference = instruction.reference ?? null
    const { fingerprint, answer, detail } = decision.answer
    rows.ledger_instructions.push({ key: instruction.key, fingerprint, answer, detail, batch_id: batchId })
    for (const { holdId, account, to, amount } of decision.holds) {
      rows.ledger_holds.push({
        id: holdId,
        account_id: account,
        to_account_id: to,
        unit: amount.unit,
        amount: amount.minor,
        reference,
        ...shared,
      })
    }
    for (const holdId of decision.releases)
      rows.ledger_resolutions.push({ hold_id: holdId, kind: 'released', transfer_id: null, ...shared })
    for (const moved of decision.transfers) {
      const id = newSortedId()
      const event_at = instruction.eventAt ? iso(instruction.eventAt) : created_at
      rows.ledger_transfers.push({
        id,
        kind: moved.kind,
        unit: moved.unit,
        amount: moved.amount,
        reference,
        memo: moved.memo,
        event_at,
        ...shared,
      })
      for (const { accountId, number, amount, balanceAfter } of moved.entries) {
        rows.ledger_entries.push({ account_id: accountId, number, transfer_id: id, amount, balance_after: balanceAfter })
      }
      if (moved.holdId) rows.ledger_resolutions.push({ hold_id: moved.holdId, kind: 'posted', transfer_id: id, ...shared })
    }
  }
  return rows
}

interface Companions {
  readonly write: Companion['write']
  readonly rows: readonly never[]
}

/** Each writer once, with the rows of every instruction that was not refused. */
function companionsOf(fresh: readonly Fresh[]): Companions[] {
  const byWriter = new Map<Companion['write'], unknown[]>()
  for (const { decision, instruction } of fresh) {
    if (decision.answer.answer !== 'done') continue
    for (const { write, row } of instruction.companions ?? []) {
      const rows = byWriter.get(write)
      if (rows) rows.push(row)
      else byWriter.set(write, [row])
    }
  }
  return [...byWriter].map(([write, rows]) => ({ write, rows: rows as never[] }))
}
