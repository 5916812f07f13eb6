import { iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import { insertRows } from '../shared/statements'
import type { DecisionKind, Why, WhyCode } from './decision'
import type { Outcome } from './outcome'

/** What became of one invoice in one run, and its place in the order of the run. */
export interface ListedItem extends RunItem {
  readonly position: number
}

/** What became of one invoice in one run. */
export interface RunItem {
  readonly invoiceId: string
  readonly organisationId: string
  readonly number: string
  /** null of one that could not be understood. */
  readonly amount: Money | null
  readonly outcome: Outcome
  readonly decision: DecisionKind
  readonly why: readonly Why[]
}

interface ItemRow {
  invoice_id: string
  organisation_id: string
  position: number | bigint
  number: string
  amount: bigint
  currency: Unit
  outcome: Outcome
  decision: DecisionKind
  why: string
}

const toItem = (row: ItemRow): ListedItem => ({
  position: Number(row.position),
  invoiceId: row.invoice_id,
  organisationId: row.organisation_id,
  number: row.number,
  amount: row.amount === 0n ? null : money(row.amount, row.currency),
  outcome: row.outcome,
  decision: row.decision,
  why: JSON.parse(row.why) as Why[],
})

/** What is said of a payment that is not over yet, by its state. */
export const UNANSWERED: Readonly<Record<string, WhyCode>> = { confirming: 'in_check', review: 'in_review' }

const AT_ONCE = 500

/** Writes what became of everything, in the place of what a process that ended has written before. */
export async function writeItems(tx: Tx, runId: string, items: readonly RunItem[], at: Date): Promise<void> {
  await tx('autopay_run_items').where({ run_id: runId }).delete()
  const rows = items.map(({ invoiceId, organisationId, number, amount, outcome, decision, why }, position) => ({
    run_id: runId,
    invoice_id: invoiceId,
    organisation_id: organisationId,
    position,
    number,
    // No invoice is for nothing, so that zero says that there is no amount.
    amount: amount?.minor ?? 0n,
    currency: amount?.unit ?? 'RUB',
    outcome,
    decision,
    why: JSON.stringify(why),
    at: iso(at),
  }))
  for (let from = 0; from < rows.length; from += AT_ONCE) await insertRows(tx, 'autopay_run_items', rows.slice(from, from + AT_ONCE))
}

export interface ItemFilter {
  readonly organisationIds?: readonly string[] | undefined
  readonly outcome?: Outcome | undefined
}

/** The items of a run in its order, so many after a place in it. */
export async function listItems(
  db: Db,
  runId: string,
  filter: ItemFilter,
  page: { readonly after?: number | undefined; readonly limit: number },
): Promise<ListedItem[]> {
  const query = db('autopay_run_items').where({ run_id: runId }).orderBy('position').limit(page.limit)
  if (filter.outcome !== undefined) void query.where({ outcome: filter.outcome })
  if (filter.organisationIds !== undefined) void query.whereIn('organisation_id', [...filter.organisationIds])
  if (page.after !== undefined) void query.where('position', '>', page.after)
  return ((await query) as ItemRow[]).map(toItem)
}

export interface OutcomeSum {
  readonly outcome: Outcome
  readonly count: number
  /** In kopecks. */
  readonly amount: bigint
}

/** What a run came to for one organisation. */
export interface RunSum extends OutcomeSum {
  readonly runId: string
  readonly organisationId: string
}

/** How many invoices of each run came to what, and their sums, by the organisations that the reader may know of. */
export async function sumItems(db: Db, runIds: readonly string[], organisationIds: readonly string[]): Promise<RunSum[]> {
  const rows: { run_id: string; organisation_id: string; outcome: Outcome; count: unknown; amount: unknown }[] = await db(
    'autopay_run_items',
  )
    .whereIn('run_id', [...runIds])
    .whereIn('organisation_id', [...organisationIds])
    .groupBy('run_id', 'organisation_id', 'outcome')
    .select('run_id', 'organisation_id', 'outcome', db.raw('count(*) as count'), db.raw('sum(amount) as amount'))
  return rows.map(({ run_id, organisation_id, outcome, count, amount }) => ({
    runId: run_id,
    organisationId: organisation_id,
    outcome,
    count: Number(count),
    amount: BigInt(String(amount)),
  }))
}

/** A payment that was being checked when its run ended went through after all. */
export async function markPaid(tx: Tx, decisionIds: readonly string[]): Promise<void> {
  for (const id of decisionIds) {
    const decision: { run_id: string | null; invoice_id: string } | undefined = await tx('autopay_decisions')
      .where({ id })
      .first('run_id', 'invoice_id')
    if (decision?.run_id) await markOne(tx, { run_id: decision.run_id, invoice_id: decision.invoice_id })
  }
}

/** What said that there is no answer is over; why it was paid stays. */
async function markOne(tx: Tx, of: { readonly run_id: string; readonly invoice_id: string }): Promise<void> {
  const item: Pick<ItemRow, 'why'> | undefined = await tx('autopay_run_items').where(of).first('why')
  if (!item) return
  const over: readonly string[] = Object.values(UNANSWERED)
  const why = (JSON.parse(item.why) as Why[]).filter(({ code }) => !over.includes(code))
  await tx('autopay_run_items')
    .where(of)
    .update({ outcome: 'paid', why: JSON.stringify(why) })
}
