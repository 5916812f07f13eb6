import { engineOf, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money } from '../shared/money'
import type { Unit } from '../shared/money'
import { insertRows } from '../shared/statements'
import type { Decision, DecisionKind, Why } from './decision'
import { slicesOf } from './in-turns'
import type { DueInvoice } from './invoice'
import { queueStamp, toKept } from './invoice-row'
import type { Queue } from './invoice-row'
import { neededSteps } from './limit-gates'
import { lockInvoices } from './lock-invoices'
import type { Organisation } from './organisation'

/** A decision as it is kept. The id of one to pay names the payment that it leads to. */
export interface KeptDecision extends Decision {
  readonly id: string
  readonly at: Date
  readonly runId: string | null
}

interface DecisionRow {
  id: string
  invoice_id: string
  run_id: string | null
  at: Date | string
  kind: DecisionKind
  amount: bigint
  currency: Unit
  rule_id: string | null
  rule_version: number | bigint | null
  rule_name: string | null
  why: string
}

const toDecision = (row: DecisionRow): KeptDecision => ({
  id: row.id,
  invoiceId: row.invoice_id,
  runId: row.run_id,
  at: moment(row.at),
  decision: row.kind,
  amount: money(row.amount, row.currency),
  rule: row.rule_id === null ? null : { id: row.rule_id, version: Number(row.rule_version), name: row.rule_name ?? '' },
  why: JSON.parse(row.why) as Why[],
})

const IN_ONE_QUESTION = 500

/** The newest decision about each of these invoices, by invoice id. */
export async function latestDecisions(db: Db, invoiceIds: readonly string[]): Promise<Map<string, KeptDecision>> {
  const found = new Map<string, KeptDecision>()
  for await (const ids of slicesOf(invoiceIds, IN_ONE_QUESTION)) {
    const latest = db('autopay_invoices')
      .whereIn('id', [...ids])
      .whereNotNull('decision_id')
      .select('decision_id')
    for (const row of (await db('autopay_decisions').whereIn('id', latest)) as DecisionRow[]) found.set(row.invoice_id, toDecision(row))
  }
  return found
}

/** The decisions about one invoice, the newest first, from the id `since` on. */
export async function decisionsOf(
  db: Db,
  invoiceId: string,
  { since, limit }: { readonly since: string; readonly limit: number },
): Promise<KeptDecision[]> {
  const rows = (await db('autopay_decisions')
    .where({ invoice_id: invoiceId })
    .where('id', '>=', since)
    .orderBy('id', 'desc')
    .limit(limit)) as DecisionRow[]
  return rows.map(toDecision)
}

/** A decision that says the same, apart from the figures that change with every other payment, is not written down again. */
export const saysTheSame = (a: Decision, b: Decision): boolean => gist(a) === gist(b)

const gist = ({ decision, amount, rule, why }: Decision): string =>
  JSON.stringify([decision, String(amount.minor), amount.unit, rule?.id, rule?.version, why.map(({ code, passed }) => [code, passed])])

export interface Keeping {
  readonly runId: string | null
  readonly at: Date
  readonly organisations: ReadonlyMap<string, Organisation>
  /** What each invoice has been told last. */
  readonly before: ReadonlyMap<string, KeptDecision>
  /** Steps that are signed, by invoice id. */
  readonly signed: (invoiceId: string) => readonly number[]
}

export interface Considered {
  readonly invoice: Pick<DueInvoice, 'id' | 'organisationId' | 'stamp'>
  readonly decision: Decision
}

/**
 * Writes down what is new, and moves invoices to the queue that follows from it. An invoice that somebody has signed, refused or let go on since it was read keeps what they said: the
 * decision was made without it, and is not kept.
 * @returns each decision as it is kept, in the order given, without those
 */
export async function keepDecisions(tx: Tx, made: readonly Considered[], keeping: Keeping): Promise<KeptDecision[]> {
  const stamps = await lockQueueStamps(
    tx,
    made.map(({ invoice }) => invoice.id),
  )
  const considered = made.filter(({ invoice }) => stamps.get(invoice.id) === invoice.stamp)
  const kept = considered.map(({ decision }) => {
    const before = keeping.before.get(decision.invoiceId)
    // A payment belongs to the run that decided on it, so each run has decisions to pay of its own.
    const isOwn = decision.decision !== 'pay' || before?.runId === keeping.runId
    const isSame = before && isOwn && saysTheSame(before, decision)
    return { isNew: !isSame, decision: isSame ? before : { ...decision, id: newSortedId(), at: keeping.at, runId: keeping.runId } }
  })
  const fresh = kept.flatMap(({ isNew, decision }) => (isNew ? [decision] : []))
  for (let from = 0; from < fresh.length; from += IN_ONE_QUESTION)
    await insertRows(tx, 'autopay_decisions', fresh.slice(from, from + IN_ONE_QUESTION).map(toRow))
  // Whatever moves an invoice out of the queue of its decision takes the decision away as well, so one that says the same leaves it where it is.
  for (const [index, { invoice }] of considered.entries()) {
    const one = kept[index]
    if (one?.isNew) await moveQueue(tx, one.decision, invoice.organisationId, keeping)
  }
  return kept.map(({ decision }) => decision)
}

async function lockQueueStamps(tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await lockInvoices(tx, tx('autopay_invoices').whereIn('id', [...ids]))
  return new Map(rows.map((row) => [row.id, queueStamp(toKept(row))]))
}

const toRow = ({ id, invoiceId, runId, at, decision, amount, rule, why }: KeptDecision) => ({
  id,
  invoice_id: invoiceId,
  run_id: runId,
  at: iso(at),
  kind: decision,
  amount: amount.minor,
  currency: amount.unit,
  rule_id: rule?.id ?? null,
  rule_version: rule?.version ?? null,
  rule_name: rule?.name.slice(0, 200) ?? null,
  why: JSON.stringify(why),
})

async function moveQueue(tx: Tx, decision: KeptDecision, organisationId: string, { at, organisations, signed }: Keeping): Promise<void> {
  const queue = queueAfter(decision)
  const organisation = organisations.get(organisationId)
  const needed = queue === 'ask' && organisation ? neededSteps(organisation, decision.amount.minor) : []
  const done = signed(decision.invoiceId)
  const nextStep = queue === 'ask' ? (needed.find(({ index }) => !done.includes(index))?.index ?? 0) : null
  await tx('autopay_invoices')
    .where({ id: decision.invoiceId })
    .whereNotIn('queue', ['paying', 'paid'])
    .update({
      queue,
      next_step: nextStep,
      decision_id: decision.id,
      queued_at: tx.raw(`case when queue = ? then queued_at else ${engineOf(tx) === 'postgres' ? 'cast(? as timestamptz)' : '?'} end`, [
        queue,
        iso(at),
      ]),
    })
}

/** What Invoicebox itself says against an invoice ends it; everything else that is refused or held is for a person to look at. */
function queueAfter({ decision, why }: Decision): Queue {
  if (decision === 'pay' || decision === 'wait') return 'due'
  if (decision === 'ask') return 'ask'
  const last = why.at(-1)
  const isOver = decision === 'refuse' && last?.gate === 'status' && ['paid', 'cancelled', 'expired'].includes(last.code)
  return isOver ? 'closed' : 'exception'
}
