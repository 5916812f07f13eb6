import type { Db } from '../shared/database'

/** Whether an invoice is for points that we sell: points must not pay for points. @param invoiceId Invoicebox's id of an invoice, in whatever case */
export const isOwnInvoice = async (db: Db, invoiceId: string): Promise<boolean> => (await ownInvoicesAmong(db, [invoiceId])).size > 0

/** Those of a page of invoices that are for points that we sell. @returns their ids in lower case */
export async function ownInvoicesAmong(db: Db, invoiceIds: readonly string[]): Promise<Set<string>> {
  const ids = new Set(invoiceIds.map((id) => id.toLowerCase()))
  if (ids.size === 0) return new Set()
  const rows: { container_id: string | null; invoicebox_id: string | null }[] = await db('orders')
    .whereIn('container_id', [...ids])
    .orWhereIn('invoicebox_id', [...ids])
    .select('container_id', 'invoicebox_id')
  return new Set(rows.flatMap((row) => [row.container_id, row.invoicebox_id].filter((id) => id !== null && ids.has(id)) as string[]))
}
