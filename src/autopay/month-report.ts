import type { Knex } from 'knex'
import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { addDays, dayEnd, dayOf, dayStart, monthOf, nextMonth } from '../shared/days'
import type { Day } from '../shared/days'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import type { DecisionKind } from './decision'
import { toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice, Queue } from './invoice-row'
import { outcomeOf } from './outcome'
import type { Outcome } from './outcome'
import { COUNTS } from './spending'

/** A month of automatic payment, named by its first day. */
export interface ReportOf {
  readonly month: Day
  readonly zone: string
  readonly organisationIds: readonly string[]
}

/** So many invoices and their sum, in kopecks. */
export interface Total {
  readonly count: number
  readonly amount: bigint
}

export interface OrganisationTotals {
  readonly organisationId: string
  readonly paid: Total
  /** What counts against the month's budget, in kopecks: what was paid, and what is being paid and not answered yet. */
  readonly counted: bigint
  /** What waits now, whatever the month. */
  readonly waiting: Total
  /** What was refused or closed unpaid in the month. */
  readonly refused: Total
}

const NONE: Total = { count: 0, amount: 0n }

interface SumRow {
  organisation_id: string
  count: unknown
  amount: unknown
}

/** What each organisation has paid in the month, and what waits and was refused. */
export async function readTotals(db: Db, of: ReportOf): Promise<OrganisationTotals[]> {
  const spent = await readSpent(db, of)
  const waiting = await sumUnpaid(unpaidRows(db, of).whereIn('i.queue', OPEN), 'waiting')
  const refused = await sumUnpaid(withinMonth(unpaidRows(db, of).whereIn('i.queue', ENDED), of), 'refused')
  return of.organisationIds.map((organisationId) => ({
    organisationId,
    paid: totalOf(spent, organisationId),
    counted: whole(spent.find((row) => row.organisation_id === organisationId)?.counted ?? null),
    waiting: totalOf(waiting, organisationId),
    refused: totalOf(refused, organisationId),
  }))
}

/** What each organisation has paid in the month, and what counts against its budget: at one moment, so that nothing is told as paid and not as spent. */
const readSpent = async (db: Db, of: ReportOf): Promise<(SumRow & { counted: string | number | bigint })[]> =>
  spendingRows(db, of)
    .leftJoin('payments as p', 'p.consent_id', 's.decision_id')
    .whereRaw(COUNTS)
    .groupBy('s.organisation_id')
    .select('s.organisation_id', db.raw('sum(s.amount) as counted'))
    .select(db.raw(`sum(case when p.state = 'captured' then 1 else 0 end) as count`))
    .select(db.raw(`sum(case when p.state = 'captured' then s.amount else 0 end) as amount`))

/** Where invoices stand that still wait, and where those that were refused; under Exceptions are some of either. */
const OPEN: readonly Queue[] = ['new', 'ask', 'due', 'paying', 'exception']
const ENDED: readonly Queue[] = ['exception', 'closed']

/** Invoices with what `outcomeOf` asks of each. At most one refusal of a person counts at a time. */
export const unpaidRows = (db: Db, { organisationIds }: Pick<ReportOf, 'organisationIds'>): Knex.QueryBuilder =>
  db('autopay_invoices as i')
    .leftJoin('autopay_decisions as d', 'd.id', 'i.decision_id')
    .leftJoin('autopay_verdicts as v', (join) => {
      void join.on('v.invoice_id', 'i.id').andOnNull('v.ended_at').andOnVal('v.kind', 'refused')
    })
    .whereIn('i.organisation_id', [...organisationIds])

const withinMonth = (query: Knex.QueryBuilder, { month, zone }: ReportOf): Knex.QueryBuilder =>
  query.where('i.queued_at', '>=', iso(dayStart(month, zone))).where('i.queued_at', '<', iso(dayEnd(addDays(nextMonth(month), -1), zone)))

interface StandingRow {
  queue: Queue
  decision: DecisionKind | null
  refusal: string | null
}

const standingOf = ({ queue, decision, refusal }: StandingRow): Outcome => outcomeOf({ queue, decision, isRefused: refusal !== null })

