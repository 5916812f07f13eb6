import { compareBooks, Unread } from './compare-books'
import type { ComparisonDeps } from './compare-books'
import type { Difference, Found } from './differences'

/** A difference that Invoicebox's list of invoices shows. */
export interface InvoiceDifference extends Difference {
  readonly invoiceId: string
}

export interface Comparison {
  /** How many invoices were looked at. */
  readonly checked: number
  readonly differences: readonly InvoiceDifference[]
  /** Why a part of Invoicebox's list could not be compared; absent when all of it was. */
  readonly unread?: string
}

/**
 * Compares our books with Invoicebox's list and changes nothing, not even what is remembered of earlier comparisons: what a restored backup or a failover has lost
 * (docs/operations.md) are operations that Invoicebox carried out and our books do not have.
 * @param since see `compareBooks`
 */
export async function findLostPayments(deps: ComparisonDeps, options: { since?: Date | undefined } = {}): Promise<Comparison> {
  let checked = 0
  const differences: InvoiceDifference[] = []
  try {
    for await (const portion of compareBooks(deps, options)) {
      checked += portion.checked
      differences.push(...portion.found.map((found) => asDifference(found, false)))
    }
    return { checked, differences }
  } catch (error) {
    if (error instanceof Unread) return { checked, differences, unread: error.message }
    throw error
  }
}

export const asDifference = ({ subject, kind, text }: Found, resolved: boolean): InvoiceDifference => ({
  invoiceId: subject,
  kind,
  text,
  resolved,
})
