import { Verbatim } from '../http/json'
import type { Json } from '../http/json'
import { toAtom } from '../state/clock'
import { visibleStatus } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { paymentUrl } from '../state/links'
import { toShortest, vatInside } from '../state/money'
import type { World } from '../state/world'

/** InvoiceResponse of the reference's section 3.1. */
export function presentInvoice(world: World, invoice: Invoice): Json {
  const { settings, clock } = world
  return {
    id: invoice.id,
    number: invoice.number,
    createdAt: toAtom(invoice.createdAt),
    expirationDate: toAtom(invoice.expirationDate),
    description: invoice.description,
    amount: new Verbatim(invoice.amountRaw ?? toShortest(invoice.amount)),
    vatAmount: new Verbatim(toShortest(invoice.vatAmount ?? vatInside(invoice.amount))),
    currencyId: invoice.currencyId,
    customer: { ...invoice.customer } as Record<string, string>,
    ...(settings.statusMissing ? {} : { status: visibleStatus(invoice, clock, settings) }),
    paymentUrl: paymentUrl(world, invoice),
    ...(settings.unknownFields ? { merchantLogo: null, labels: [{ code: 'new' }] } : {}),
  }
}
