import type { Invoice, InvoiceboxClient, OddInvoice } from './invoicebox'
import { ownGoodsAmong, ownGoodsNamedBy, ownGoodsOn } from './orders'
import type { OwnGoods } from './orders'
import type { Db } from './shared/database'
import { tell } from './shared/told'

/**
 * A client for which an invoice with what we sell ourselves cannot be served: points must not pay for points, and no organisation's fund may either. Payments and autopay know
 * no orders, so it is told to them by what they read: such an invoice has no snapshot, hence no consent and no payment. What it says is handed on beside, for those who
 * compare what was paid.
 */
export const refuseOwnInvoices = (client: InvoiceboxClient, db: Db): InvoiceboxClient => ({
  ...client,
  async readInvoice(invoiceId, asking) {
    const asked = await client.readInvoice(invoiceId, asking)
    const { outcome } = asked
    if (outcome.kind !== 'found') return asked
    const goods = (await ownGoodsOn(db, invoiceId)) ?? (await ownGoodsNamedBy(db, [outcome.invoice])).get(outcome.invoice.id)
    if (!goods) return asked
    return { ...asked, outcome: { ...refused(outcome.invoice, goods), invoiceId } }
  },
  async listInvoices(query, asking) {
    const asked = await client.listInvoices(query, asking)
    const { outcome } = asked
    if (outcome.kind !== 'page') return asked
    const ids = outcome.invoices.map(({ id }) => id)
    const [byId, byName] = await Promise.all([ownGoodsAmong(db, ids), ownGoodsNamedBy(db, outcome.invoices)])
    if (byId.size === 0 && byName.size === 0) return asked
    const goodsOf = ({ id }: Invoice): OwnGoods | undefined => byId.get(id.toLowerCase()) ?? byName.get(id)
    const odd = outcome.invoices.flatMap((invoice) => {
      const goods = goodsOf(invoice)
      return goods ? [refused(invoice, goods)] : []
    })
    return { ...asked, outcome: { ...outcome, invoices: outcome.invoices.filter((one) => !goodsOf(one)), odd: [...outcome.odd, ...odd] } }
  },
})

const PROBLEMS: Readonly<Record<OwnGoods, string>> = {
  points: tell('told.odd_own_points'),
  voucher: tell('told.odd_own_voucher'),
}

const refused = (invoice: Invoice, goods: OwnGoods): OddInvoice => ({
  kind: 'odd',
  invoiceId: invoice.id,
  problem: PROBLEMS[goods],
  number: invoice.number,
  description: invoice.description,
  paymentUrl: invoice.paymentUrl,
  customer: invoice.customer,
  own: { goods, invoice },
})
