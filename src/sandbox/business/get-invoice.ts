import { envelope } from '../http/envelope'
import { ApiRefusal } from '../http/refusal'
import type { Invoice } from '../state/invoices'
import type { World } from '../state/world'
import type { ApiCall, ApiRoute } from '../wire/call'
import { presentInvoice } from './present'

/** The invoice of the path. @throws ApiRefusal 404 `invoice_not_found`, 403 `forbidden` for another partner's */
export function invoiceOf(world: World, call: ApiCall): Invoice {
  const invoice = world.invoices.get(call.id ?? '')
  if (!invoice) throw new ApiRefusal(404, 'invoice_not_found', 'Invoice not found')
  if (invoice.foreign) throw new ApiRefusal(403, 'forbidden', 'Forbidden')
  return invoice
}

/** `GET …/business/api/invoice/{id}`: an object, or an array of one. */
export const getInvoice: ApiRoute = {
  method: 'GET',
  path: /^\/business\/api\/invoice\/([^/]+)$/,
  on: 'business.get',
  answer: (world, call) => {
    const shown = presentInvoice(world, invoiceOf(world, call))
    return envelope(world, world.settings.singleAsArray ? [shown] : shown)
  },
}
