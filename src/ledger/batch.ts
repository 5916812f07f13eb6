import { iso } from '../shared/database'
import type { Engine } from '../shared/database'
import { insertions, rowsAsArray } from '../shared/statements'
import type { Row, Statement } from '../shared/statements'
import type { AccountState } from './decide'

/** The rows of one batch, table by table, in the order in which they are written; the batch itself comes last and closes it. */
export interface BatchRows {
  readonly ledger_instructions: Row[]
  readonly ledger_holds: Row[]
  readonly ledger_transfers: Row[]
  readonly ledger_entries: Row[]
  readonly ledger_resolutions: Row[]
}

export const BATCH_TABLES = [
  'ledger_instructions',
  'ledger_holds',
  'ledger_transfers',
  'ledger_entries',
  'ledger_resolutions',
] as const satisfies (keyof BatchRows)[]

interface Batch {
  readonly id: string
  readonly digest: string
  readonly now: Date
}

/** Everything a batch writes into the books: the accounts as decided, the rows, and the batch that closes them. */
export const batchStatements = (engine: Engine, accounts: readonly AccountState[], rows: BatchRows, batch: Batch): Statement[] =>
  engine === 'postgres' ? [oneCall(accounts, rows, batch)] : oneByOne(accounts, rows, batch)

/** The columns of a table's rows in the order of its row type (migrations/024); what all rows of a batch have in common is told once. */
const COLUMNS: Readonly<Record<keyof BatchRows, readonly string[]>> = {
  ledger_instructions: ['key', 'fingerprint', 'answer', 'detail'],
  ledger_holds: ['id', 'account_id', 'to_account_id', 'unit', 'amount', 'reference', 'instruction_key'],
  ledger_transfers: ['id', 'kind', 'unit', 'amount', 'reference', 'memo', 'instruction_key', 'event_at'],
  ledger_entries: ['account_id', 'number', 'transfer_id', 'amount', 'balance_after'],
  ledger_resolutions: ['hold_id', 'kind', 'transfer_id', 'instruction_key'],
}

/** One call of the database's own function, which keeps its plans (migrations/024): each statement that is sent costs the server as much as several rows. */
function oneCall(accounts: readonly AccountState[], rows: BatchRows, { id, digest, now }: Batch): Statement {
  const changed = accounts.map(({ id: account, balance, held, entryCount }) => ({ account, balance, held, entryCount }))
  return {
    sql: 'select ledger_write_rows(?, ?, ?, ?, ?, ?, ?, ?, ?)',
    values: [
      rowsAsArray(['account', 'balance', 'held', 'entryCount'], changed),
      ...BATCH_TABLES.map((table) => rowsAsArray(COLUMNS[table], rows[table])),
      id,
      digest,
      iso(now),
    ],
  }
}

const oneByOne = (accounts: readonly AccountState[], rows: BatchRows, batch: Batch): Statement[] => [
  ...(accounts.length > 0 ? [accountsUpdate(accounts)] : []),
  ...insertions('sqlite', [
    ...BATCH_TABLES.map((table) => [table, rows[table]] as const),
    ['ledger_batches', [batchRow(batch)]],
    ['ledger_unsealed', [{ batch_id: batch.id }]],
  ]),
]

const batchRow = ({ id, digest, now }: Batch): Row => ({ id, digest, created_at: iso(now) })

function accountsUpdate(accounts: readonly AccountState[]): Statement {
  const json = JSON.stringify(
    accounts.map(({ id, balance, held, entryCount }) => ({ id, b: String(balance), h: String(held), n: String(entryCount) })),
  )
  const sql = `update ledger_accounts as a set balance = v.b, held = v.h, entry_count = v.n
    from (select value ->> '$.id' as id, cast(value ->> '$.b' as integer) as b, cast(value ->> '$.h' as integer) as h, cast(value ->> '$.n' as integer) as n
          from json_each(?)) as v where a.id = v.id`
  return { sql, values: [json] }
}
