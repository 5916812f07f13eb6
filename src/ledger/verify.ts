import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Knex } from 'knex'
import { bound, engineOf } from '../shared/database'
import type { Db } from '../shared/database'
import { MOST_PER_RULE, rowsThatBreak } from '../shared/book-rules'
import { MAX_MINOR, UNITS, toDecimal } from '../shared/money'
import { planned } from '../shared/planned'
import { FIRST_HASH, digestBatch, sealHash } from './digest'
import { BATCH_TABLES } from './batch'
import type { BatchRows } from './batch'

/** A difference between the books and a rule: the number of the invariant (docs/ledger.md), the rule's name and a sentence. */
export interface Finding {
  readonly invariant: number
  readonly rule: string
  readonly text: string
}

/**
 * Proves the invariants that concern the books alone, reading every row. Changes nothing. An empty list means that all of them hold.
 * Covers 1, 2, 3, 4, 5, 6, 13 and 22 of docs/ledger.md; what concerns payments is proved by the payments room.
 */
export async function verifyLedger(db: Db): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const rule of RULES) findings.push(...(await findBroken(db, rule)))
  return [...findings, ...(await verifyDigests(db)), ...(await verifyChain(db))]
}

interface Rule {
  readonly invariant: number
  readonly name: string
  readonly sql: string
  tell(row: Record<string, unknown>): string
}

/** Whoever forged a row may have left anything in it; the sentence about it must be told all the same. */
const amountOf = (value: unknown): string => (/^-?\d+$/.test(text(value)) ? toDecimal(BigInt(text(value))) : text(value))
const text = (value: unknown): string => String(value)

const IMPOSSIBLE = `amount <= 0 or amount > ${String(MAX_MINOR)} or unit not in (${UNITS.map((unit) => `'${unit}'`).join(', ')})`

const RULES: readonly Rule[] = [
  {
    invariant: 1,
    name: 'unbalanced-transfer',
    sql: `select t.id, t.amount, coalesce(sum(e.amount), 0) as total from ledger_transfers t left join ledger_entries e on e.transfer_id = t.id
          left join ledger_accounts a on a.id = e.account_id group by t.id, t.amount, t.unit
          having count(e.number) < 2 or sum(e.amount) <> 0 or sum(case when e.amount > 0 then e.amount else 0 end) <> t.amount
              or sum(case when a.unit = t.unit then 0 else 1 end) <> 0`,
    tell: (row) =>
      `Transfer ${text(row.id)} over ${amountOf(row.amount)} has entries that do not balance in one unit (they sum to ${amountOf(row.total)}).`,
  },
  {
    invariant: 1,
    name: 'unit-not-zero',
    sql: `select unit, sum(balance) as total from ledger_accounts group by unit having sum(balance) <> 0`,
    tell: (row) => `All balances in ${text(row.unit)} sum to ${amountOf(row.total)} instead of zero.`,
  },
  {
    invariant: 2,
    name: 'balance-not-entries',
    sql: `select a.id, a.balance, coalesce(sum(e.amount), 0) as total, a.entry_count, count(e.number) as entries from ledger_accounts a
          left join ledger_entries e on e.account_id = a.id group by a.id, a.balance, a.entry_count
          having a.balance <> coalesce(sum(e.amount), 0) or a.entry_count <> count(e.number) or coalesce(max(e.number), 0) <> count(e.number)`,
    tell: (row) =>
      `Account ${text(row.id)} shows ${amountOf(row.balance)} after ${text(row.entry_count)} entries, but ${text(row.entries)} entries sum to ${amountOf(row.total)}.`,
  },
  {
    invariant: 2,
    name: 'broken-running-balance',
    sql: `select e.account_id, e.number from ledger_entries e left join ledger_entries p on p.account_id = e.account_id and p.number = e.number - 1
          where e.balance_after <> coalesce(p.balance_after, 0) + e.amount`,
    tell: (row) => `Entry ${text(row.number)} of account ${text(row.account_id)} does not follow from the entry before it.`,
  },
  {
    invariant: 3,
    name: 'overdrawn',
    sql: `select id, balance - held as available from ledger_accounts
          where held < 0 or balance - held < min_available or (id like 'member:%' and (min_available is null or min_available < 0))`,
    tell: (row) => `Account ${text(row.id)} is overdrawn or may be: ${amountOf(row.available)} available.`,
  },
  {
    invariant: 4,
    name: 'held-not-holds',
    sql: `select a.id, a.held, coalesce(o.total, 0) as total from ledger_accounts a left join
            (select h.account_id, sum(h.amount) as total from ledger_holds h left join ledger_resolutions r on r.hold_id = h.id
             where r.hold_id is null group by h.account_id) o on o.account_id = a.id
          where a.held <> coalesce(o.total, 0)`,
    tell: (row) => `Account ${text(row.id)} has ${amountOf(row.held)} held, but its open holds sum to ${amountOf(row.total)}.`,
  },
  {
    invariant: 5,
    name: 'odd-resolution',
    sql: `select r.hold_id from ledger_resolutions r left join ledger_holds h on h.id = r.hold_id where h.id is null or (r.kind = 'posted') <> (r.transfer_id is not null)
          union select hold_id from ledger_resolutions group by hold_id having count(*) > 1`,
    tell: (row) => `Hold ${text(row.hold_id)} does not exist, is resolved more than once, or is said to be both posted and released.`,
  },
  {
    invariant: 6,
    name: 'posted-differently',
    sql: `select r.hold_id, h.amount from ledger_resolutions r join ledger_holds h on h.id = r.hold_id
          left join ledger_entries f on f.transfer_id = r.transfer_id and f.account_id = h.account_id
          left join ledger_entries g on g.transfer_id = r.transfer_id and g.account_id = h.to_account_id
          where r.kind = 'posted' and h.account_id <> h.to_account_id and (f.amount is null or g.amount is null or f.amount <> -h.amount or g.amount <> h.amount)`,
    tell: (row) => `Hold ${text(row.hold_id)} over ${amountOf(row.amount)} was posted with another amount or between other accounts.`,
  },
  {
    invariant: 22,
    name: 'amount-not-possible',
    sql: `select id, amount, unit from ledger_transfers where ${IMPOSSIBLE}
          union all select id, amount, unit from ledger_holds where ${IMPOSSIBLE}`,
    tell: (row) =>
      `${text(row.id)} has the amount ${amountOf(row.amount)} in ${text(row.unit)}, which is not a positive amount in a known unit.`,
  },
  {
    invariant: 13,
    name: 'seal-lost',
    sql: `select b.id from ledger_batches b left join ledger_seals s on s.batch_id = b.id left join ledger_unsealed u on u.batch_id = b.id
          where s.batch_id is null and u.batch_id is null`,
    tell: (row) => `Batch ${text(row.id)} has lost its seal.`,
  },
]

