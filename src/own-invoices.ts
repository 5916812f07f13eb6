import type { Invoice, InvoiceboxClient, OddInvoice } from './invoicebox'
import { isOwnInvoice, ownInvoicesAmong } from './orders'
import type { Db } from './shared/database'

/**
 * A client for which an invoice for points that we sell ourselves cannot be served: points must not pay for points, and no organisation's fund may either. Payments and
 * autopay know no orders, so it is told to them by what they read: such an invoice has no snapshot, hence no consent and no payment.
 */
export const refuseOwnInvoices = (client: InvoiceboxClient, db: Db): InvoiceboxClient => ({
  ...client,
  async readInvoice(invoiceId, asking) {
    const asked = await client.readInvoice(invoiceId, asking)
    const { outcome } = asked
    if (outcome.kind !== 'found' || !(await isOwnInvoice(db, invoiceId))) return asked
    const { paymentUrl } = outcome.invoice
    return { ...asked, outcome: { kind: 'odd', invoiceId, problem: PROBLEM, paymentUrl, isOwn: true } }
  },
  async listInvoices(query, asking) {
    const asked = await client.listInvoices(query, asking)
    const { outcome } = asked
    if (outcome.kind !== 'page') return asked
    const own = await ownInvoicesAmong(
      db,
      outcome.invoices.map(({ id }) => id),
    )
    if (own.size === 0) return asked
    const isOwn = ({ id }: Invoice): boolean => own.has(id.toLowerCase())
    const invoices = outcome.invoices.filter((invoice) => !isOwn(invoice))
    return { ...asked, outcome: { ...outcome, invoices, odd: [...outcome.odd, ...outcome.invoices.filter(isOwn).map(refused)] } }
  },
})

const PROBLEM = 'It is for points that we sell.'

const refused = ({ id, paymentUrl, customer }: Invoice): OddInvoice => ({
  kind: 'odd',
  invoiceId: id,
  problem: PROBLEM,
  paymentUrl,
  customer,
  isOwn: true,
})
