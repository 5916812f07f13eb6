import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { engineOf, inTransaction, iso } from '../src/shared/database'
import type { Db, Tx } from '../src/shared/database'

/** Nobody's password: a hash in the usual form of a secret that was thrown away. Hashing a million would take a day. */
const NO_PASSWORD = '$argon2id$v=19$m=19456,t=2,p=1$VxDFRvgZ6FNgO3qtigt01A$kuxxrQmFhrIEkQGLMzfTf8K1sNUlYt4qE4bUcczma8Q'

/** The login of the member with this number, counted from 1. */
export const benchLogin = (number: number): string => `bench-${String(number).padStart(8, '0')}`

/** Members per transaction. */
const STEP = 50_000

/**
 * Adds members `benchLogin(1)` to `benchLogin(count)`, each with an id that grows with time, as the product's do, and an empty points account, by a few statements for each 50,000 of them. Nobody can sign in as one.
 * Members that are there already are left alone, so it may be run again with a larger count.
 */
export async function addMembersInBulk(db: Db, count: number): Promise<void> {
  const at = iso(new Date())
  for (let from = 1; from <= count; from += STEP) {
    await inTransaction(db, (tx) => addRange(tx, from, Math.min(from + STEP - 1, count), at))
  }
  if (engineOf(db) === 'postgres') await db.raw('analyze logins, members, member_people, ledger_accounts')
}

/** When the first of them came, in milliseconds; each of the others came a millisecond after the one before. */
const FIRST_CAME = 1_767_225_600_000

/** An id of version 7 out of the number in a login: the moment, then chance. */
const ID = {
  postgres: `substr(v.came, 1, 8) || '-' || substr(v.came, 9) || '-7' || substr(v.chance, 16, 3) || '-8' || substr(v.chance, 21)
    from (select login, lpad(to_hex(${FIRST_CAME} + substr(login, 7)::bigint), 12, '0') as came, gen_random_uuid()::text as chance from logins) as v`,
  sqlite: `substr(v.came, 1, 8) || '-' || substr(v.came, 9) || '-7' || substr(v.chance, 1, 3) || '-8' || substr(v.chance, 4, 3) || '-' || substr(v.chance, 7, 12)
    from (select login, printf('%012x', ${FIRST_CAME} + cast(substr(login, 7) as integer)) as came, lower(hex(randomblob(9))) as chance from logins) as v`,
}

async function addRange(tx: Tx, from: number, to: number, at: string): Promise<void> {
  const postgres = engineOf(tx) === 'postgres'
  const numbers = postgres
    ? 'select n from generate_series(?::int, ?::int) as n'
    : 'select n from (with recursive counted(n) as (select ? union all select n + 1 from counted where n < ?) select n from counted)'
  const login = postgres ? `'bench-' || lpad(n::text, 8, '0')` : `printf('bench-%08d', n)`
  const fresh = `login between '${benchLogin(from)}' and '${benchLogin(to)}'`
  await tx.raw(`insert into logins (login) select ${login} from (${numbers}) as v where true on conflict (login) do nothing`, [from, to])
  await tx.raw(
    `insert into members (login, password_hash, language, created_at, id) select v.login, ?, 'ru', ?, ${ID[engineOf(tx)]} where ${fresh} and login not in (select login from members where ${fresh})`,
    [NO_PASSWORD, at],
  )
  await tx.raw(
    `insert into member_people (member_id, full_name) select id, 'Member ' || login from members where ${fresh} on conflict (member_id) do nothing`,
  )
  await tx.raw(
    `insert into ledger_accounts (id, unit, min_available, created_at) select 'member:' || id, 'PTS', 0, ? from members where ${fresh} on conflict (id) do nothing`,
    [at],
  )
}

/** How the lines of a list stand: by login, or in an order that has nothing to do with it. */
export type ListOrder = 'sorted' | 'shuffled'

/** Writes a list for `members accrue` that gives each of `benchLogin(1)` to `benchLogin(count)` between 1.00 and 100.99 points. */
export async function writeAccrualFile(path: string, count: number, order: ListOrder): Promise<void> {
  await pipeline(Readable.from(linesOf(count, order)), createWriteStream(path))
}

function* linesOf(count: number, order: ListOrder): Generator<string> {
  yield 'login,amount\n'
  const step = order === 'sorted' ? 1 : coprimeStep(count)
  for (let index = 0, at = 0; index < count; index++, at = (at + step) % count) {
    const hundredths = String(at % 100).padStart(2, '0')
    yield `${benchLogin(at + 1)},${(at % 100) + 1}.${hundredths}\n`
  }
}

/** A long step that meets every number once before it comes back, so that neighbours in the list are strangers in any index. */
function coprimeStep(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  let step = Math.max(1, Math.floor(count * 0.618))
  while (divisor(step, count) !== 1) step += 1
  return step
}
