import type { Invoice, OddInvoice } from '../invoicebox'
import { bound, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { insertMissingRows, insertRows } from '../shared/statements'
import type { Row } from '../shared/statements'
import type { InvoiceRow } from './invoice-row'
import { lockInvoices } from './lock-invoices'
import { endRelease, endSignatures, endWords } from './words-store'

/** An invoice of one of our organisations, as a list of Invoicebox gave it. */
export interface ReadInvoice {
  readonly invoice: Invoice
  readonly organisationId: string
  /** The order number by which it was asked for, when it was. */
  readonly merchantOrder: string | null
}

/** One that could not be understood; whose it is may be unknown. */
export interface ReadOdd {
  readonly odd: OddInvoice
  readonly organisationId: string | null
}

/** Ids compare without regard to case, so one spelling is kept: that of payments. */
export const keptId = (id: string): string => id.toLowerCase()

/**
 * Remembers what was read, and what has changed since it was last read. A changed amount or payer undoes what was decided and signed: it is another payment now.
 * @returns how many are new, and how many have changed
 */
export async function keepInvoices(tx: Tx, read: readonly ReadInvoice[], at: Date): Promise<{ added: number; changed: number }> {
  const known = await lockKnown(
    tx,
    read.map(({ invoice }) => keptId(invoice.id)),
  )
  const added = read.filter(({ invoice }) => !known.has(keptId(invoice.id)))
  await insertMissingRows(
    tx,
    'autopay_invoices',
    added.map((one) => newRow(one, at)),
  )
  let changed = 0
  for (const one of read) {
    const before = known.get(keptId(one.invoice.id))
    if (before && (await keepChange(tx, before, one, at))) changed += 1
  }
  return { added: added.length, changed }
}

async function lockKnown(tx: Tx, ids: readonly string[]): Promise<Map<string, InvoiceRow>> {
  const rows = await lockInvoices(tx, tx('autopay_invoices').whereIn('id', [...ids]))
  return new Map(rows.map((row) => [row.id, row]))
}

/** What Invoicebox says of an invoice; a reading that does not tell the order number leaves it as it was. */
const saidOf = ({ invoice, organisationId, merchantOrder }: ReadInvoice): Row => ({
  organisation_id: organisationId,
  number: invoice.number,
  description: invoice.description,
  payer_name: invoice.customer.name ?? '',
  amount: invoice.amount.minor,
  currency: invoice.amount.unit,
  status: invoice.status,
  payment_url: invoice.paymentUrl,
  problem: null,
  issued_at: iso(invoice.createdAt),
  due_at: iso(invoice.expirationDate),
  ...(merchantOrder === null ? {} : { merchant_order: merchantOrder }),
})

const newRow = (one: ReadInvoice, at: Date): Row => ({
  id: keptId(one.invoice.id),
  place: newSortedId(),
  merchant_order: null,
  ...saidOf(one),
  first_seen_at: iso(at),
  last_seen_at: iso(at),
  queue: 'new',
  queued_at: iso(at),
})

export interface Change {
  readonly field: 'amount' | 'payer' | 'due_at' | 'status' | 'problem'
  readonly before: string | null
  readonly after: string | null
}

async function keepChange(tx: Tx, before: InvoiceRow, one: ReadInvoice, at: Date): Promise<boolean> {
  const { invoice } = one
  const isUnderWay = before.queue === 'paying' || before.queue === 'paid'
  // Whoever has paid an invoice keeps it, whatever is written on it later.
  const said = saidOf(isUnderWay ? { ...one, organisationId: before.organisation_id } : one)
  const changes = [...changesOf(before, invoice), ...payerChange(before, said, invoice)]
  const isOther = changes.some(({ field }) => field === 'amount' || field === 'payer' || field === 'problem')
  // What was closed may be open again: a merchant moves the deadline, or an order is taken up anew.
  const isBack = before.queue === 'closed' && invoice.status === 'pending' && invoice.expirationDate > at
  const isAnew = (isOther || isBack) && !isUnderWay
  const anew = isAnew ? { queue: 'new', next_step: null, decision_id: null, queued_at: iso(at) } : {}
  await tx('autopay_invoices')
    .where({ id: before.id })
    .update({ ...asBound(said), ...anew, last_seen_at: iso(at) })
  await endWhatWasSaid(tx, before.id, changes, at)
  await noteChanges(tx, before.id, changes, at)
  return changes.length > 0
}

/**
 * Another payer is another payment, about which nobody has said anything. Another amount is signed and let go on anew, but whoever has refused the invoice has done so: a kopeck
 * more does not pay what a person has stopped. One that was not understood for a while is signed anew as well.
 */
async function endWhatWasSaid(tx: Tx, id: string, changes: readonly Change[], at: Date): Promise<void> {
  const fields = new Set(changes.map(({ field }) => field))
  if (fields.has('payer')) return endWords(tx, [id], { at, why: 'payer_changed' })
  const end = { at, why: 'amount_changed' } as const
  if (fields.has('amount')) await endRelease(tx, id, end)
  if (fields.has('amount') || fields.has('problem')) await endSignatures(tx, tx('autopay_invoices').where({ id }).select('id'), end)
}

function changesOf(before: InvoiceRow, { amount, expirationDate, status }: Invoice): Change[] {
  const now = amountText(amount)
  const was = before.amount === null || before.currency === null ? null : amountText({ minor: before.amount, unit: before.currency })
  const wasDue = before.due_at === null ? null : iso(moment(before.due_at))
  const pairs: Change[] = [
    { field: 'amount', before: was, after: now },
    { field: 'due_at', before: wasDue, after: iso(expirationDate) },
    { field: 'status', before: before.status, after: status },
    { field: 'problem', before: before.problem, after: null },
  ]
  return pairs.filter((change) => change.before !== change.after)
}

/** Whose it was before is not told to those whose it is now. */
const payerChange = (before: InvoiceRow, said: Row, { customer }: Invoice): Change[] =>
  said.organisation_id === before.organisation_id ? [] : [{ field: 'payer', before: null, after: customer.vatNumber ?? null }]

const amountText = ({ minor, unit }: Money): string => `${toDecimal(minor)} ${unit}`

export const noteChanges = (tx: Tx, invoiceId: string, changes: readonly Change[], at: Date): Promise<void> =>
  insertRows(
    tx,
    'autopay_changes',
    changes.map((change) => ({ id: newSortedId(), invoice_id: invoiceId, at: iso(at), ...change })),
  )

const asBound = (row: Row): Record<string, string | number | boolean | null> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? bound(value) : value]))

