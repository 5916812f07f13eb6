import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { depositFund } from '../../src/fund'
import { createLedger, memberAccount, openAccounts } from '../../src/ledger'
import { creditMember } from '../../src/members'
import { insertMember } from '../../src/members/store'
import { COMMAND_LINE } from '../../src/shared/actor'
import { systemClock } from '../../src/shared/clock'
import { inTransaction, openDatabase } from '../../src/shared/database'
import type { Engine } from '../../src/shared/database'
import { newId } from '../../src/shared/ids'
import { createLog } from '../../src/shared/log'
import { migrateToLatest } from '../../src/shared/migrate'
import { money } from '../../src/shared/money'
import { Cluster } from './cluster'
import { MEMBERS, POOR_POINTS } from './make-plan'

/** Where databases come from: each one a copy of a template with members and money in it. */
export interface Store {
  readonly engine: Engine
  fresh(name: string): Promise<string>
  drop(name: string): Promise<void>
  /** Only a server can be restarted; an embedded database is a file, and goes on with the process. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  stop(): Promise<void>
}

export const PASSWORD = 'a long test password'
/** More than a database sees in its life. */
export const POOR_MEMBERS = 50
export const loginOf = (member: number): string => (member < MEMBERS ? `member-${member}` : `poor-${member - MEMBERS}`)

const RICH_POINTS = 100_000_000
const FUND = 100_000_000_000

export async function makeSqliteStore(folder: string): Promise<Store> {
  const file = (name: string): string => join(folder, `${name}.sqlite3`)
  mkdirSync(folder, { recursive: true })
  await fill(`sqlite:${file('template')}`)
  return {
    engine: 'sqlite',
    fresh(name) {
      copyFileSync(file('template'), file(name))
      return Promise.resolve(`sqlite:${file(name)}`)
    },
    drop(name) {
      for (const ending of ['', '-wal', '-shm']) rmSync(`${file(name)}${ending}`, { force: true })
      return Promise.resolve()
    },
    restart: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
}

export async function makePostgresStore(folder: string, port: number): Promise<Store> {
  const cluster = await Cluster.make(folder, port)
  await cluster.run('create database template')
  await fill(cluster.url('template'))
  return {
    engine: 'postgres',
    async fresh(name) {
      await cluster.run(`create database "${name}" template template`)
      return cluster.url(name)
    },
    drop: (name) => cluster.run(`drop database if exists "${name}" with (force)`),
    restart: (mode) => cluster.restart(mode),
    stop: () => cluster.stop('fast'),
  }
}

/** Migrates, and adds people with points and a fund. Their passwords cost next to nothing to check: hashing is not what is tested here. */
async function fill(url: string): Promise<void> {
  await migrateToLatest(url)
  const db = openDatabase(url)
  const log = createLog('silent')
  const deps = { db, clock: systemClock, log, ledger: createLedger({ db, clock: systemClock, log }) }
  const passwordHash = await hash(PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 })
  const points = Array.from({ length: MEMBERS + POOR_MEMBERS }, (_, member) => (member < MEMBERS ? RICH_POINTS : POOR_POINTS))
  await inTransaction(db, async (tx) => {
    for (const member of points.keys()) {
      const id = newId()
      const createdAt = systemClock.now()
      await insertMember(
        tx,
        { id, login: loginOf(member), passwordHash, language: 'ru', createdAt },
        { fullName: null, email: null, phone: null },
      )
      await openAccounts(tx, [{ id: memberAccount(id), unit: 'PTS', minAvailable: 0n }], createdAt)
    }
  })
  const shared = { reason: 'for the harness', actor: COMMAND_LINE }
  await depositFund(deps, { ...shared, amount: money(BigInt(FUND), 'RUB'), key: 'fund' })
  await Promise.all(
    points.map((amount, member) =>
      creditMember(deps, { ...shared, login: loginOf(member), amount: money(BigInt(amount), 'PTS'), key: `m${member}` }),
    ),
  )
  await deps.ledger.idle()
  await db.destroy()
}
