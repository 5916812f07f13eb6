import type { Knex } from 'knex'
import { bound, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import type { Approval } from './decision-context'
import { slicesOf } from './in-turns'
import { lockInvoices } from './lock-invoices'

/** A signature under one invoice, for one step and one amount. */
export interface Signature {
  readonly id: string
  readonly invoiceId: string
  readonly step: number
  readonly amount: Money
  readonly staffId: string
  /** The approver in whose place it was signed. */
  readonly onBehalfOf: string | null
  readonly reason: string
  /** Names the intent: asked again with it, nothing more is signed. */
  readonly key: string
  readonly signedAt: Date
  readonly lapsesAt: Date
  readonly ended: { readonly at: Date; readonly why: string } | null
}

interface SignatureRow {
  id: string
  invoice_id: string
  step: number | bigint
  amount: bigint
  currency: Unit
  staff_id: string
  on_behalf_of: string | null
  reason: string
  key: string
  signed_at: Date | string
  lapses_at: Date | string
  ended_at: Date | string | null
  ended_why: string | null
}

const toSignature = (row: SignatureRow): Signature => ({
  id: row.id,
  invoiceId: row.invoice_id,
  step: Number(row.step),
  amount: money(row.amount, row.currency),
  staffId: row.staff_id,
  onBehalfOf: row.on_behalf_of,
  reason: row.reason,
  key: row.key,
  signedAt: moment(row.signed_at),
  lapsesAt: moment(row.lapses_at),
  ended: row.ended_at === null ? null : { at: moment(row.ended_at), why: row.ended_why ?? '' },
})

/** Refused, or let go on although it stood under Exceptions. */
export interface Verdict {
  readonly id: string
  readonly invoiceId: string
  readonly kind: 'refused' | 'released'
  readonly author: string
  readonly reason: string
  readonly at: Date
  /** Of one let go on: the invoices that it was held back for as a duplicate, and is none of. */
  readonly otherInvoices: readonly string[]
  readonly ended: { readonly at: Date; readonly why: string } | null
}

interface VerdictRow {
  id: string
  invoice_id: string
  kind: 'refused' | 'released'
  author: string
  reason: string
  at: Date | string
  other_invoices: string
  ended_at: Date | string | null
  ended_why: string | null
}

const toVerdict = (row: VerdictRow): Verdict => ({
  id: row.id,
  invoiceId: row.invoice_id,
  kind: row.kind,
  author: row.author,
  reason: row.reason,
  at: moment(row.at),
  otherInvoices: row.other_invoices.split(' ').filter((id) => id !== ''),
  ended: row.ended_at === null ? null : { at: moment(row.ended_at), why: row.ended_why ?? '' },
})

const IN_ONE_QUESTION = 500

/** What people have said about these invoices, by invoice id, as far as it still counts. */
export async function readApprovals(db: Db, invoiceIds: readonly string[], now: Date): Promise<Map<string, Approval>> {
  const found = new Map<string, Approval>()
  const of = (id: string): Approval => found.get(id) ?? { signedSteps: [], isRefused: false, releasedFrom: [] }
  for await (const ids of slicesOf(invoiceIds, IN_ONE_QUESTION)) {
    for (const { invoiceId, step } of await openSignatures(db, ids, now)) {
      const said = of(invoiceId)
      found.set(invoiceId, { ...said, signedSteps: [...said.signedSteps, step] })
    }
    for (const { invoiceId, kind, otherInvoices } of await openVerdicts(db, ids))
      found.set(invoiceId, { ...of(invoiceId), isRefused: kind === 'refused', releasedFrom: otherInvoices })
  }
  return found
}

/** Those that still count. */
export async function openSignatures(db: Db, invoiceIds: readonly string[], now: Date): Promise<Signature[]> {
  const rows = (await db('autopay_signatures')
    .whereIn('invoice_id', [...invoiceIds])
    .whereNull('ended_at')
    .where('lapses_at', '>', iso(now))
    .orderBy('id')) as SignatureRow[]
  return rows.map(toSignature)
}

export async function openVerdicts(db: Db, invoiceIds: readonly string[]): Promise<Verdict[]> {
  const rows = (await db('autopay_verdicts')
    .whereIn('invoice_id', [...invoiceIds])
    .whereNull('ended_at')) as VerdictRow[]
  return rows.map(toVerdict)
}

/** Everything that was said about one invoice, the oldest first, from the id `since` on. */
export async function wordsOf(db: Db, invoiceId: string, since: string): Promise<{ signatures: Signature[]; verdicts: Verdict[] }> {
  const signatures = (await db('autopay_signatures')
    .where({ invoice_id: invoiceId })
    .where('id', '>=', since)
    .orderBy('id')) as SignatureRow[]
  const verdicts = (await db('autopay_verdicts').where({ invoice_id: invoiceId }).where('id', '>=', since).orderBy('id')) as VerdictRow[]
  return { signatures: signatures.map(toSignature), verdicts: verdicts.map(toVerdict) }
}

export type EndedWhy = 'amount_changed' | 'payer_changed' | 'steps_changed' | 'lapsed' | 'superseded' | 'used'

/** From here on nothing that was said about these invoices counts. */
export async function endWords(tx: Tx, invoiceIds: readonly string[], { at, why }: { at: Date; why: EndedWhy }): Promise<void> {
  const ended = { ended_at: iso(at), ended_why: why }
  for (const table of ['autopay_signatures', 'autopay_verdicts'])
    await tx(table)
      .whereIn('invoice_id', [...invoiceIds])
      .whereNull('ended_at')
      .update(ended)
}

/** From here on it is not let go on any more; a refusal still counts. */
export const endRelease = (tx: Tx, invoiceId: string, { at, why }: { readonly at: Date; readonly why: EndedWhy }): Promise<number> =>
  tx('autopay_verdicts')
    .where({ invoice_id: invoiceId, kind: 'released' })
    .whereNull('ended_at')
    .update({ ended_at: iso(at), ended_why: why })

/** From here on no signature under these invoices counts; verdicts still do. */
export const endSignatures = (
  tx: Tx,
  invoiceIds: Knex.QueryBuilder,
  { at, why }: { readonly at: Date; readonly why: EndedWhy },
): Promise<number> =>
  tx('autopay_signatures')
    .whereIn('invoice_id', invoiceIds)
    .whereNull('ended_at')
    .update({ ended_at: iso(at), ended_why: why })

/** Writes a signature. The unique rules see to it that a step is signed once, and by somebody who has not signed another one. */
export async function insertSignature(tx: Tx, of: Omit<Signature, 'ended' | 'id'>): Promise<void> {
  await tx('autopay_signatures').insert({
    id: newSortedId(),
    invoice_id: of.invoiceId,
    step: of.step,
    amount: bound(of.amount.minor),
    currency: of.amount.unit,
    staff_id: of.staffId,
    on_behalf_of: of.onBehalfOf,
    reason: of.reason,
    key: of.key,
    signed_at: iso(of.signedAt),
    lapses_at: iso(of.lapsesAt),
  })
}

/** Writes a verdict in the place of an earlier one. */
export async function insertVerdict(tx: Tx, of: Omit<Verdict, 'ended' | 'id'> & { readonly amount: bigint }): Promise<void> {
  const earlier = tx('autopay_verdicts').where({ invoice_id: of.invoiceId }).whereNull('ended_at')
  await earlier.update({ ended_at: iso(of.at), ended_why: 'superseded' satisfies EndedWhy })
  await tx('autopay_verdicts').insert({
    id: newSortedId(),
    invoice_id: of.invoiceId,
    kind: of.kind,
    amount: bound(of.amount),
    author: of.author,
    reason: of.reason,
    at: iso(of.at),
    other_invoices: of.otherInvoices.join(' '),
  })
}

/** Ends signatures whose time is over. One that has led to a payment has done its work. @returns the invoices that must be signed again */
export async function endLapsed(tx: Tx, now: Date, limit: number): Promise<string[]> {
  const due: { id: string; invoice_id: string }[] = await tx('autopay_signatures')
    .whereNull('ended_at')
    .where('lapses_at', '<=', iso(now))
    .orderBy('lapses_at')
    .limit(limit)
    .select('id', 'invoice_id')
  const ids = [...new Set(due.map(({ invoice_id }) => invoice_id))]
  const invoices = await lockInvoices(tx, tx('autopay_invoices').whereIn('id', ids))
  const used = new Set(invoices.filter(({ queue }) => queue === 'paying' || queue === 'paid').map(({ id }) => id))
  const isUsed = ({ invoice_id }: { readonly invoice_id: string }): boolean => used.has(invoice_id)
  const lapsed = due.filter((one) => !isUsed(one))
  await end(tx, due.filter(isUsed), 'used', now)
  await end(tx, lapsed, 'lapsed', now)
  return [...new Set(lapsed.map(({ invoice_id }) => invoice_id))]
}

const end = (tx: Tx, signatures: readonly { readonly id: string }[], why: EndedWhy, now: Date): Promise<number> =>
  tx('autopay_signatures')
    .whereIn(
      'id',
      signatures.map(({ id }) => id),
    )
    .whereNull('ended_at')
    .update({ ended_at: iso(now), ended_why: why })