async function findBroken(db: Db, rule: Rule): Promise<Finding[]> {
  const rows = await rowsThatBreak(db, rule.sql)
  return rows.map((row) => ({ invariant: rule.invariant, rule: rule.name, text: rule.tell(row) }))
}

const PAGE = 50
/** Entries held in memory at once, unless one batch has more: an accrual's batch holds ten thousand. */
const MOST_ENTRIES = 20_000

/** Rebuilds each batch's digest out of the rows that stand in the books now. */
async function verifyDigests(db: Db): Promise<Finding[]> {
  const findings: Finding[] = await findBroken(db, ORPHANS)
  for (let last = ''; findings.length < MOST_PER_RULE;) {
    const { page, changed } = await planned(db, 'by index', (each) => verifyPage(each, last))
    findings.push(...changed)
    if (page.length < PAGE) break
    last = page.at(-1)?.id ?? ''
  }
  return findings
}

async function verifyPage(db: Db, last: string): Promise<{ page: readonly WrittenBatch[]; changed: Finding[] }> {
  const page = (await db('ledger_batches').where('id', '>', last).orderBy('id').limit(PAGE)) as WrittenBatch[]
  const changed: Finding[] = []
  for (const portion of await inPortions(db, page)) changed.push(...(await findChanged(db, portion)))
  return { page, changed }
}

interface WrittenBatch {
  readonly id: string
  readonly digest: string
}

async function findChanged(db: Db, batches: readonly WrittenBatch[]): Promise<Finding[]> {
  const rows = await readBatches(
    db,
    batches.map((batch) => batch.id),
  )
  await yieldToOthers()
  return batches
    .filter((batch) => digestBatch(rows.get(batch.id) ?? emptyBatch()) !== batch.digest)
    .map((batch) => ({ invariant: 13, rule: 'rows-changed', text: `The rows of batch ${batch.id} are not those that were written.` }))
}

async function inPortions(db: Db, page: readonly WrittenBatch[]): Promise<WrittenBatch[][]> {
  const ids = page.map((batch) => batch.id)
  const counts = await db
    .select<{ id: string; entries: bigint | number }[]>('in_batch as id', db.raw('count(*) as entries'))
    .from(rowsOfBatches(db, 'ledger_entries', ids))
    .groupBy('in_batch')
  const entriesOf = new Map(counts.map(({ id, entries }) => [id, Number(entries)]))
  const portions: { batches: WrittenBatch[]; entries: number }[] = []
  for (const batch of page) {
    const entries = entriesOf.get(batch.id) ?? 0
    const portion = portions.at(-1)
    if (portion && portion.entries + entries <= MOST_ENTRIES) {
      portion.batches.push(batch)
      portion.entries += entries
    } else portions.push({ batches: [batch], entries })
  }
  return portions.map(({ batches }) => batches)
}