/**
 * Keeps those that could not be understood apart, under Exceptions with their problem, so that they keep nobody else from being paid. Whose payer cannot be read is ours only
 * when we know it from before.
 * @returns how many are ours
 */
export async function keepOdd(tx: Tx, read: readonly ReadOdd[], at: Date): Promise<number> {
  const known = await lockKnown(
    tx,
    read.map(({ odd }) => keptId(odd.invoiceId)),
  )
  let ours = 0
  for (const { odd, organisationId } of read) {
    const before = known.get(keptId(odd.invoiceId))
    if (odd.invoiceId === '' || (!before && organisationId === null)) continue
    ours += 1
    if (before) await keepProblem(tx, before, odd, at)
    else if (organisationId !== null) await insertMissingRows(tx, 'autopay_invoices', [oddRow(odd, organisationId, at)])
  }
  return ours
}

const problemOf = ({ problem }: OddInvoice): string => problem.slice(0, 300)

/** One that was understood before keeps what was known of it; of one that never was, what can be read is kept once it can be. */
async function keepProblem(tx: Tx, before: InvoiceRow, odd: OddInvoice, at: Date): Promise<void> {
  const { id } = before
  const [problem, names] = [problemOf(odd), before.amount === null ? namesOf(odd) : {}]
  if (before.problem === problem) {
    await tx('autopay_invoices')
      .where({ id })
      .update({ last_seen_at: iso(at), ...names })
    return
  }
  const isUnderWay = before.queue === 'paying' || before.queue === 'paid'
  const apart = isUnderWay ? {} : { queue: 'exception', next_step: null, decision_id: null, queued_at: iso(at) }
  await tx('autopay_invoices')
    .where({ id })
    .update({ last_seen_at: iso(at), problem, ...names, ...apart })
  await noteChanges(tx, id, [{ field: 'problem', before: before.problem, after: problem }], at)
}

const namesOf = ({ number = '', description = '' }: OddInvoice): { number: string; description: string } => ({ number, description })

const oddRow = (odd: OddInvoice, organisationId: string, at: Date): Row => ({
  id: keptId(odd.invoiceId),
  place: newSortedId(),
  organisation_id: organisationId,
  ...namesOf(odd),
  payer_name: odd.customer?.name ?? '',
  payment_url: odd.paymentUrl ?? null,
  problem: problemOf(odd),
  first_seen_at: iso(at),
  last_seen_at: iso(at),
  queue: 'exception',
  queued_at: iso(at),
})

/** Ids of open invoices that were not among what was read since `before`: they have left the list of those that wait for payment. */
export async function unseenSince(db: Db, before: Date, organisationIds: readonly string[]): Promise<string[]> {
  return db('autopay_invoices')
    .whereIn('queue', ['new', 'ask', 'due', 'exception'])
    .whereIn('organisation_id', [...organisationIds])
    .where('last_seen_at', '<', iso(before))
    .orderBy('id')
    .pluck('id')
}
