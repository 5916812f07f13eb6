import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Invoice, InvoiceboxClient, InvoicePage, InvoiceQuery, OddInvoice, UnavailableReason } from '../invoicebox'
import { findPaymentsOf, listCaptured } from '../payments'
import type { KnownPayment } from '../payments'
import { idOf, notPaidThere, paidThere } from './differences'
import type { Found } from './differences'
import { IdSet } from './id-set'
import { tell } from '../shared/told'

export interface ComparisonDeps {
  readonly db: Db
  readonly invoicebox: Pick<InvoiceboxClient, 'listInvoices'>
}

/** What one list page of Invoicebox has brought. */
export interface Portion {
  /** How many invoices were looked at. */
  readonly checked: number
  readonly found: readonly Found[]
}

/** As many as one list page may carry. */
export const PAGE = 50
const MOST_TRIES = 3
const PAUSE_MS = SECOND
/** Waiting for others is no failure: each such try has waited for a slot for up to a minute. */
const WAITED_FOR: readonly UnavailableReason[] = ['no-budget', 'rate-limited']
const MOST_WAITS = 10

/** A part of Invoicebox's list could not be compared; the message says why. */
export class Unread extends Error {}

/**
 * Compares our payments with Invoicebox's list of paid invoices, in both directions, and changes nothing: one request for fifty invoices, newest first, and one for fifty
 * captured payments that the list did not show. The ids of the paid invoices are kept in memory, some thirty bytes each (`IdSet`).
 *
 * @param since the moment of a backup: an invoice that had expired by then cannot have been paid since, so a list full of invoices paid otherwise gets shorter
 * @throws Unread
 */
export async function* compareBooks(deps: ComparisonDeps, { since }: { since?: Date | undefined } = {}): AsyncGenerator<Portion> {
  const seen = new IdSet()
  for await (const invoices of paidInvoices(deps, seen)) yield { checked: invoices.length, found: await comparePaid(deps, invoices, since) }
  for await (const payments of capturedUnseen(deps.db, seen))
    yield { checked: payments.length, found: await compareCaptured(deps, payments) }
}

/**
 * Asks by their ids about invoices that were different once and that the list did not bring any more. Where one left the list and another came into it between two pages,
 * the list does not tell that a third was passed over.
 * @throws Unread
 */
export async function compareAgain(deps: ComparisonDeps, invoiceIds: readonly string[]): Promise<Portion> {
  const { invoices, odd } = await readPage(deps.invoicebox, { ids: invoiceIds, status: ['paid'], page: 1, pageSize: PAGE })
  return { checked: invoices.length + odd.length, found: await comparePaid(deps, [...invoices, ...odd], undefined) }
}

type Listed = Invoice | OddInvoice

/** What we sell ourselves is refused where a payment begins, not where books are compared. */
const readingOf = (listed: Listed): Listed => ('own' in listed ? listed.own.invoice : listed)

/** Our own orders account for what their buyers paid at Invoicebox, and are compared by themselves. A payment with points of one of them must not be. */
const isOwn = (listed: Listed): boolean => 'own' in listed

/** A list that goes up and down in length from page to page and brings nothing new is not read for ever. */
const MOST_BARREN = 100

/**
 * Pages of paid invoices that were not seen before. One that is cancelled meanwhile leaves the list and moves the older ones up a place, perhaps onto a page that was read
 * already: as many pages are read again as the list has become shorter by. What is paid meanwhile moves them down, so that some come twice.
 */
async function* paidInvoices({ invoicebox }: ComparisonDeps, seen: IdSet): AsyncGenerator<Listed[]> {
  let total: number | null = null
  let barren = 0
  let farthest = 0
  for (let page = 1; ;) {
    const { invoices, odd, hasMore, totalCount } = await readPage(invoicebox, paidOn(page))
    // A status that is missing must not be read as paid, although paid ones were asked for.
    if ([...invoices, ...odd].map(readingOf).some((one) => 'status' in one && one.status === null))
      throw new Unread(tell('told.list_without_status'))
    const fresh = [...invoices, ...odd].filter((invoice) => seen.add(idOf(invoice)))
    yield fresh
    const grewBy = total === null || totalCount === null ? 0 : totalCount - total
    total = totalCount
    if (!hasMore && grewBy >= 0) return
    barren = fresh.length > 0 ? 0 : barren + 1
    if (barren > (page > farthest && grewBy === 0 ? 0 : MOST_BARREN)) throw new Unread(tell('told.list_repeats'))
    farthest = Math.max(farthest, page)
    // What moved up stands at the end of the page before this one.
    page = grewBy < 0 ? Math.max(1, page - Math.ceil(-grewBy / PAGE)) : page + 1
  }
}

const paidOn = (page: number): InvoiceQuery => ({
  status: ['paid'],
  order: [{ field: 'createdAt', direction: 'desc' }],
  page,
  pageSize: PAGE,
})

async function readPage(invoicebox: ComparisonDeps['invoicebox'], query: InvoiceQuery): Promise<InvoicePage> {
  let tries = 0
  let waits = 0
  for (;;) {
    const { outcome } = await invoicebox.listInvoices(query)
    if (outcome.kind === 'page') return outcome
    if (WAITED_FOR.includes(outcome.reason)) waits++
    else tries++
    if (waits >= MOST_WAITS || tries >= MOST_TRIES) throw new Unread(tell('told.list_unread', { reason: outcome.reason }))
    await pause(outcome.retryAfterMs ?? PAUSE_MS)
  }
}

/** The list was read first: a payment is stored before it is sent, so that one which is on its way is known here by now. */
async function comparePaid({ db }: ComparisonDeps, found: readonly Listed[], since: Date | undefined): Promise<Found[]> {
  const payments = await findPaymentsOf(db, found.map(idOf))
  const couldBePaid = (invoice: Listed): boolean => !since || !('expirationDate' in invoice) || invoice.expirationDate >= since
  return found.flatMap((invoice) => {
    const ours = payments.filter(({ invoiceId }) => invoiceId === idOf(invoice))
    if (isOwn(invoice) && ours.length === 0) return []
    return couldBePaid(invoice) || ours.some(({ binds }) => binds) ? paidThere(readingOf(invoice), ours) : []
  })
}

/** Captured payments whose invoices the list of paid ones did not show, fifty at a time. */
async function* capturedUnseen(db: Db, seen: IdSet): AsyncGenerator<KnownPayment[]> {
  let waiting: KnownPayment[] = []
  let after = ''
  for (;;) {
    const page = await listCaptured(db, { after, limit: 10 * PAGE })
    waiting.push(...page.filter(({ invoiceId }) => !seen.has(invoiceId)))
    for (; waiting.length >= PAGE; waiting = waiting.slice(PAGE)) yield waiting.slice(0, PAGE)
    const last = page.at(-1)
    if (!last) break
    after = last.id
  }
  if (waiting.length > 0) yield waiting
}

async function compareCaptured({ invoicebox }: ComparisonDeps, payments: readonly KnownPayment[]): Promise<Found[]> {
  const ids = payments.map(({ invoiceId }) => invoiceId)
  const { invoices, odd } = await readPage(invoicebox, { ids, page: 1, pageSize: PAGE })
  const byId = new Map([...invoices, ...odd].map((invoice) => [idOf(invoice), readingOf(invoice)]))
  return payments.flatMap((payment) => notPaidThere(payment, byId.get(payment.invoiceId)))
}