/** Sums what stands alike, by organisation, so that the one definition says of few rows what they are. @param query of `unpaidRows` */
export async function sumUnpaid(query: Knex.QueryBuilder, outcome: Outcome): Promise<(Total & { readonly organisation_id: string })[]> {
  const rows: (StandingRow & { organisation_id: string; count: unknown; amount: string | number | bigint | null })[] = await query
    .groupBy('i.organisation_id', 'i.queue', 'd.kind', 'v.kind')
    .select('i.organisation_id', 'i.queue', 'd.kind as decision', 'v.kind as refusal')
    .count({ count: '*' })
    .sum({ amount: 'i.amount' })
  const sums = new Map<string, Total & { readonly organisation_id: string }>()
  for (const row of rows) {
    if (standingOf(row) !== outcome) continue
    const { organisation_id } = row
    const { count, amount } = sums.get(organisation_id) ?? { count: 0, amount: 0n }
    sums.set(organisation_id, { organisation_id, count: count + Number(row.count), amount: amount + whole(row.amount) })
  }
  return [...sums.values()]
}

/** The sum of nothing is null, and engines differ in how they tell a large one. */
const whole = (sum: string | number | bigint | null): bigint => BigInt(sum ?? 0)

/** An invoice that waits now, or was refused in the month. */
export interface UnpaidLine {
  readonly invoice: KeptInvoice
  readonly outcome: Outcome
}

/** What waits now and what was refused in the month, the newest first: of so many after `before` those that count. @returns where to go on, or undefined at the end */
export async function listUnpaid(
  db: Db,
  of: ReportOf,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<{ lines: UnpaidLine[]; before: string | undefined }> {
  const query = unpaidRows(db, of)
    .where((some) => void some.whereIn('i.queue', OPEN).orWhere((closed) => void withinMonth(closed.where({ 'i.queue': 'closed' }), of)))
    .orderBy('i.place', 'desc')
    .limit(page.limit)
    .select('i.*', 'd.kind as decision', 'v.kind as refusal')
  if (page.before !== undefined) void query.where('i.place', '<', page.before)
  const rows = (await query) as (InvoiceRow & StandingRow)[]
  const lines = rows.map((row) => ({ invoice: toKept(row), outcome: standingOf(row) }))
  const isCounted = ({ invoice: { queuedAt }, outcome }: UnpaidLine): boolean =>
    outcome === 'waiting' || monthOf(dayOf(queuedAt, of.zone)) === of.month
  return { lines: lines.filter(isCounted), before: rows.length < page.limit ? undefined : rows.at(-1)?.place }
}

function totalOf(rows: readonly SumRow[], organisationId: string): Total {
  const row = rows.find(({ organisation_id }) => organisation_id === organisationId)
  return row ? { count: Number(row.count), amount: BigInt(String(row.amount)) } : NONE
}

/** One payment of the month. */
export interface PaidLine {
  /** The decision that paid it; grows with time. */
  readonly id: string
  readonly invoiceId: string
  readonly organisationId: string
  readonly number: string
  readonly description: string
  readonly amount: Money
  readonly ruleName: string
  readonly paymentId: string
  readonly paidAt: Date
}

interface PaidRow {
  id: string
  invoice_id: string
  organisation_id: string
  number: string
  description: string
  amount: bigint
  currency: Unit
  rule_name: string | null
  payment_id: string
  settled_at: Date | string | null
  decided_at: Date | string
}

/** Payments whose money was counted in the month, whatever has become of them. */
const spendingRows = (db: Db, { month, organisationIds }: ReportOf): Knex.QueryBuilder =>
  db('autopay_spending as s')
    .whereIn('s.organisation_id', [...organisationIds])
    .whereBetween('s.day', [month, addDays(nextMonth(month), -1)])

/** Those of them that are captured. */
const paidRows = (db: Db, of: ReportOf): Knex.QueryBuilder =>
  spendingRows(db, of).join('payments as p', 'p.consent_id', 's.decision_id').where({ 'p.state': 'captured' })

/** What was paid in the month, the newest first: so many after `before`. */
export async function listPaid(
  db: Db,
  of: ReportOf,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<PaidLine[]> {
  const query = paidRows(db, of)
    .join('autopay_decisions as d', 'd.id', 's.decision_id')
    .join('autopay_invoices as i', 'i.id', 'd.invoice_id')
    .orderBy('s.decision_id', 'desc')
    .limit(page.limit)
    .select(
      's.decision_id as id',
      'd.invoice_id',
      's.organisation_id',
      'i.number',
      'i.description',
      's.amount',
      'd.currency',
      'd.rule_name',
    )
    .select('p.id as payment_id', 'p.settled_at', 'd.at as decided_at')
  if (page.before !== undefined) void query.where('s.decision_id', '<', page.before)
  return ((await query) as PaidRow[]).map((row) => ({
    id: row.id,
    invoiceId: row.invoice_id,
    organisationId: row.organisation_id,
    number: row.number,
    description: row.description,
    amount: money(row.amount, row.currency),
    ruleName: row.rule_name ?? '',
    paymentId: row.payment_id,
    paidAt: moment(row.settled_at ?? row.decided_at),
  }))
}
