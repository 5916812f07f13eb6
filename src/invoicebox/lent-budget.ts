import type { RequestBudget } from './budget'

/** A budget that is shared: whoever made it closes it. */
export const lentBudget = (budget: RequestBudget): RequestBudget => ({
  take: (taking) => budget.take(taking),
  use: () => budget.use(),
  isExhausted: () => budget.isExhausted(),
  onWait: (listener) => budget.onWait(listener),
  close: () => Promise.resolve(),
})
