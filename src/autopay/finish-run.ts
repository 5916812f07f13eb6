import type { PaymentDeps } from '../payments'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Unit } from '../shared/money'
import type { PlannedPayment } from './decide'
import type { Why, WhyCode } from './decision'
import { latestDecisions } from './decision-store'
import { toKept } from './invoice-row'
import type { InvoiceRow } from './invoice-row'
import { keptId } from './keep-invoices'
import { readInSlices } from './in-turns'
import { asOfNow } from './left-since'
import { notUnderstood, oddInvoices, openInvoices } from './open-invoices'
import { tellOrganisations } from './outbox'
import { outcomeOf } from './outcome'
import { UNANSWERED, writeItems } from './run-items'
import type { RunItem } from './run-items'
import { endRun } from './run-store'
import type { Run } from './run-store'
import { syncPayments } from './sync-payments'
import { openVerdicts } from './words-store'

export interface Ending {
  readonly problem: string | null
  /** What was decided last about each invoice; null when the run did not come to the end of that. */
  readonly said: Iterable<PlannedPayment> | null
}

/** Writes down what became of everything, and what people are to be told, together with the end of the run. A run that was taken over meanwhile is left to its new owner. */
export async function finishRun(deps: PaymentDeps, run: Run, { problem, said }: Ending): Promise<void> {
  const at = deps.clock.now()
  await syncPayments(deps.db, at)
  const decided = said ? (await asOfNow(deps.db, [...said])).map(asItem) : await asTheyStood(deps.db, run)
  const begun = await paymentsOf(deps.db, run.id)
  const items = await itemsOf(deps.db, run, begun, decided)
  await inTransaction(deps.db, async (tx) => {
    if (!(await endRun(tx, run, { problem, begun: begun.length }, at))) return
    await writeItems(tx, run.id, items, at)
    await tellOrganisations(tx, run.id, { items, problem, at, zone: deps.settings.timeZone })
  })
  deps.log.info({ run: run.id, items: items.length, problem }, 'a run of automatic payment has ended')
}

async function itemsOf(db: Db, run: Run, begun: readonly RunItem[], others: readonly RunItem[]): Promise<RunItem[]> {
  const earlier = (await underWay(db, run)).filter(({ invoiceId }) => !begun.some((one) => one.invoiceId === invoiceId))
  const paying = idsOf([...begun, ...earlier])
  const odd = (await oddItems(db, run)).filter(({ invoiceId }) => !paying.has(invoiceId))
  // Each once: what cannot be understood any more was decided about before, or is being paid.
  const known = new Set([...paying, ...idsOf(odd)])
  const left = others.filter(({ invoiceId }) => !known.has(invoiceId))
  return [...begun, ...earlier, ...(await asPeopleSaid(db, left)), ...odd]
}

/** What somebody refused after it was decided about for the last time waits for nobody. */
async function asPeopleSaid(db: Db, items: readonly RunItem[]): Promise<RunItem[]> {
  const waiting = items.filter(({ outcome }) => outcome === 'waiting').map(({ invoiceId }) => invoiceId)
  const verdicts = await readInSlices(waiting, (some) => openVerdicts(db, some))
  const refused = new Set(verdicts.filter(({ kind }) => kind === 'refused').map(({ invoiceId }) => invoiceId))
  const why = [line('refused_by_person')]
  return items.map((item) =>
    refused.has(item.invoiceId) ? { ...item, outcome: outcomeOf({ decision: 'refuse' }), decision: 'refuse', why } : item,
  )
}

const idsOf = (items: readonly RunItem[]): ReadonlySet<string> => new Set(items.map(({ invoiceId }) => invoiceId))

