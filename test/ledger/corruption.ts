import type { Tx } from '../../src/shared/database'

export type Row = Record<string, unknown>

export interface Corruption {
  readonly what: string
  /** The rules that must speak, each with the invariant that it proves. */
  readonly breaks: Readonly<Record<string, number>>
  readonly plant: (tx: Tx) => Promise<unknown>
}

export const raw = (sql: string) => (tx: Tx) => tx.raw(sql)
export const hash = (letter: string): string => letter.repeat(64)
export const now = new Date().toISOString()

/** The newest entry of the fund, which every payment has. */
export const NEWEST = `account_id = 'fund' and number = (select entry_count from ledger_accounts where id = 'fund')`
export const MEMBER = `(select id from ledger_accounts where id like 'member:%' order by entry_count desc limit 1)`
export const POSTED = `(select hold_id from ledger_resolutions where kind = 'posted' order by hold_id limit 1)`
export const OPEN = `(select id from ledger_holds where id not in (select hold_id from ledger_resolutions) order by id limit 1)`
export const IN_STATE = (state: string): string => `(select id from payments where state = '${state}' order by id limit 1)`

export async function firstOf(tx: Tx, sql: string): Promise<Row> {
  const [row] = await tx.select<Row[]>('*').from(tx.raw(`(${sql}) as found`))
  if (!row) throw new Error(`The world has nothing for: ${sql}`)
  return row
}
