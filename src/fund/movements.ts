import type { Knex } from 'knex'
import { bound, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { ACCOUNTS, entryNumberBefore } from '../ledger'
import { incomingNumbers } from './day-store'
import type { EntryRange } from './day-store'

/** What may happen to the fund; anything that a later version brings is shown among all movements. */
export const MOVEMENT_KINDS = ['deposit', 'payment', 'return', 'correction'] as const
export type MovementKind = (typeof MOVEMENT_KINDS)[number]

export interface MovementFilter {
  readonly kind?: MovementKind | undefined
  /** Written at this moment or later. */
  readonly from?: Date | undefined
  /** Written before this moment. */
  readonly to?: Date | undefined
}

export interface FundMovement {
  /** Where the next page begins. */
  readonly cursor: bigint
  readonly at: Date
  /** Null for a kind that this version does not know. */
  readonly kind: MovementKind | null
  /** Signed roubles: what came in is positive. */
  readonly amount: Money
  /** The whole fund afterwards. */
  readonly balanceAfter: Money
  /** The id of the payment it belongs to, where it does. */
  readonly reference: string | null
  /** Why, where a person did it. */
  readonly reason: string | null
}

/**
 * The entries that a list walks through, newest first. What is rare is walked where it is dense: deposits along the bank's account, corrections along the suspense account,
 * returns along the small index of what came in. So a filter that shows little costs little, however long the books are.
 */
const WALKS = {
  all: { account: ACCOUNTS.fund, where: `w.account_id = 'fund'` },
  deposit: { account: ACCOUNTS.bank, where: `w.account_id = 'bank' and t.kind = 'fund_deposit'` },
  payment: { account: ACCOUNTS.fund, where: `w.account_id = 'fund' and t.kind = 'fund_payment'` },
  return: { account: ACCOUNTS.fund, where: `w.account_id = 'fund' and t.kind = 'reversal'` },
  correction: { account: ACCOUNTS.suspense, where: `w.account_id = 'suspense' and t.kind = 'suspense'` },
} as const

const KIND_OF: Readonly<Record<string, MovementKind>> = {
  fund_deposit: 'deposit',
  fund_payment: 'payment',
  reversal: 'return',
  suspense: 'correction',
}

interface Page {
  readonly before?: bigint | undefined
  readonly limit: number
}

/** What happened to the fund, newest first: so many after `before`, which is the cursor of the last one seen. */
export async function listFundMovements(db: Db, { kind, from, to, before, limit }: MovementFilter & Page): Promise<FundMovement[]> {
  const { account } = WALKS[kind ?? 'all']
  const range = {
    before,
    upTo: to && (await entryNumberBefore(db, account, to)),
    after: from && (await entryNumberBefore(db, account, from)),
  }
  if (kind === 'return') return listReturns(db, range, limit)
  const query = walk(db, kind ?? 'all', limit)
  if (range.before !== undefined) void query.where('w.number', '<', bound(range.before))
  if (range.upTo !== undefined) void query.where('w.number', '<=', bound(range.upTo))
  if (range.after !== undefined) void query.where('w.number', '>', bound(range.after))
  return ((await query) as Row[]).map(toMovement)
}

const walk = (db: Db, kind: keyof typeof WALKS, limit: number): Knex.QueryBuilder =>
  db('ledger_entries as w')
    .join('ledger_transfers as t', 't.id', 'w.transfer_id')
    .join('ledger_entries as e', (join) => join.on('e.transfer_id', 't.id').andOn(db.raw(`e.account_id = 'fund'`)))
    .whereRaw(WALKS[kind].where)
    .orderBy('w.number', 'desc')
    .limit(limit)
    .select('w.number', 'e.amount', 'e.balance_after', 't.kind', 't.reference', 't.created_at', db.raw(`${REASON} as reason`))

/** Most of what comes in and is no deposit is a return, so a few steps along what came in fill a page. */
async function listReturns(db: Db, range: EntryRange, limit: number): Promise<FundMovement[]> {
  const found: FundMovement[] = []
  for (let { before } = range; ;) {
    const numbers = await incomingNumbers(db, { ...range, before }, RECEIPTS_AT_ONCE)
    const rows = (await walk(db, 'return', limit).whereIn('w.number', numbers.map(bound))) as Row[]
    found.push(...rows.map(toMovement))
    before = numbers.at(-1)
    if (found.length >= limit || numbers.length < RECEIPTS_AT_ONCE) return found.slice(0, limit)
  }
}

const RECEIPTS_AT_ONCE = 200

/** One instruction may have several audit rows, and a movement is shown once. */
const REASON = '(select a.reason from audit_log a where a.instruction_key = t.instruction_key order by a.id limit 1)'

interface Row {
  number: bigint
  amount: bigint
  balance_after: bigint
  kind: string
  reference: string | null
  created_at: Date | string
  reason: string | null
}

const toMovement = (row: Row): FundMovement => ({
  cursor: row.number,
  at: moment(row.created_at),
  kind: KIND_OF[row.kind] ?? null,
  amount: money(row.amount, 'RUB'),
  balanceAfter: money(row.balance_after, 'RUB'),
  reference: row.reference,
  reason: row.reason,
})

/** Everything that a filter shows, newest first, some at a time; what is written meanwhile is left out. */
export async function* allFundMovements(db: Db, filter: MovementFilter, pageSize = 500): AsyncGenerator<FundMovement[]> {
  for (let before: bigint | undefined; ;) {
    const page = await listFundMovements(db, { ...filter, before, limit: pageSize })
    if (page.length > 0) yield page
    before = page.at(-1)?.cursor
    if (page.length < pageSize) return
  }
}
