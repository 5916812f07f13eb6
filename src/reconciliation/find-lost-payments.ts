import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Invoice, InvoiceboxClient, InvoicePage, InvoiceQuery, OddInvoice } from '../invoicebox'
import { findPaymentsOf, listCaptured } from '../payments'
import type { KnownPayment } from '../payments'
import { idOf, notPaidThere, paidThere } from './differences'
import type { Difference } from './differences'

export interface Comparison {
  /** How many invoices were looked at. */
  readonly checked: number
  readonly differences: readonly Difference[]
  /** Why a part of Invoicebox's list could not be compared; absent when all of it was. */
  readonly unread?: string
}

export interface ReconciliationDeps {
  readonly db: Db
  readonly invoicebox: Pick<InvoiceboxClient, 'listInvoices'>
}

/** As many as one list page may carry. */
const PAGE = 50
const MOST_TRIES = 3
const PAUSE_MS = SECOND

class Unread extends Error {}

/**
 * Compares our payments with Invoicebox's list of paid invoices, in both directions, and changes nothing. It finds what a restored backup or a failover has lost
 * (docs/operations.md): operations that Invoicebox carried out and our books do not have. One request for fifty invoices, newest first, and one for fifty captured payments
 * that the list did not show. The ids of the paid invoices are kept in memory, about a hundred bytes each.
 *
 * @param since the moment of the backup: an invoice that had expired by then cannot have been paid since, so a list full of invoices paid otherwise gets shorter
 *
 * Whatever is paid or cancelled while it runs may shift the pages, so that an invoice is missed; the next run finds it.
 */
export async function findLostPayments(deps: ReconciliationDeps, { since }: { since?: Date | undefined } = {}): Promise<Comparison> {
  const seen = new Set<string>()
  const differences: Difference[] = []
  try {
    for await (const found of paidInvoices(deps, seen)) differences.push(...(await comparePaid(deps, found, since)))
    for await (const payments of capturedUnseen(deps.db, seen)) {
      for (const { invoiceId } of payments) seen.add(invoiceId)
      differences.push(...(await compareCaptured(deps, payments)))
    }
    return { checked: seen.size, differences }
  } catch (error) {
    if (error instanceof Unread) return { checked: seen.size, differences, unread: error.message }
    throw error
  }
}

type Listed = Invoice | OddInvoice

/** Pages of paid invoices that were not seen before. */
async function* paidInvoices({ invoicebox }: ReconciliationDeps, seen: Set<string>): AsyncGenerator<Listed[]> {
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

async function readPage(invoicebox: ReconciliationDeps['invoicebox'], query: InvoiceQuery): Promise<InvoicePage> {
  for (let attempt = 1; ; attempt++) {
    const { outcome } = await invoicebox.listInvoices(query)
    if (outcome.kind === 'page') return outcome
    if (attempt >= MOST_TRIES) throw new Unread(`Invoicebox's list of invoices could not be read (${outcome.reason}).`)
    await pause(outcome.retryAfterMs ?? PAUSE_MS)
  }
}

/** The list was read first: a payment is stored before it is sent, so that one which is on its way is known here by now. */
async function comparePaid({ db }: ReconciliationDeps, found: readonly Listed[], since: Date | undefined): Promise<Difference[]> {
  const payable = found.filter((invoice) => !since || !('expirationDate' in invoice) || invoice.expirationDate >= since)
  const payments = await findPaymentsOf(db, payable.map(idOf))
  return payable.flatMap((invoice) =>
    paidThere(
      invoice,
      payments.filter(({ invoiceId }) => invoiceId === idOf(invoice)),
    ),
  )
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

async function compareCaptured({ invoicebox }: ReconciliationDeps, payments: readonly KnownPayment[]): Promise<Difference[]> {
  const ids = payments.map(({ invoiceId }) => invoiceId)
  const { invoices, odd } = await readPage(invoicebox, { ids, page: 1, pageSize: PAGE })
  const byId = new Map([...invoices, ...odd].map((invoice) => [idOf(invoice), invoice]))
  return payments.flatMap((payment) => notPaidThere(payment, byId.get(payment.invoiceId)))
}
