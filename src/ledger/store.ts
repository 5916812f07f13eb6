import { bound, engineOf, insertRows, iso, moment } from '../shared/database'
import type { Db, Row, Tx } from '../shared/database'
import { Refusal, isRefusalCode } from '../shared/refusals'
import type { Unit } from '../shared/money'
import type { AccountState, Answer, HoldState } from './decide'

interface AccountRow {
  id: string
  unit: Unit
  balance: bigint
  held: bigint
  min_available: bigint | null
  entry_count: bigint
  locked: bigint | number
}

export interface Account extends AccountState {
  readonly unit: Unit
  /** balance − held, in minor units. */
  readonly available: bigint
}

const toAccount = (row: AccountRow): Account => ({
  id: row.id,
  unit: row.unit,
  balance: row.balance,
  held: row.held,
  available: row.balance - row.held,
  minAvailable: row.min_available,
  entryCount: row.entry_count,
  locked: Number(row.locked) === 1,
})

/** Reads one account. @throws Refusal account_unknown */
export async function readAccount(db: Db, id: string): Promise<Account> {
  const row = await db<AccountRow>('ledger_accounts').where({ id }).first()
  if (!row) throw new Refusal('account_unknown', id)
  return toAccount(row)
}

/** Reads several accounts in one round trip; one that does not exist is missing from the answer. */
export async function readAccounts(db: Db, ids: readonly string[]): Promise<Account[]> {
  const rows = (await db('ledger_accounts').whereIn('id', [...ids])) as AccountRow[]
  return rows.map(toAccount)
}

/** Opens accounts with a zero balance; one that is open already is left alone. */
export async function openAccounts(
  tx: Tx,
  accounts: readonly { id: string; unit: Unit; minAvailable: bigint | null }[],
  now: Date,
): Promise<void> {
  const rows = accounts.map(({ id, unit, minAvailable }) => ({ id, unit, min_available: minAvailable, created_at: iso(now) }))
  await tx('ledger_accounts').insert(rows).onConflict('id').ignore()
}

/** A locked account refuses new holds; what is held already is posted or released as ever. */
export async function lockAccount(tx: Tx, id: string, locked: boolean): Promise<void> {
  const changed = await tx('ledger_accounts')
    .where({ id })
    .update({ locked: locked ? 1 : 0 })
  if (changed !== 1) throw new Refusal('account_unknown', id)
}

/** How far the account may go, in minor units: 0 for a member, minus the overdraft for the fund. Refused when it stands lower already. */
export async function setMinAvailable(tx: Tx, id: string, minAvailable: bigint): Promise<void> {
  const changed = await tx('ledger_accounts')
    .where({ id })
    .whereRaw('balance - held >= ?', [bound(minAvailable)])
    .update({ min_available: minAvailable })
  if (changed !== 1) throw new Refusal('not_enough_available', id)
}

/** Locks the accounts in the order of their ids, so that two batches never wait for each other crosswise. */
export async function lockAccounts(tx: Tx, ids: readonly string[]): Promise<Map<string, AccountState>> {
  const query = tx<AccountRow>('ledger_accounts')
    .whereIn('id', [...ids])
    .orderBy('id')
  const rows = await (engineOf(tx) === 'postgres' ? query.forNoKeyUpdate() : query)
  return new Map(rows.map((row) => [row.id, toAccount(row)]))
}

export async function readHolds(tx: Tx, ids: readonly string[]): Promise<Map<string, HoldState>> {
  if (ids.length === 0) return new Map()
  const rows = await tx('ledger_holds as h')
    .leftJoin('ledger_resolutions as r', 'r.hold_id', 'h.id')
    .whereIn('h.id', [...ids])
    .select<HoldRow[]>('h.id', 'h.account_id', 'h.to_account_id', 'h.unit', 'h.amount', 'r.hold_id as resolved')
  return new Map(
    rows.map((row) => [
      row.id,
      { account: row.account_id, to: row.to_account_id, unit: row.unit, amount: row.amount, resolved: row.resolved !== null },
    ]),
  )
}

