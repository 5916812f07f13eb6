import type { Knex } from 'knex'
import type { Db } from '../shared/database'
import type { Why, WhyCode } from './decision'
import type { DueInvoice } from './invoice'
import { readInSlices } from './in-turns'
import type { Scope } from './intake'
import { OPEN_QUEUES, toDue, toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice } from './invoice-row'
import { keptId } from './keep-invoices'

type Within = Scope & { readonly organisationIds?: readonly string[] }

/** Invoices that may still be paid, within the scope, the nearest deadline first. All are decided about together; which they are is read at one moment, so that none is missed or there twice. */
export async function openInvoices(db: Db, scope: Within): Promise<DueInvoice[]> {
  const open: { id: string }[] = await openWithin(db, scope).whereNull('problem').orderBy('due_at').orderBy('id').select('id')
  const ids = open.map(({ id }) => id)
  const found = new Map((await readInSlices(ids, (some) => stillOpen(db, scope, some))).map((invoice) => [invoice.id, invoice]))
  return ids.flatMap((id) => found.get(id) ?? [])
}

async function stillOpen(db: Db, scope: Within, ids: readonly string[]): Promise<DueInvoice[]> {
  const rows = (await openWithin(db, scope)
    .whereNull('problem')
    .whereIn('id', [...ids])) as InvoiceRow[]
  return rows.flatMap((row) => toDue(toKept(row)) ?? [])
}

/** Open invoices that could not be understood, within the scope: no rule decides about them, a person must look. In the order in which they were first seen. */
export async function oddInvoices(db: Db, scope: Within): Promise<KeptInvoice[]> {
  const rows = (await openWithin(db, scope).whereNotNull('problem').orderBy('place').limit(MOST_ODD)) as InvoiceRow[]
  return rows.map(toKept)
}

/** What is said of such an invoice where others have what was decided about them. */
export const notUnderstood = (problem: string | null): Why => ({
  gate: 'status',
  passed: false,
  code: 'not_understood' satisfies WhyCode,
  values: { problem: problem ?? '' },
})

/** More than that are one fault of the other side and not so many invoices; the pages list them all. */
const MOST_ODD = 1_000

function openWithin(db: Db, scope: Within): Knex.QueryBuilder {
  const query: Knex.QueryBuilder = db('autopay_invoices').whereIn('queue', [...OPEN_QUEUES])
  if (scope.organisationId !== undefined) void query.where({ organisation_id: scope.organisationId })
  if (scope.organisationIds !== undefined) void query.whereIn('organisation_id', [...scope.organisationIds])
  if (scope.invoiceId !== undefined) void query.where({ id: keptId(scope.invoiceId) })
  if (scope.merchantOrder !== undefined) void query.where({ merchant_order: scope.merchantOrder })
  return query
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

/** The numbers of these invoices, by their ids. */
export async function readInvoiceNumbers(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db('autopay_invoices')
    .whereIn('id', [...ids])
    .select<{ id: string; number: string }[]>('id', 'number')
  return new Map(rows.map(({ id, number }) => [id, number]))
}
