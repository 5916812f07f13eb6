import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'
import { addDays, dayEnd, dayStart, nextMonth } from '../shared/days'
import type { Day } from '../shared/days'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'

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
  /** What waits now, whatever the month. */
  readonly waiting: Total
  /** What was refused, held or closed unpaid in the month. */
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
  const last = addDays(nextMonth(of.month), -1)
  const sums = [db.raw('count(*) as count'), db.raw('coalesce(sum(amount), 0) as amount')]
  const paid: SumRow[] = await paidRows(db, of)
    .groupBy('s.organisation_id')
    .select('s.organisation_id', db.raw('count(*) as count'), db.raw('sum(s.amount) as amount'))
  const kept = (queues: readonly string[]) =>
    db('autopay_invoices')
      .whereIn('organisation_id', [...of.organisationIds])
      .whereIn('queue', [...queues])
      .groupBy('organisation_id')
      .select('organisation_id', ...sums)
  const waiting = (await kept(['new', 'ask', 'due', 'paying'])) as SumRow[]
  const refused = (await kept(['exception', 'closed'])
    .where('queued_at', '>=', iso(dayStart(of.month, of.zone)))
    .where('queued_at', '<', iso(dayEnd(last, of.zone)))) as SumRow[]
  return of.organisationIds.map((organisationId) => ({
    organisationId,
    paid: totalOf(paid, organisationId),
    waiting: totalOf(waiting, organisationId),
    refused: totalOf(refused, organisationId),
  }))
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

/** Captured payments whose money was counted in the month: the same that limits and budgets count. */
const paidRows = (db: Db, { month, organisationIds }: ReportOf) =>
  db('autopay_spending as s')
    .join('payments as p', 'p.consent_id', 's.decision_id')
    .where({ 'p.state': 'captured' })
    .whereIn('s.organisation_id', [...organisationIds])
    .whereBetween('s.day', [month, addDays(nextMonth(month), -1)])

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
