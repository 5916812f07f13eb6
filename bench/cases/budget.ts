import { join } from 'node:path'
import { measureBudget } from '../budget'
import type { BudgetFigure } from '../budget'
import type { Group } from '../group'
import { plainFigure } from '../measure'
import type { Figure, Target } from '../measure'
import { migrateToLatest } from '../../src/shared/migrate'

/** How much of Invoicebox's request limit is used. The baseline is arithmetic: all of it, so a share of the window is the ratio itself. */
export const budgetGroup: Group = {
  name: 'budget',
  about: 'the request budget against three kinds of limiter, in windows of 3 s in place of 30',
  async prepare(bench) {
    const sqlite = `sqlite:${join(bench.folder, 'budget.sqlite3')}`
    const postgres = await (await bench.postgres()).fresh('bench_budget')
    const urls = bench.plan.quick ? [sqlite] : [sqlite, postgres]
    for (const url of urls) await migrateToLatest(url)
    return {
      comparisons: [],
      figures: async () => (await measureBudget(urls)).figures.map(toFigure),
      close: () => Promise.resolve(),
    }
  },
}

function toFigure(figure: BudgetFigure): Figure {
  return plainFigure(figure.name, figure.unit, [figure.value], targetOf(figure))
}

/** Beside payments the background leaves some room, so that a buyer need not wait for it. */
function targetOf({ name }: BudgetFigure): Target | undefined {
  if (name.endsWith('used')) return { atLeast: name.includes('payments') ? 0.95 : 0.98 }
  if (name.endsWith('429')) return { atMost: 0 }
  return name.endsWith('p99') ? { atMost: 1 } : undefined
}
