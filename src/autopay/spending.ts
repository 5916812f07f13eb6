import type { Knex } from 'knex'
import { addDays, dayOf, monthOf, nextMonth } from '../shared/days'
import type { Day } from '../shared/days'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'
import type { Spent } from './decision-context'
import { readBody } from './rule-schema'

/** The operator's day and month at a moment, as their first and last days. */
export interface Periods {
  readonly day: Day
  readonly monthFrom: Day
  readonly monthTo: Day
}

export function spendingPeriods(now: Date, zone: string): Periods {
  const day = dayOf(now, zone)
  return { day, monthFrom: monthOf(day), monthTo: addDays(nextMonth(day), -1) }
}

interface SumRow {
  organisation_id: string
  rule_id: string
  payee: string
  day_sum: unknown
  month_sum: unknown
}

/** A payment that was voided or reversed has spent nothing; one that is being made has. A row whose payment is being written in this very transaction counts as well. */
export const COUNTS = `(p.state is null or p.state not in ('voided', 'reversed'))`

/** What has been spent in the day and the month, by the names under which limits look it up (DecisionContext.spent). */
export async function readSpending(db: Db, { day, monthFrom, monthTo }: Periods): Promise<Map<string, Spent>> {
  const rows: SumRow[] = await db('autopay_spending as s')
    .leftJoin('payments as p', 'p.consent_id', 's.decision_id')
    .whereRaw(COUNTS)
    .whereBetween('s.day', [monthFrom, monthTo])
    .groupBy('s.organisation_id', 's.rule_id', 's.payee')
    .select('s.organisation_id', 's.rule_id', 's.payee')
    .select(db.raw('coalesce(sum(case when s.day = ? then s.amount else 0 end), 0) as day_sum', [day]))
    .select(db.raw('coalesce(sum(s.amount), 0) as month_sum'))
  const sameRules = await namesakesOf(db, [...new Set(rows.map(({ rule_id }) => rule_id))])
  const spent = new Map<string, Spent>()
  for (const row of rows) {
    const [ofDay, ofMonth] = [BigInt(String(row.day_sum)), BigInt(String(row.month_sum))]
    const rules = (sameRules.get(row.rule_id) ?? []).map((id) => `rule:${id}`)
    for (const name of [`organisation:${row.organisation_id}`, ...rules, `payee:${row.organisation_id}:${row.payee}`]) {
      const before = spent.get(name) ?? { day: 0n, month: 0n }
      spent.set(name, { day: before.day + ofDay, month: before.month + ofMonth })
    }
  }
  return spent
}

/** What a rule has paid in the day and the month without anybody being asked. */
export interface PaidByRule extends Spent {
  readonly ruleId: string
  /** Its present name, or the last one of a rule that is gone. */
  readonly name: string
}

interface PaidRow {
  rule_id: string
  name: string
  body: string
  day_sum: unknown
  month_sum: unknown
}

/** What the rules of one organisation have paid by themselves, those that are off, changed or gone by now as well. A version that asks is not among it: somebody has signed. */
export async function readPaidByRules(db: Db, organisationId: string, { day, monthFrom, monthTo }: Periods): Promise<PaidByRule[]> {
  const rows: PaidRow[] = await db('autopay_spending as s')
    .join('autopay_decisions as d', 'd.id', 's.decision_id')
    .join('autopay_rules as r', 'r.id', 's.rule_id')
    .join('autopay_rule_versions as v', (join) => join.on('v.rule_id', 'd.rule_id').andOn('v.version', 'd.rule_version'))
    .leftJoin('payments as p', 'p.consent_id', 's.decision_id')
    .where('s.organisation_id', organisationId)
    .whereRaw(COUNTS)
    .whereBetween('s.day', [monthFrom, monthTo])
    .groupBy('s.rule_id', 'r.name', 'v.body')
    .select('s.rule_id', 'r.name', 'v.body')
    .select(db.raw('coalesce(sum(case when s.day = ? then s.amount else 0 end), 0) as day_sum', [day]))
    .select(db.raw('coalesce(sum(s.amount), 0) as month_sum'))
  return rows
    .filter(({ body }) => readBody(body).do === 'pay')
    .map((row) => ({ ruleId: row.rule_id, name: row.name, day: BigInt(String(row.day_sum)), month: BigInt(String(row.month_sum)) }))
}

