import { randomUUID } from 'node:crypto'
import { ACCOUNTS, createLedger, memberAccount, openAccounts, transfer } from '../../src/ledger'
import type { Instruction, Ledger, Line } from '../../src/ledger'
import { systemClock } from '../../src/shared/clock'
import type { Db, Engine } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { money } from '../../src/shared/money'
import { makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

/** Books of their own, with a ledger on them. Amounts are minor units. */
export interface Books {
  readonly db: Db
  readonly ledger: Ledger
  /** A ledger with a pool of its own, as another process has. */
  another(): { db: Db; ledger: Ledger }
  /** A member's account with this much on it. */
  open(opening: bigint): Promise<string>
  close(): Promise<void>
}

const log = createLog('silent')

export const makeBooks = async (engine: Engine): Promise<Books> => makeBooksOn(await makeDatabase(engine))

export function makeBooksOn(database: TestDatabase): Books {
  const made: Ledger[] = []
  const another = () => {
    const db = database.open()
    const ledger = createLedger({ db, clock: systemClock, log })
    made.push(ledger)
    return { db, ledger }
  }
  const { db, ledger } = another()
  return {
    db,
    ledger,
    another,
    async open(opening) {
      const account = memberAccount(randomUUID())
      await db.transaction((tx) => openAccounts(tx, [{ id: account, unit: 'PTS', minAvailable: 0n }], new Date()))
      if (opening > 0n)
        await ledger.submit(instruction(transfer({ kind: 'accrual', from: ACCOUNTS.program, to: account, amount: money(opening, 'PTS') })))
      return account
    },
    async close() {
      for (const each of made) await each.idle()
      await database.drop()
    },
  }
}

export const instruction = (...lines: Line[]): Instruction => ({ key: randomUUID(), lines })

export const spend = (account: string, amount: bigint): Instruction =>
  instruction(transfer({ kind: 'redemption', from: account, to: ACCOUNTS.redeemed, amount: money(amount, 'PTS') }))

export const holdLine = (account: string, amount: bigint, holdId: string = randomUUID()): Extract<Line, { do: 'hold' }> => ({
  do: 'hold',
  holdId,
  account,
  to: ACCOUNTS.redeemed,
  amount: money(amount, 'PTS'),
})
