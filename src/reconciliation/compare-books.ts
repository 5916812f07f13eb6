import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Invoice, InvoiceboxClient, InvoicePage, InvoiceQuery, OddInvoice, UnavailableReason } from '../invoicebox'
import { findPaymentsOf, listCaptured } from '../payments'
import type { KnownPayment } from '../payments'
import { idOf, notPaidThere, paidThere } from './differences'
import type { Found } from './differences'

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
const PAGE = 50
const MOST_TRIES = 3
const PAUSE_MS = SECOND
/** Waiting for others is no failure: each such try has waited for a slot for up to a minute. */
const WAITED_FOR: readonly UnavailableReason[] = ['no-budget', 'rate-limited']
const MOST_WAITS = 10

/** A part of Invoicebox's list could not be compared; the message says why. */
export class Unread extends Error {}

/**
 * Compares our payments with Invoicebox's list of paid invoices, in both directions, and changes nothing: one request for fifty invoices, newest first, and one for fifty
 * captured payments that the list did not show. The ids of the paid invoices are kept in memory, about a hundred bytes each.
 *
 * @param since the moment of a backup: an invoice that had expired by then cannot have been paid since, so a list full of invoices paid otherwise gets shorter
 * @throws Unread
 *
 * Whatever is paid or cancelled while it runs may shift the pages, so that an invoice is missed; the next run finds it.
 */
export async function* compareBooks(deps: ComparisonDeps, { since }: { since?: Date | undefined } = {}): AsyncGenerator<Portion> {
  const seen = new Set<string>()
  for await (const invoices of paidInvoices(deps, seen)) yield { checked: invoices.length, found: await comparePaid(deps, invoices, since) }
  for await (const payments of capturedUnseen(deps.db, seen))
    yield { checked: payments.length, found: await compareCaptured(deps, payments) }
}

type Listed = Invoice | OddInvoice

/** Pages of paid invoices that were not seen before. */
async function* paidInvoices({ invoicebox }: ComparisonDeps, seen: Set<string>): AsyncGenerator<Listed[]> {
  for (let page = 1; ; page++) {
    const { invoices, odd, hasMore } = await readPage(invoicebox, {
      status: ['paid'],
      order: [{ field: 'createdAt', direction: 'desc' }],
      page,
      pageSize: PAGE,
    })
    // A status that is missing must not be read as paid, although paid ones were asked for.
    if (invoices.some(({ status }) => status === null))
      throw new Unread('Invoicebox lists invoices without a status, which proves nothing.')
    const fresh = [...invoices, ...odd].filter((invoice) => !seen.has(idOf(invoice)))
    for (const invoice of fresh) seen.add(idOf(invoice))
    yield fresh
    if (!hasMore) return
    if (fresh.length === 0) throw new Unread("The pages of Invoicebox's list repeat themselves, so its end was not reached.")
  }
}

async function readPage(invoicebox: ComparisonDeps['invoicebox'], query: InvoiceQuery): Promise<InvoicePage> {
  let tries = 0
  let waits = 0
  for (;;) {
    const { outcome } = await invoicebox.listInvoices(query)
    if (outcome.kind === 'page') return outcome
    if (WAITED_FOR.includes(outcome.reason)) waits++
    else tries++
    if (waits >= MOST_WAITS || tries >= MOST_TRIES) throw new Unread(`Invoicebox's list of invoices could not be read (${outcome.reason}).`)
    await pause(outcome.retryAfterMs ?? PAUSE_MS)
  }
}

/** The list was read first: a payment is stored before it is sent, so that one which is on its way is known here by now. */
async function comparePaid({ db }: ComparisonDeps, found: readonly Listed[], since: Date | undefined): Promise<Found[]> {
  const payments = await findPaymentsOf(db, found.map(idOf))
  const couldBePaid = (invoice: Listed): boolean => !since || !('expirationDate' in invoice) || invoice.expirationDate >= since
  return found.flatMap((invoice) => {
    const ours = payments.filter(({ invoiceId }) => invoiceId === idOf(invoice))
    return couldBePaid(invoice) || ours.some(({ binds }) => binds) ? paidThere(invoice, ours) : []
  })
}

/** Captured payments whose invoices the list of paid ones did not show, fifty at a time. */
async function* capturedUnseen(db: Db, seen: ReadonlySet<string>): AsyncGenerator<KnownPayment[]> {
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
  const byId = new Map([...invoices, ...odd].map((invoice) => [idOf(invoice), invoice]))
  return payments.flatMap((payment) => notPaidThere(payment, byId.get(payment.invoiceId)))
}
