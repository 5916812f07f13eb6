import type { Db } from '../shared/database'
import { keptId } from './keep-invoices'
import type { Queue } from './invoice-row'

/** In these somebody is about to pay, or is asked to. */
const IN_HAND: readonly Queue[] = ['ask', 'due', 'paying']

/** Whether automatic payment, of an organisation that has it on, has an invoice in hand: what is added to such an invoice would keep it from being paid. */
export async function isInHand(db: Db, invoiceId: string): Promise<boolean> {
  const row: unknown = await db('autopay_invoices as i')
    .join('organisations as o', 'o.id', 'i.organisation_id')
    .where('i.id', keptId(invoiceId))
    .whereIn('i.queue', [...IN_HAND])
    .where('o.switch', 'on')
    .first('i.id')
  return row !== undefined
}
