import type { InvoicePage, ListOutcome, Permit, ReadOutcome, UnavailableReason } from '../invoicebox'
import { keepExchange, readToRepeat } from './ask'
import { FRESH_FOR_MS } from './freshness'
import { NO_BUDGET } from './put-back'
import type { Payment, PaymentDeps } from './payment'

/** As many ids as one list page may carry. */
export const MOST_IN_A_PAGE = 50

/** Then it is the list that does not work; an invoice may still be read on its own. */
const OF_THE_LIST: readonly UnavailableReason[] = ['rejected', 'not-understood', 'not-json', 'too-large']

/**
 * Reads the invoices of payments that were taken up together: many in one list page, one on its own. An invoice that the page does not show, or shows too late, is read
 * on its own. Every reading begins after its payment was taken up, and is kept with it.
 */
export function readTogether(deps: PaymentDeps, payments: readonly Payment[], permit: Permit): (payment: Payment) => Promise<ReadOutcome> {
  if (payments.length === 1) return (payment) => readToRepeat(deps, payment, { as: 'recovery', permit })
  const read = (): Promise<Page> => readPage(deps, payments, permit)
  let page: Promise<Page> | undefined
  return async (payment) => {
    page ??= read()
    const { outcome, exchange, beganAt } = await page
    const found = performance.now() - beganAt > FRESH_FOR_MS ? undefined : inPage(outcome, payment)
    if (!found) return readToRepeat(deps, payment, { as: 'recovery' })
    if (found.kind !== 'unavailable' || found.reason !== NO_BUDGET) await keepExchange(deps, payment, exchange, null)
    return found
  }
}

type Page = Awaited<ReturnType<typeof readPage>>

async function readPage({ invoicebox }: PaymentDeps, payments: readonly Payment[], permit: Permit) {
  const beganAt = performance.now()
  const ids = payments.map(({ invoiceId }) => invoiceId)
  return { beganAt, ...(await invoicebox.listInvoices({ ids, page: 1, pageSize: MOST_IN_A_PAGE }, { as: 'recovery', permit })) }
}

/** What the page says of a payment's invoice; undefined when it says nothing. */
function inPage(outcome: ListOutcome, payment: Payment): ReadOutcome | undefined {
  if (outcome.kind !== 'page') return OF_THE_LIST.includes(outcome.reason) ? undefined : outcome
  return shownIn(outcome, payment)
}

function shownIn({ invoices, odd }: InvoicePage, { invoiceId }: Payment): ReadOutcome | undefined {
  const isOurs = (id: string): boolean => id.toLowerCase() === invoiceId
  const invoice = invoices.find(({ id }) => isOurs(id))
  return invoice ? { kind: 'found', invoice } : odd.find((one) => isOurs(one.invoiceId))
}