interface HoldRow {
  id: string
  account_id: string
  to_account_id: string
  unit: string
  amount: bigint
  resolved: string | null
}

export async function readAnswers(tx: Tx, keys: readonly string[]): Promise<Map<string, Answer>> {
  const rows = (await tx('ledger_instructions').whereIn('key', [...keys])) as {
    key: string
    fingerprint: string
    answer: string
    detail: string | null
  }[]
  return new Map(rows.map((row) => [row.key, { fingerprint: row.fingerprint, answer: toAnswer(row.answer), detail: row.detail }]))
}

function toAnswer(text: string): Answer['answer'] {
  if (text === 'done' || isRefusalCode(text)) return text
  throw new Error(`bug: the ledger holds an answer of an unknown kind, ${text}`)
}

/** Writes the accounts as decided: one statement for all of them. */
export async function updateAccounts(tx: Tx, accounts: readonly AccountState[]): Promise<void> {
  if (accounts.length === 0) return
  const json = JSON.stringify(
    accounts.map(({ id, balance, held, entryCount }) => ({ id, b: String(balance), h: String(held), n: String(entryCount) })),
  )
  const sql =
    engineOf(tx) === 'postgres'
      ? `update ledger_accounts a set balance = v.b, held = v.h, entry_count = v.n
         from json_to_recordset(?::json) as v(id text, b bigint, h bigint, n bigint) where a.id = v.id`
      : `update ledger_accounts as a set balance = v.b, held = v.h, entry_count = v.n
         from (select value ->> '$.id' as id, cast(value ->> '$.b' as integer) as b, cast(value ->> '$.h' as integer) as h, cast(value ->> '$.n' as integer) as n
               from json_each(?)) as v where a.id = v.id`
  await tx.raw(sql, [json])
}

/** The rows of one batch, table by table, in the order in which they are written; the batch itself comes last and closes it. */
export interface BatchRows {
  readonly ledger_instructions: Row[]
  readonly ledger_holds: Row[]
  readonly ledger_transfers: Row[]
  readonly ledger_entries: Row[]
  readonly ledger_resolutions: Row[]
}

export async function insertBatch(tx: Tx, rows: BatchRows): Promise<void> {
  for (const table of BATCH_TABLES) await insertRows(tx, table, rows[table])
}

export const BATCH_TABLES = [
  'ledger_instructions',
  'ledger_holds',
  'ledger_transfers',
  'ledger_entries',
  'ledger_resolutions',
] as const satisfies (keyof BatchRows)[]

export async function closeBatch(tx: Tx, batch: { id: string; digest: string; now: Date }): Promise<void> {
  await insertRows(tx, 'ledger_batches', [{ id: batch.id, digest: batch.digest, created_at: iso(batch.now) }])
  await insertRows(tx, 'ledger_unsealed', [{ batch_id: batch.id }])
}

/** One line of a statement. `amount` and `balanceAfter` are signed minor units. */
export interface EntryView {
  readonly number: bigint
  readonly amount: bigint
  readonly balanceAfter: bigint
  readonly kind: string
  readonly memo: string | null
  readonly reference: string | null
  readonly at: Date
}

/** An account's entries, newest first; `before` is the number of the last one already shown. */
export async function listEntries(db: Db, accountId: string, page: { before?: bigint; limit: number }): Promise<EntryView[]> {
  const query = db('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where('e.account_id', accountId)
    .orderBy('e.number', 'desc')
    .limit(page.limit)
    .select('e.number', 'e.amount', 'e.balance_after', 't.kind', 't.memo', 't.reference', 't.event_at')
  if (page.before !== undefined) void query.where('e.number', '<', bound(page.before))
  const rows = (await query) as {
    number: bigint
    amount: bigint
    balance_after: bigint
    kind: string
    memo: string | null
    reference: string | null
    event_at: Date | string
  }[]
  return rows.map((row) => ({
    number: row.number,
    amount: row.amount,
    balanceAfter: row.balance_after,
    kind: row.kind,
    memo: row.memo,
    reference: row.reference,
    at: moment(row.event_at),
  }))
}
