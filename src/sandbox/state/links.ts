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

/** The main order's own link, where it has one that a browser may follow. */
export function ownLink(world: World, invoice: Pick<Invoice, 'id'>, link: ReturnLink): string | undefined {
  const own = ordersIn(world, invoice.id)[0]?.links[link] ?? ''
  return isWebAddress(own) ? own : undefined
}

/** The page that opens a link of the shop in the frame in which the mini-app was (Q-66). */
function inFrame(world: World, { id }: Invoice, link: ReturnLink): string {
  const lang = world.openings.get(id)?.lang
  return `${world.url}/marketplace/return/${encodeURIComponent(id)}?to=${LANDINGS[link]}${lang ? `&lang=${lang}` : ''}`
}

/**
 * Where the buyer goes back to: the main order's own link where it has one, else the shop's page here. Whoever came from a mini-app goes back
 * into its frame, unless the switch `minappReturn` says otherwise.
 */
export function returnLink(world: World, invoice: Invoice, link: ReturnLink): string {
  const own = ownLink(world, invoice, link)
  const isFramed = world.settings.minappReturn === 'frame' && world.openings.has(invoice.id)
  if (own !== undefined && isFramed && link !== 'returnUrl') return inFrame(world, invoice, link)
  return own ?? `${world.url}/merchant/${LANDINGS[link]}?order=${encodeURIComponent(invoice.id)}`
}

const PLACEHOLDER = /\{invoiceId\}|%7BinvoiceId%7D/gi

/**
 * Where the buyer is sent when he picks the programme: the partner's page with the invoice id and return links (Q-01 to Q-03).
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
