import { DAY, plus } from '../shared/clock'
import { iso } from '../shared/database'
import type { Db } from '../shared/database'
import { readInSlices } from './in-turns'
import type { DueInvoice } from './invoice'
import { toDue, toKept } from './invoice-row'
import type { InvoiceRow, Queue } from './invoice-row'

/** An invoice of the past, and where it stands by now. */
export interface PastInvoice {
  readonly invoice: DueInvoice
  readonly outcome: Queue
}

/** A rule is tried on this many days. */
export const REPLAY_DAYS = 30
/** The newest of them, where there are more. */
export const MOST_REPLAYED = 5_000

/** The invoices of an organisation that were first seen within the last 30 days. */
export async function readPastInvoices(db: Db, organisationId: string, now: Date): Promise<PastInvoice[]> {
  const seen: { id: string }[] = await db('autopay_invoices')
    .where({ organisation_id: organisationId })
    .where('first_seen_at', '>=', iso(plus(now, -REPLAY_DAYS * DAY)))
    .orderBy('place', 'desc')
    .limit(MOST_REPLAYED)
    .select('id')
  const ids = seen.map(({ id }) => id)
  return readInSlices(ids, (some) => readThese(db, organisationId, some))
}

async function readThese(db: Db, organisationId: string, ids: readonly string[]): Promise<PastInvoice[]> {
  const rows = (await db('autopay_invoices')
    .where({ organisation_id: organisationId })
    .whereIn('id', [...ids])) as InvoiceRow[]
  return rows.flatMap((row) => {
    const kept = toKept(row)
    const invoice = toDue(kept)
    return invoice ? [{ invoice, outcome: kept.queue }] : []
  })
}
