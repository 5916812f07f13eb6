import { SECOND } from '../shared/clock'

/** An invoice whose reading began this recently is not read again before the hold (docs/payment-states.md), nor before a repeat that was taken up earlier. */
export const FRESH_FOR_MS = 5 * SECOND

/** After a read that failed a page asks again, but not with every view: views cost nothing, requests to Invoicebox are counted. */
export const FAILED_FOR_MS = 5 * SECOND
