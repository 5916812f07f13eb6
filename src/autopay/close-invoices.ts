import { iso } from '../shared/database'
import type { Tx } from '../shared/database'
import { OPEN_QUEUES } from './invoice-row'
import { noteChanges } from './keep-invoices'
import type { Change } from './keep-invoices'
import { endWords } from './words-store'

/** Invoices that Invoicebox shows no more, to us at least. */
export async function closeGone(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  for (const id of ids) await close(tx, id, { field: 'status', before: null, after: 'gone' }, at)
}

/**
 * Invoices whose payer is none of our organisations. Those that are open here were somebody's before: they are closed, and what was signed or let go on for that payer does not
 * come back with them. Whose they are now is not kept: it may be a person.
 */
export async function closeForeign(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  const rows: { id: string }[] = await tx('autopay_invoices')
    .whereIn('id', [...ids])
    .whereIn('queue', [...OPEN_QUEUES])
    .orderBy('id')
    .select('id')
  const open = rows.map(({ id }) => id)
  if (open.length === 0) return
  for (const id of open) await close(tx, id, { field: 'payer', before: null, after: null }, at)
  await endWords(tx, open, { at, why: 'payer_changed' })
}

async function close(tx: Tx, id: string, change: Change, at: Date): Promise<void> {
  const closed = { queue: 'closed', next_step: null, queued_at: iso(at) }
  const changed = await tx('autopay_invoices')
    .where({ id })
    .whereIn('queue', [...OPEN_QUEUES])
    .update(closed)
  if (changed > 0) await noteChanges(tx, id, [change], at)
}
