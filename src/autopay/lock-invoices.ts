import type { Knex } from 'knex'
import { engineOf } from '../shared/database'
import type { Tx } from '../shared/database'
import type { InvoiceRow } from './invoice-row'

/**
 * Keeps invoices as they are until the transaction ends. Whoever needs several locks them in the order of their ids, and before what was said about them: two that went opposite
 * ways would stop each other.
 * @param invoices which of `autopay_invoices`
 */
export async function lockInvoices(tx: Tx, invoices: Knex.QueryBuilder): Promise<InvoiceRow[]> {
  const query = invoices.orderBy('id')
  return (await (engineOf(tx) === 'postgres' ? query.forUpdate() : query)) as InvoiceRow[]
}