async function namesakesOf(db: Db, ruleIds: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const pairs: { id: string; same: string }[] = await namesakes(db, ruleIds).select('r.id as id', 'k.id as same')
  for (const { id, same } of pairs) found.set(id, [...(found.get(id) ?? []), same])
  return found
}

/** A payment that is about to hold money, with the limits that it must keep to. In kopecks; null is no limit. */
export interface Spending extends Periods {
  readonly decisionId: string
  readonly organisationId: string
  readonly ruleId: string
  readonly payee: string
  readonly amount: bigint
  readonly limits: {
    readonly organisation: { readonly day: bigint | null; readonly month: bigint | null }
    readonly rule: { readonly day: bigint | null; readonly month: bigint | null }
    readonly payeeDay: bigint | null
  }
}

/**
 * Counts payments against their limits. As a ledger companion it runs in the transaction of the holds, under the lock of the fund's account: of two payments that arrive
 * together, at whatever instance, the second sees the first (invariant 24). A refusal takes the batch back; its neighbours are then written without it.
 * @throws Refusal autopay_over_limit (detail: which limit)
 */
export async function spendWithinLimits(tx: Tx, all: readonly Spending[]): Promise<void> {
  for (const spending of all) {
    const over = await brokenLimit(tx, spending)
    if (over) throw new Refusal('autopay_over_limit', over)
    await insertRows(tx, 'autopay_spending', [
      {
        decision_id: spending.decisionId,
        organisation_id: spending.organisationId,
        rule_id: spending.ruleId,
        payee: spending.payee,
        day: spending.day,
        amount: spending.amount,
      },
    ])
  }
}

async function brokenLimit(tx: Tx, spending: Spending): Promise<string | undefined> {
  const { limits, amount, organisationId, ruleId, payee, ...periods } = spending
  const isOver = (limit: bigint | null, spent: bigint): boolean => limit !== null && spent + amount > limit
  const organisation = await sumOf(tx, periods, (sums) => void sums.where({ 's.organisation_id': organisationId }))
  if (isOver(limits.organisation.day, organisation.day)) return 'organisation day'
  if (isOver(limits.organisation.month, organisation.month)) return 'organisation month'
  const rule = await sumOf(tx, periods, (sums) => void sums.whereIn('s.rule_id', namesakes(tx, [ruleId]).select('k.id')))
  if (isOver(limits.rule.day, rule.day)) return 'rule day'
  if (isOver(limits.rule.month, rule.month)) return 'rule month'
  if (limits.payeeDay === null) return undefined
  const ofPayee = await sumOf(tx, periods, (sums) => void sums.where({ 's.organisation_id': organisationId, 's.payee': payee }))
  return isOver(limits.payeeDay, ofPayee.day) ? 'payee day' : undefined
}

/** The rules of one organisation and one name as these, themselves included: a rule that is taken away and written anew has no new limits for the day and the month. */
const namesakes = (db: Db, ruleIds: readonly string[]) =>
  db('autopay_rules as r')
    .join('autopay_rules as k', (join) => join.on('k.organisation_id', 'r.organisation_id').andOn('k.name', 'r.name'))
    .whereIn('r.id', [...ruleIds])

async function sumOf(tx: Tx, { day, monthFrom, monthTo }: Periods, whose: (sums: Knex.QueryBuilder) => void): Promise<Spent> {
  const [row]: { day_sum: bigint | string; month_sum: bigint | string }[] = await tx('autopay_spending as s')
    .leftJoin('payments as p', 'p.consent_id', 's.decision_id')
    .where(whose)
    .whereRaw(COUNTS)
    .whereBetween('s.day', [monthFrom, monthTo])
    .select(tx.raw('coalesce(sum(case when s.day = ? then s.amount else 0 end), 0) as day_sum', [day]))
    .select(tx.raw('coalesce(sum(s.amount), 0) as month_sum'))
  return { day: BigInt(String(row?.day_sum ?? 0)), month: BigInt(String(row?.month_sum ?? 0)) }
}
