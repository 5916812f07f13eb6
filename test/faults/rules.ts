import type { Evidence } from './evidence'
import { foreignOperationIds, overTheBudget, repeatedUnread } from './rules-asked'
import {
  capturedUnderAnotherName,
  capturedWithoutOperation,
  consentsUsedTwice,
  invoicesPaidTwice,
  notConsented,
  paidAtAnOldPrice,
  paidUnknowingly,
  wrongFund,
  wrongPoints,
  wrongPrices,
  wrongSuspense,
} from './rules-money'
import { failedPages, silentReviews, toldFailedTooEarly, toldOtherwise, toldPaidWrongly, wrongLastPages } from './rules-told'

/** What must be so when everything is at rest. `broken` gives a sentence for each case where it is not. */
export interface Rule {
  readonly rule: string
  readonly broken: (evidence: Evidence) => string[]
}

/** The rules in the order of docs/ledger.md; the number in brackets is the invariant's. */
export const RULES: readonly Rule[] = [
  { rule: 'a capture is one operation of ours (7, 11)', broken: capturedWithoutOperation },
  { rule: 'what Invoicebox paid is captured here, or a person was called (8, 11)', broken: paidUnknowingly },
  { rule: 'a captured payment names the transaction that Invoicebox made (7)', broken: capturedUnderAnotherName },
  { rule: 'every operation id that was sent stood in the books, and an invoice sees no second one (9)', broken: foreignOperationIds },
  { rule: 'before a repeat the invoice is read', broken: repeatedUnread },
  { rule: 'a price that had changed before the button was pressed is not paid at the old one (6)', broken: paidAtAnOldPrice },
  { rule: 'the price is the amount times the rate, rounded up (6)', broken: wrongPrices },
  { rule: 'what is taken is what stood beside the button (6, 15)', broken: notConsented },
  { rule: 'one consent, one payment (15)', broken: consentsUsedTwice },
  { rule: 'an invoice is paid once (10)', broken: invoicesPaidTwice },
  { rule: 'a difference to the invoice lies in suspense and is told (6)', broken: wrongSuspense },
  { rule: 'points are spent for captures alone and held for open payments alone (4, 6)', broken: wrongPoints },
  { rule: 'the fund agrees to the kopeck and is held for open payments alone (4, 11)', broken: wrongFund },
  { rule: 'nothing waits for ever (17)', broken: ({ restless }) => restless.map((id) => `Payment ${id} does not come to rest.`) },
  { rule: 'a payment in review has an open alert (17)', broken: silentReviews },
  { rule: 'whoever reads "paid" has paid (21)', broken: toldPaidWrongly },
  { rule: 'whoever reads that it is being checked is not told otherwise unless it is voided (21)', broken: toldOtherwise },
  { rule: 'whoever pressed the button is never told "cancelled" or "failed" while the outcome is open (21)', broken: toldFailedTooEarly },
  { rule: 'at rest the page says how the payment stands (21)', broken: wrongLastPages },
  { rule: 'no window sees more requests than agreed', broken: overTheBudget },
  { rule: 'no page is an error of our own while the database is there', broken: failedPages },
  {
    rule: 'ledger verify finds nothing (1 to 8, 10 to 13, 17, 19, 22)',
    broken: ({ findings }) => findings.map(({ rule, text }) => `${rule}: ${text}`),
  },
]
