import type { Db } from '../shared/database'
import { toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice } from './invoice-row'
import { keptId } from './keep-invoices'
import type { Organisation } from './organisation'

/** Which of these invoices have been read as an organisation's. @param ids at Invoicebox @param organisations those that the person may see */
export async function knownInvoices(db: Db, ids: readonly string[], organisations: readonly Organisation[]): Promise<Set<string>> {
  const rows = (await db('autopay_invoices')
    .whereIn('id', ids.map(keptId))
    .whereIn(
      'organisation_id',
      organisations.map(({ id }) => id),
    )
    .pluck('id')) as string[]
  return new Set(rows)
}

/** The ids of all invoices with this number, whatever became of them, newest first. */
export async function invoiceIdsByNumber(db: Db, number: string, limit: number): Promise<string[]> {
  const rows = await db('autopay_invoices').where({ number }).orderBy('place', 'desc').limit(limit).select<{ id: string }[]>('id')
  return rows.map(({ id }) => id)
}

/** Invoices by their number or id, as far as no payment of ours is about them: those are found by it. @param organisations those that the person may see */
export async function searchInvoices(db: Db, text: string, limit: number, organisations: readonly Organisation[]): Promise<KeptInvoice[]> {
  if (organisations.length === 0) return []
  const rows = (await db('autopay_invoices')
    .whereIn(
      'organisation_id',
      organisations.map(({ id }) => id),
    )
    .whereNotIn('queue', ['paid', 'paying'])
    .where((named) => void named.where({ id: keptId(text) }).orWhere({ number: text }))
    .orderBy('place', 'desc')
    .limit(limit)) as InvoiceRow[]
  return rows.map(toKept)
}