/** Of a run that was interrupted: what is kept of the invoices that are open, so that nobody reads that fewer wait than do. */
async function asTheyStood(db: Db, { scope }: Run): Promise<RunItem[]> {
  const open = await openInvoices(db, scope)
  const kept = await latestDecisions(
    db,
    open.map(({ id }) => id),
  )
  return open.map((invoice) => {
    const { organisationId, number, amount, id } = invoice
    const decision = kept.get(id)
    if (decision) return asItem({ invoice, decision })
    return {
      invoiceId: id,
      organisationId,
      number,
      amount,
      outcome: outcomeOf({ decision: null }),
      decision: 'wait',
      why: [line('not_decided')],
    }
  })
}

function asItem({ invoice, decision }: PlannedPayment): RunItem {
  const { organisationId, number, amount } = invoice
  // What was to be paid and was not: Invoicebox could not be asked, or something changed in the last moment.
  const why = decision.decision === 'pay' ? [...decision.why, line('not_sent')] : decision.why
  return { invoiceId: invoice.id, organisationId, number, amount, outcome: outcomeOf(decision), decision: decision.decision, why }
}

/** Those that could not be understood: no rule decides about them, and whoever reads what a run came to must learn of them. */
const oddItems = async (db: Db, { scope }: Run): Promise<RunItem[]> =>
  (await oddInvoices(db, scope)).map(({ id, organisationId, number, problem }) => ({
    invoiceId: id,
    organisationId,
    number,
    amount: null,
    outcome: outcomeOf({ decision: 'hold' }),
    decision: 'hold',
    why: [notUnderstood(problem)],
  }))

const line = (code: WhyCode): Why => ({ gate: 'status', passed: false, code, values: {} })

interface PaymentRow {
  readonly invoice_id: string
  readonly organisation_id: string
  readonly number: string
  readonly amount: bigint
  readonly currency: Unit
  readonly why: string
  readonly state: string
}

/** What this run has paid, and what it has asked for without an answer so far. One that was voided is told by what was decided about it since. */
async function paymentsOf(db: Db, runId: string): Promise<RunItem[]> {
  const rows: PaymentRow[] = await db('autopay_decisions as d')
    .join('payments as p', 'p.consent_id', 'd.id')
    .join('autopay_invoices as i', 'i.id', 'd.invoice_id')
    .where({ 'd.run_id': runId, 'd.kind': 'pay' })
    .whereIn('p.state', ['captured', 'confirming', 'review'])
    .orderBy('d.id')
    .select('i.organisation_id', 'i.number', 'd.invoice_id', 'd.amount', 'd.currency', 'd.why', 'p.state')
  return rows.map((row) => {
    const why = JSON.parse(row.why) as Why[]
    const code = UNANSWERED[row.state]
    return {
      invoiceId: row.invoice_id,
      organisationId: row.organisation_id,
      number: row.number,
      amount: money(row.amount, row.currency),
      outcome: code === undefined ? ('paid' as const) : ('waiting' as const),
      decision: 'pay' as const,
      why: code === undefined ? why : [...why, line(code)],
    }
  })
}

/** Payments of earlier runs that have no answer yet. */
async function underWay(db: Db, { scope }: Run): Promise<RunItem[]> {
  const query = db('autopay_invoices as i')
    .join('payments as p', 'p.invoice_id', 'i.id')
    .where({ 'i.queue': 'paying' })
    .whereIn('p.state', Object.keys(UNANSWERED))
    .orderBy('i.place')
    .select('i.*', 'p.state')
  if (scope.organisationId !== undefined) void query.where({ 'i.organisation_id': scope.organisationId })
  if (scope.invoiceId !== undefined) void query.where({ 'i.id': keptId(scope.invoiceId) })
  if (scope.merchantOrder !== undefined) void query.where({ 'i.merchant_order': scope.merchantOrder })
  return ((await query) as (InvoiceRow & { state: string })[]).flatMap((row) => {
    const { id: invoiceId, organisationId, number, amount } = toKept(row)
    if (amount === null) return []
    const why = [line(UNANSWERED[row.state] ?? 'in_check')]
    return [{ invoiceId, organisationId, number, amount, outcome: 'waiting' as const, decision: 'pay' as const, why }]
  })
}
