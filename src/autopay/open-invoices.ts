import type { Db } from '../shared/database'
import type { DueInvoice } from './invoice'
import type { Scope } from './intake'
import { OPEN_QUEUES, toDue, toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice } from './invoice-row'
import { keptId } from './keep-invoices'

/** Invoices that may still be paid, within the scope. All are decided about together, so all are read together. */
export async function openInvoices(db: Db, scope: Scope & { readonly organisationIds?: readonly string[] }): Promise<DueInvoice[]> {
  const query = db('autopay_invoices')
    .whereIn('queue', [...OPEN_QUEUES])
    .whereNull('problem')
    .orderBy('due_at')
  if (scope.organisationId !== undefined) void query.where({ organisation_id: scope.organisationId })
  if (scope.organisationIds !== undefined) void query.whereIn('organisation_id', [...scope.organisationIds])
  if (scope.invoiceId !== undefined) void query.where({ id: keptId(scope.invoiceId) })
  if (scope.merchantOrder !== undefined) void query.where({ merchant_order: scope.merchantOrder })
  return ((await query) as InvoiceRow[]).flatMap((row) => toDue(toKept(row)) ?? [])
}

export async function findInvoice(db: Db, id: string): Promise<KeptInvoice | undefined> {
  const row = (await db('autopay_invoices')
    .where({ id: keptId(id) })
    .first()) as InvoiceRow | undefined
  return row && toKept(row)
}

export async function readInvoices(db: Db, ids: readonly string[]): Promise<KeptInvoice[]> {
  const rows = (await db('autopay_invoices').whereIn('id', [...ids])) as InvoiceRow[]
  return rows.map(toKept)
}

/** Those of these invoices that belong to one of the organisations. */
export async function readInvoicesOf(
  db: Db,
  ids: readonly string[],
  organisations: readonly { readonly id: string }[],
): Promise<KeptInvoice[]> {
  const theirs = new Set(organisations.map(({ id }) => id))
  return (await readInvoices(db, ids)).filter(({ organisationId }) => theirs.has(organisationId))
}
