import { bound, engineOf, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { isOneOf, listOf, readRows } from '../shared/gather-reads'
import { insertMissingRows, readTogether } from '../shared/statements'
import type { Statement } from '../shared/statements'
import { Refusal, isRefusalCode } from '../shared/refusals'
import type { Unit } from '../shared/money'
import type { AccountState, Answer, Books, HoldState } from './decide'

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
  const engine = engineOf(db)
  const sql = `select * from ledger_accounts where id ${isOneOf(engine)}`
  const rows = await readRows<AccountRow>(db, { sql, values: [listOf(engine, ids)] })
  return rows.map(toAccount)
}

/** Opens accounts with a zero balance; one that is open already is left alone. */
export async function openAccounts(
  tx: Tx,
  accounts: readonly { id: string; unit: Unit; minAvailable: bigint | null }[],
  now: Date,
): Promise<void> {
  const rows = accounts.map(({ id, unit, minAvailable }) => ({
    id,
    unit,
    balance: 0,
    held: 0,
    min_available: minAvailable,
    entry_count: 0,
    locked: 0,
    created_at: iso(now),
  }))
  await insertMissingRows(tx, 'ledger_accounts', rows)
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

/**
 * Reads what a decision needs, in one round trip: the accounts, locked in the order of their ids, so that two batches never wait for each other crosswise; then, under
 * those locks, the holds and what was answered to these keys before.
 */
export async function readBooks(
  tx: Tx,
  of: Wanted,
): Promise<Pick<Books, 'holds' | 'answers'> & { readonly accounts: ReadonlyMap<string, AccountState> }> {
  const { accounts, answers, holds } = await (engineOf(tx) === 'postgres' ? openPostgres(tx, of) : openSqlite(tx, of))
  return {
    accounts: new Map(accounts.map((row) => [row.id, toAccount(row)])),
    holds: new Map(holds.map((row) => [row.id, toHold(row)])),
    answers: new Map(answers.map((row) => [row.key, toAnswer(row)])),
  }
}

interface Wanted {
  readonly accounts: readonly string[]
  readonly holds: readonly string[]
  readonly keys: readonly string[]
}

interface Opened {
  readonly accounts: readonly AccountRow[]
  readonly answers: readonly AnswerRow[]
  readonly holds: readonly HoldRow[]
}

/** One call of the database's own function (migrations/023), which keeps its plans. Whole numbers arrive as text, since a JSON number would lose digits. */
async function openPostgres(tx: Tx, of: Wanted): Promise<Opened> {
  const [[row] = []] = (await readTogether(tx, [
    { sql: 'select * from ledger_open(?, ?, ?)', values: [of.accounts, of.keys, of.holds] },
  ])) as { accounts: AccountText[] | null; answers: AnswerRow[] | null; holds: AsText<HoldRow, 'amount'>[] | null }[][]
  return {
    accounts: (row?.accounts ?? []).map((account) => ({
      ...account,
      balance: BigInt(account.balance),
      held: BigInt(account.held),
      min_available: account.min_available === null ? null : BigInt(account.min_available),
      entry_count: BigInt(account.entry_count),
    })),
    answers: row?.answers ?? [],
    holds: (row?.holds ?? []).map((hold) => ({ ...hold, amount: BigInt(hold.amount) })),
  }
}

/** A row of which some columns have arrived as text. */
type AsText<Row, Column extends keyof Row> = Omit<Row, Column> & {
  readonly [Name in Column]: string | (null extends Row[Name] ? null : never)
}
type AccountText = AsText<AccountRow, 'balance' | 'held' | 'min_available' | 'entry_count'>

async function openSqlite(tx: Tx, of: Wanted): Promise<Opened> {
  const read = (sql: string, values: readonly string[]): Statement => ({
    sql: `${sql} ${isOneOf('sqlite')}`,
    values: [listOf('sqlite', values)],
  })
  const [accounts = [], answers = [], holds = []] = await readTogether(tx, [
    read(`select ${ACCOUNT_COLUMNS} from ledger_accounts where id`, of.accounts),
    read('select key, fingerprint, answer, detail from ledger_instructions where key', of.keys),
    ...(of.holds.length > 0 ? [read(`${HOLDS} where h.id`, of.holds)] : []),
  ])
  return { accounts: accounts as AccountRow[], answers: answers as AnswerRow[], holds: holds as HoldRow[] }
}

const ACCOUNT_COLUMNS = 'id, unit, balance, held, min_available, entry_count, locked'
const HOLDS = `select h.id, h.account_id, h.to_account_id, h.unit, h.amount, r.hold_id as resolved
    from ledger_holds h left join ledger_resolutions r on r.hold_id = h.id`

interface HoldRow {
  id: string
  account_id: string
  to_account_id: string
  unit: string
  amount: bigint
  resolved: string | null
}

const toHold = (row: HoldRow): HoldState => ({
  account: row.account_id,
  to: row.to_account_id,
  unit: row.unit,
  amount: row.amount,
  resolved: row.resolved !== null,
})

interface AnswerRow {
  key: string
  fingerprint: string
  answer: string
  detail: string | null
}

function toAnswer({ answer, fingerprint, detail }: AnswerRow): Answer {
  if (answer === 'done' || isRefusalCode(answer)) return { answer, fingerprint, detail }
  throw new Error(`bug: the ledger holds an answer of an unknown kind, ${answer}`)
}

/** Whether an instruction was written under this key. */
export const isKeyUsed = async (db: Db, key: string): Promise<boolean> =>
  (await db('ledger_instructions').where({ key }).first('key')) !== undefined
