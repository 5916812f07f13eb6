import { ACCOUNTS, memberAccount, openAccounts, verifyLedger } from '../src/ledger'
import type { Ledger, Line } from '../src/ledger'
import { readConfig } from '../src/config'
import { engineOf, inTransaction, openDatabase } from '../src/shared/database'
import type { Db } from '../src/shared/database'
import { newId } from '../src/shared/ids'
import { createLog } from '../src/shared/log'
import { migrateToLatest } from '../src/shared/migrate'
import { MAX_MINOR } from '../src/shared/money'
import { verifyPayments } from '../src/payments'
import { buildParts } from '../src/wiring'
import type { Parts, Replacements } from '../src/wiring'

/** A migrated database with members who have points and a fund that has money, and the gateway's own parts on it. */
export interface Stocked {
  readonly parts: Parts
  readonly url: string
  readonly memberIds: readonly string[]
  /** What PostgreSQL does by itself within a minute: without statistics, plans made while the tables were empty would read them whole. */
  readonly analyze: () => Promise<void>
  /** Proves the books by the product's own rules, then closes. @throws Error when they do not balance */
  readonly close: () => Promise<void>
}

/** Enough for each member that no transfer of a run is refused. */
const POINTS_EACH = 100_000_000n
/** SQLite takes no more rows than this in the statement that opens accounts. */
const AT_ONCE = 500

/** The settings of a gateway as it comes, on this database. */
export const settingsFor = (url: string, more: Readonly<Record<string, string>> = {}): ReturnType<typeof readConfig> =>
  readConfig({ MODE: 'sandbox', DATABASE_URL: url, LOG_LEVEL: 'silent', ...more }, {})

export async function stock(url: string, members: number, replace: Replacements = {}): Promise<Stocked> {
  await migrateToLatest(url)
  const parts = buildParts(settingsFor(url), { log: createLog('silent'), ...replace })
  const memberIds = Array.from({ length: members }, newId)
  await openMembers(parts, memberIds)
  await fillFund(parts.ledger)
  const analyze = async (): Promise<void> => {
    // SQLite collects none by itself, and nothing of ours asks it to: of tables that are still empty it would learn to read them whole.
    if (engineOf(parts.db) === 'postgres') await parts.db.raw('vacuum analyze')
  }
  await analyze()
  return {
    parts,
    url,
    memberIds,
    analyze,
    async close() {
      await parts.ledger.idle()
      // Nobody waits for the proof, so no statement of it is given up for being slow.
      const patient = openDatabase(url, { patient: true, poolSize: 1 })
      await expectBooksToBalance(patient).finally(() => patient.destroy())
      await parts.close()
    },
  }
}

async function openMembers({ db, ledger, clock }: Parts, memberIds: readonly string[]): Promise<void> {
  for (let from = 0; from < memberIds.length; from += AT_ONCE) {
    const accounts = memberIds.slice(from, from + AT_ONCE).map(memberAccount)
    const opened = accounts.map((id) => ({ id, unit: 'PTS' as const, minAvailable: 0n }))
    await inTransaction(db, (tx) => openAccounts(tx, opened, clock.now()))
    const credited = accounts.map((account) => ({ account, amount: POINTS_EACH }))
    const legs = [{ account: ACCOUNTS.program, amount: -POINTS_EACH * BigInt(accounts.length) }, ...credited]
    await ledger.submit({ key: `stock:${from}`, lines: [{ do: 'transfer', kind: 'accrual', unit: 'PTS', legs }] })
  }
}

async function fillFund(ledger: Ledger): Promise<void> {
  const legs = [
    { account: ACCOUNTS.bank, amount: -MAX_MINOR },
    { account: ACCOUNTS.fund, amount: MAX_MINOR },
  ]
  const line: Line = { do: 'transfer', kind: 'fund_deposit', unit: 'RUB', legs }
  await ledger.submit({ key: 'stock:fund', lines: [line] })
}

/** Speed that loses money is worth nothing, so no group ends without this. */
export async function expectBooksToBalance(db: Db): Promise<void> {
  const findings = [...(await verifyLedger(db)), ...(await verifyPayments(db))]
  if (findings.length > 0) throw new Error(`The books do not balance after the run: ${JSON.stringify(findings.slice(0, 3))}`)
}
