import { inTransaction } from '../shared/database'
import { looksLikeId, newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { insertCheckout } from './checkouts'
import type { PaymentDeps } from './payment'
import { FRESH_FOR_MS } from './freshness'
import { checkReturnLink } from './return-links'

export interface Arrival {
  readonly invoiceId: string
  readonly memberId: string | null
  readonly successUrl?: string | undefined
  readonly failUrl?: string | undefined
  readonly returnUrl?: string | undefined
}

/**
 * A browser arrives with an invoice id: the invoice is read, and a checkout remembers it with the links that are allowed. Returns the checkout's id.
 * Whatever the read says, there is a checkout, whose page tells the buyer; nothing that came with the browser is believed but the id.
 * @throws Refusal bad_input (detail: invoiceId) when the id has not the shape of one
 */
export async function openCheckout({ db, clock, invoicebox, settings }: PaymentDeps, arrival: Arrival): Promise<string> {
  if (!looksLikeId(arrival.invoiceId)) throw new Refusal('bad_input', 'invoiceId')
  const { outcome, exchange } = await invoicebox.readInvoice(arrival.invoiceId, { as: 'page', maxAgeMs: FRESH_FOR_MS })
  const link = (text: string | undefined): string | null => checkReturnLink(text, { hosts: settings.returnHosts, http: settings.allowHttp })
  const id = newId()
  await inTransaction(db, (tx) =>
    insertCheckout(tx, {
      id,
      // Ids compare without regard to case: one spelling here, or one invoice could be paid twice.
      invoiceId: arrival.invoiceId.toLowerCase(),
      memberId: arrival.memberId,
      outcome,
      readAt: exchange.startedAt,
      links: { successUrl: link(arrival.successUrl), failUrl: link(arrival.failUrl), returnUrl: link(arrival.returnUrl) },
      now: clock.now(),
    }),
  )
  return id
}
