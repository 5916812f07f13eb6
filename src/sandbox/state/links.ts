import type { Invoice } from './invoices'
import { ordersIn } from './order-status'
import type { World } from './world'

/** The payment page of an invoice: what `paymentUrl` in the API points at. */
export const paymentUrl = (world: World, invoice: Pick<Invoice, 'id'>): string => `${world.url}/order/${encodeURIComponent(invoice.id)}`

export type ReturnLink = 'successUrl' | 'failUrl' | 'returnUrl'

const LANDINGS: Readonly<Record<ReturnLink, string>> = { successUrl: 'success', failUrl: 'fail', returnUrl: 'return' }

const PASSED: Readonly<Record<World['settings']['returnLinks'], readonly ReturnLink[]>> = {
  all: ['successUrl', 'failUrl', 'returnUrl'],
  none: [],
  'return-only': ['returnUrl'],
}

const isWebAddress = (text: string): boolean => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)

/** Where the buyer goes back to: the main order's own link where it has one that a browser may follow, else the shop's page here. */
export function returnLink(world: World, invoice: Invoice, link: ReturnLink): string {
  const own = ordersIn(world, invoice.id)[0]?.links[link] ?? ''
  return isWebAddress(own) ? own : `${world.url}/merchant/${LANDINGS[link]}?order=${encodeURIComponent(invoice.id)}`
}

const PLACEHOLDER = /\{invoiceId\}|%7BinvoiceId%7D/gi

/**
 * Where the buyer is sent when he picks the programme: the partner's page with the invoice id and return links.
 * With a placeholder in `partnerAuthUrl` the id goes there and not into the query.
 */
export function partnerUrl(world: World, invoice: Invoice): string {
  const { partnerAuthUrl, queryNames, returnLinks } = world.settings
  const id = encodeURIComponent(invoice.id)
  const url = new URL(partnerAuthUrl.replaceAll(PLACEHOLDER, id))
  if (partnerAuthUrl.search(PLACEHOLDER) < 0) url.searchParams.set(queryNames.invoiceId, invoice.id)
  for (const link of PASSED[returnLinks]) url.searchParams.set(queryNames[link], returnLink(world, invoice, link))
  return url.href
}
