import type { Invoice, InvoiceQuery, OddInvoice } from '../invoicebox'
import { inTransaction } from '../shared/database'
import type { PaymentDeps } from '../payments'
import { closeForeign, closeGone } from './close-invoices'
import { keepInvoices, keepOdd, keptId, unseenSince } from './keep-invoices'
import type { ReadInvoice } from './keep-invoices'
import type { Organisation } from './organisation'
import { ownersOf } from './owner'
import type { OwnerOf } from './owner'

/** Which invoices are to be read; nothing given is all that wait for payment. */
export interface Scope {
  readonly organisationId?: string | undefined
  readonly invoiceId?: string | undefined
  readonly merchantOrder?: string | undefined
}

/** Invoicebox could not be read to the end; what was read so far is kept. */
export class Unread extends Error {
  override name = 'Unread'
}

export interface Intake {
  /** How many invoices of our organisations were read. */
  readonly listed: number
  readonly odd: number
  /** Their ids. */
  readonly ids: readonly string[]
}

export type OnListed = (listed: number) => Promise<void> | void

const PAGE = 50
/** As many pages as a hundred thousand invoices need; a list that never ends is a fault of the other side. */
const MOST_PAGES = 2_000

/**
 * Reads what waits for payment, in pages within the request budget, as background, and remembers what belongs to our organisations. Whose an invoice is follows from
 * the payer's tax number in the answer: that the list can be filtered by it is not documented. What was open and is not in the list any more is read once more by its
 * id; what has another payer now is theirs, or closed. Without organisations nothing is asked.
 * @param organisations all of them: an invoice of one that is missing here counts as nobody's
 * @throws Unread
 */
export async function takeIn(
  deps: PaymentDeps,
  organisations: readonly Organisation[],
  scope: Scope = {},
  onListed: OnListed = () => undefined,
): Promise<Intake> {
  const reader = new Reader(deps, organisations, onListed)
  if (organisations.length === 0) return reader.result()
  if (scope.invoiceId !== undefined) await reader.readByIds([scope.invoiceId])
  else if (scope.merchantOrder !== undefined) await reader.readOrder(scope.merchantOrder)
  else await reader.readAll()
  return reader.result()
}

class Reader {
  private readonly seen = new Set<string>()
  private readonly ours = new Set<string>()
  private odd = 0
  private readonly ownerOf: OwnerOf

  constructor(
    private readonly deps: PaymentDeps,
    private readonly organisations: readonly Organisation[],
    private readonly onListed: OnListed,
  ) {
    this.ownerOf = ownersOf(organisations)
  }

  result(): Intake {
    return { listed: this.ours.size, odd: this.odd, ids: [...this.ours] }
  }

  /**
   * The oldest first, so that new ones come at the end. One that is paid meanwhile leaves the list and moves the others up a place, perhaps onto a page that was read
   * already: as many pages are read again as the list has become shorter by.
   */
  async readAll(): Promise<void> {
    const startedAt = this.deps.clock.now()
    let total: number | null = null
    for (let page = 1, asked = 0; asked < MOST_PAGES; asked += 1) {
      const read = await this.page({ status: ['pending'], order: [{ field: 'createdAt', direction: 'asc' }], page })
      const shrunkBy = total !== null && read.totalCount !== null ? Math.max(0, total - read.totalCount) : 0
      total = read.totalCount
      if (!read.hasMore && shrunkBy === 0) break
      // A list without an end that brings nothing new is a page again and again.
      if (read.fresh === 0 && read.totalCount === null) break
      // What moved up stands at the end of the page before this one.
      page = shrunkBy > 0 ? Math.max(1, page - Math.ceil(shrunkBy / PAGE)) : page + 1
    }
    await this.readLeft(startedAt)
  }

  async readOrder(merchantOrder: string): Promise<void> {
    const byId = await this.page({ merchantOrderId: merchantOrder, page: 1 }, merchantOrder)
    if (byId.fresh === 0) await this.page({ merchantOrderIdVisible: merchantOrder, page: 1 }, merchantOrder)
  }

  async readByIds(ids: readonly string[]): Promise<void> {
    await this.page({ ids, page: 1 })
  }

  /** Paid, cancelled, expired, or not shown to us any more. */
  private async readLeft(since: Date): Promise<void> {
    const { db, clock } = this.deps
    const left = await unseenSince(
      db,
      since,
      this.organisations.map(({ id }) => id),
    )
    for (let from = 0; from < left.length; from += PAGE) {
      const ids = left.slice(from, from + PAGE)
      await this.readByIds(ids)
      const gone = ids.filter((id) => !this.seen.has(id))
      await inTransaction(db, (tx) => closeGone(tx, gone, clock.now()))
    }
  }

  private async page(
    query: Omit<InvoiceQuery, 'pageSize'>,
    merchantOrder: string | null = null,
  ): Promise<{ fresh: number; hasMore: boolean; totalCount: number | null }> {
    const { outcome } = await this.deps.invoicebox.listInvoices({ ...query, pageSize: PAGE }, { as: 'background' })
    if (outcome.kind !== 'page') throw new Unread(outcome.reason)
    const invoices = outcome.invoices.filter(({ id }) => !this.seen.has(keptId(id)))
    const odd = outcome.odd.filter(({ invoiceId }) => !this.seen.has(keptId(invoiceId)))
    for (const { id } of invoices) this.seen.add(keptId(id))
    for (const { invoiceId } of odd) this.seen.add(keptId(invoiceId))
    await this.keep(invoices, odd, merchantOrder)
    await this.onListed(this.ours.size)
    return { fresh: invoices.length + odd.length, hasMore: outcome.hasMore, totalCount: outcome.totalCount }
  }

  private async keep(invoices: readonly Invoice[], odd: readonly OddInvoice[], merchantOrder: string | null): Promise<void> {
    const at = this.deps.clock.now()
    const read: ReadInvoice[] = invoices.flatMap((invoice) => {
      const organisation = this.ownerOf(invoice.customer)
      return organisation ? [{ invoice, organisationId: organisation.id, merchantOrder }] : []
    })
    for (const { invoice } of read) this.ours.add(keptId(invoice.id))
    const foreign = invoices.map(({ id }) => keptId(id)).filter((id) => !this.ours.has(id))
    const poison = odd.map((one) => ({ odd: one, organisationId: this.ownerOf(one.customer)?.id ?? null }))
    this.odd += await inTransaction(this.deps.db, async (tx) => {
      await keepInvoices(tx, read, at)
      await closeForeign(tx, foreign, at)
      return keepOdd(tx, poison, at)
    })
  }
}
