import { freePermit } from './permit'
import { SharedBudget } from './shared-budget'
import type { BudgetDeps, BudgetSettings, RequestBudget } from './types'

/** Where no limit was agreed, nothing is counted. */
export const unlimitedBudget: RequestBudget = {
  take: ({ atLeast = 1, atMost = atLeast }) => Promise.resolve({ permit: freePermit(atMost) }),
  use: () => Promise.resolve(null),
  isExhausted: () => false,
  onWait: () => undefined,
  close: () => Promise.resolve(),
}

/**
 * The budget towards Invoicebox: never more than the limit in any span of one window, whatever way upstream counts.
 *
 * A slot is taken before a request is sent, and is free again one window after its answer arrived: the moment at which Invoicebox counted the request lies in between,
 * whatever its clock says. Slots stand in the database. So all processes share them, and a restart does not burst. A slot of which nothing more is heard (its process
 * died, or no answer came) is free after the longest that a slot may be kept in hand and a request may take, and one window. One short transaction, under the lock of
 * one row, serves all callers who wait in this process at that moment; it leaves nothing behind in the session, so a connection pooler may stand between.
 *
 * Priorities: see policy.ts. Callers of other processes count too: each process says in the database what it waits for.
 *
 * Clocks: on PostgreSQL the server's clock dates the slots, on SQLite this process's. Set back, it makes slots look as if they were taken in the future: they are
 * dated anew, as if answered at that moment, so they are kept up to a window longer and none for ever. Set ahead, it would free all slots at once: every process that
 * was there before notices that the clock went further than its own tick, and the bucket's time goes on as before. Only when no process lives through the jump, it is
 * not noticed, and in the worst case one limit more is sent within that window; upstream's 429 then closes the bucket.
 *
 * A 429 closes the bucket for all processes as long as Invoicebox asks (bounded, see retry-after.ts), and takes a fifth of the slots away, which come back within five
 * minutes.
 *
 * The optimum, by arithmetic, in a window of 100 requests: 50 payments that read and confirm, 100 whose invoice is known, 98 automatic ones whose invoices come in
 * pages of 50. How far the policy is from it: simulated, endless background uses 0.993 of the window, and beside one payment in two seconds 0.961 of it, with 99 of 100
 * payments waiting at most 0.65 s (docs/adr/0013; test/invoicebox/budget). On real databases: bench/budget.ts. Recovery makes 90 payments of a window, not 98: see policy.ts.
 */
export const createRequestBudget = (settings: BudgetSettings, deps: BudgetDeps): RequestBudget => new SharedBudget(settings, deps)