/** Rows that belong to no batch stand in no digest, so they are looked for by themselves; as are rows that refer to others which are not there. */
const ORPHANS: Rule = {
  invariant: 13,
  name: 'rows-without-batch',
  sql: [
    ...['ledger_instructions', 'ledger_holds', 'ledger_transfers', 'ledger_resolutions'].map(
      (table) =>
        `select '${table}' as place, x.batch_id as missing from ${table} x left join ledger_batches b on b.id = x.batch_id where b.id is null`,
    ),
    ...['account_id', 'to_account_id'].map(
      (column) =>
        `select 'ledger_holds' as place, x.${column} as missing from ledger_holds x left join ledger_accounts a on a.id = x.${column} where a.id is null`,
    ),
    `select 'ledger_resolutions' as place, r.transfer_id as missing from ledger_resolutions r left join ledger_transfers t on t.id = r.transfer_id
      where r.transfer_id is not null and t.id is null`,
    `select 'ledger_entries' as place, e.transfer_id as missing from ledger_entries e left join ledger_transfers t on t.id = e.transfer_id where t.id is null`,
  ].join(' union '),
  tell: (row) => `${text(row.place)} has rows that belong to ${text(row.missing)}, which does not exist.`,
}

/** Every rule by its name. A test plants a corruption for each of them. */
export const LEDGER_RULES: readonly string[] = [...RULES.map((rule) => rule.name), ORPHANS.name, 'rows-changed', 'chain-broken']

type Mutable<T> = { [K in keyof T]: Record<string, unknown>[] }
const emptyBatch = (): Mutable<BatchRows> => ({
  ledger_instructions: [],
  ledger_holds: [],
  ledger_transfers: [],
  ledger_entries: [],
  ledger_resolutions: [],
})

async function readBatches(db: Db, ids: readonly string[]): Promise<Map<string, Mutable<BatchRows>>> {
  const batches = new Map(ids.map((id) => [id, emptyBatch()]))
  for (const table of BATCH_TABLES) {
    for (const row of await db.select<Record<string, unknown>[]>('*').from(rowsOfBatches(db, table, ids))) {
      const { in_batch, ...columns } = row
      batches.get(text(in_batch))?.[table].push(columns)
    }
  }
  return batches
}

/**
 * A table's rows that belong to these batches, each with its batch as `in_batch`. PostgreSQL is told to look batch by batch, and transfer by transfer for entries: of an account that
 * it believes to be small, or a transfer that it believes to be large, it would read everything for each page.
 */
function rowsOfBatches(db: Db, table: keyof BatchRows, ids: readonly string[]): Knex.Raw {
  const found = (from: string, by: string): string => `cross join lateral (select * from ${from} where ${by} offset 0)`
  if (engineOf(db) === 'postgres') {
    const ofBatch = `unnest(?::text[]) as b (in_batch) ${found(table === 'ledger_entries' ? 'ledger_transfers' : table, 'batch_id = b.in_batch')} as x`
    const sql = table === 'ledger_entries' ? `${ofBatch} ${found(table, 'transfer_id = x.id')} as e` : ofBatch
    return db.raw(`(select ${table === 'ledger_entries' ? 'e' : 'x'}.*, b.in_batch from ${sql}) as found`, [[...ids]])
  }
  const places = ids.map(() => '?').join(', ')
  const sql =
    table === 'ledger_entries'
      ? `select e.*, t.batch_id as in_batch from ledger_entries e join ledger_transfers t on t.id = e.transfer_id where t.batch_id in (${places})`
      : `select x.*, x.batch_id as in_batch from ${table} x where x.batch_id in (${places})`
  return db.raw(`(${sql}) as found`, [...ids])
}

/** Walks the seals: no number missing, each over the one before it, each over its batch's digest. */
async function verifyChain(db: Db): Promise<Finding[]> {
  const findings: Finding[] = []
  let expected = { number: 1n, previous: FIRST_HASH }
  for (;;) {
    const page = await planned(db, 'by index', (each) => readSeals(each, expected.number))
    for (const seal of page) {
      const right = sealHash(expected.previous, seal.batch_id, seal.digest ?? '')
      if (seal.number !== expected.number || seal.previous_hash !== expected.previous || seal.hash !== right) {
        findings.push({ invariant: 13, rule: 'chain-broken', text: `The chain of seals breaks at seal ${seal.number}.` })
      }
      expected = { number: seal.number + 1n, previous: seal.hash }
    }
    await yieldToOthers()
    if (page.length < PAGE || findings.length >= MOST_PER_RULE) return findings
  }
}

const readSeals = async (db: Db, from: bigint): Promise<SealRow[]> =>
  db('ledger_seals as s')
    .leftJoin('ledger_batches as b', 'b.id', 's.batch_id')
    .where('s.number', '>=', bound(from))
    .orderBy('s.number')
    .limit(PAGE)
    .select<SealRow[]>('s.number', 's.previous_hash', 's.hash', 's.batch_id', 'b.digest')

interface SealRow {
  number: bigint
  previous_hash: string
  hash: string
  batch_id: string
  digest: string | null
}
