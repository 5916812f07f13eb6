import type { InvoicePage, ReadOutcome } from './types'

/** A reading for whoever compares what was paid: that an invoice is for what we sell ourselves must not hide what it says. */
export const ownAsFound = (read: ReadOutcome): ReadOutcome =>
  read.kind === 'odd' && read.own ? { kind: 'found', invoice: read.own.invoice } : read

/** The same of a page: the invoices that only we refuse stand among the others. */
export const withOwn = (page: InvoicePage): InvoicePage => ({
  ...page,
  invoices: [...page.invoices, ...page.odd.flatMap(({ own }) => own?.invoice ?? [])],
  odd: page.odd.filter(({ own }) => !own),
})
