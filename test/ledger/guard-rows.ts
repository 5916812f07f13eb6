import { randomUUID } from 'node:crypto'
import type { Tx } from '../../src/shared/database'

// Rows as somebody with rights to the tables would write them, past the ledger: what the database itself must refuse.

export const now = `'2026-01-01T00:00:00.000Z'`
export const MEMBER = `(select id from ledger_accounts where id like 'member:%' and held > 0)`

export const batch = (id: string): string =>
  `insert into ledger_batches (id, digest, created_at) values ('${id}', '${'d'.repeat(64)}', ${now})`
export const transferRow = (id: string, inBatch: string, amount: string, unit = 'PTS'): string =>
  `insert into ledger_transfers (id, kind, unit, amount, instruction_key, batch_id, event_at, created_at) values ('${id}', 'accrual', '${unit}', ${amount}, 'k', ${inBatch}, ${now}, ${now})`
/** The next entry of an account, rightly numbered and with the right balance after it. */
export const entryRow = (
  transferId: string,
  account: string,
  amount: string,
  balanceAfter = `balance + ${amount}`,
  number = 'entry_count + 1',
): string =>
  `insert into ledger_entries (account_id, number, transfer_id, amount, balance_after) select id, ${number}, ${transferId}, ${amount}, ${balanceAfter} from ledger_accounts where id = ${account}`
export const holdRow = (amount: string, inBatch: string, id: string = randomUUID()): string =>
  `insert into ledger_holds (id, account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at) values ('${id}', ${MEMBER}, 'redeemed', 'PTS', ${amount}, 'k', ${inBatch}, ${now})`

/** Everything a right batch needs, with one thing about it wrong. */
export function batchWith(entries: (id: string) => string[], amount = '100', unit = 'PTS'): (tx: Tx) => Promise<void> {
  return async (tx) => {
    const [id, inBatch] = [randomUUID(), randomUUID()]
    for (const sql of [transferRow(id, `'${inBatch}'`, amount, unit), ...entries(`'${id}'`), batch(inBatch)]) await tx.raw(sql)
  }
}

/** Two right transfers of one batch between the same two accounts, the second of them with one thing about it wrong. */
export function twiceInABatch(of: { readonly off?: string; readonly unit?: string }): (tx: Tx) => Promise<void> {
  const { off = '0', unit = 'PTS' } = of
  return async (tx) => {
    const [first, second, inBatch] = [randomUUID(), randomUUID(), randomUUID()]
    const entries = (id: string, nth: number, wrong = '0'): string[] =>
      [[`'program'`, -100] as const, [`'redeemed'`, 100] as const].map(([account, amount]) =>
        entryRow(`'${id}'`, account, String(amount), `balance + (${amount * nth}) + ${wrong}`, `entry_count + ${nth}`),
      )
    const transfers = [transferRow(first, `'${inBatch}'`, '100'), transferRow(second, `'${inBatch}'`, '100', unit)]
    for (const sql of [...transfers, ...entries(first, 1), ...entries(second, 2, off), batch(inBatch)]) await tx.raw(sql)
  }
}

/** Rows in a batch that is closed afterwards, so that nothing but the rows themselves can be refused. */
export function inNewBatch(sql: (batchId: string) => string): (tx: Tx) => Promise<void> {
  return async (tx) => {
    const id = randomUUID()
    await tx.raw(sql(`'${id}'`))
    await tx.raw(batch(id))
  }
}
