import { join } from 'node:path'
import { bareTransfers } from '../bare-sqlite'
import { stock } from '../books'
import type { Stocked } from '../books'
import type { Bench, Group, Prepared } from '../group'
import type { Comparison, Workload } from '../measure'
import { callersText } from '../texts'
import { preparePayments, StoppedClock } from './payments'
import { prepareTransfers } from './transfers'

const CALLERS = [1, 8, 32] as const

/** The same transfers and payments in the embedded database, against the driver alone. */
export const sqliteGroup: Group = {
  name: 'sqlite',
  about: 'transfers and payments on SQLite, against the bare driver',
  async prepare(bench) {
    const bare = bareTransfers(bench.folder, { seconds: bench.plan.seconds, chance: bench.chance })
    const clock = new StoppedClock()
    const stocked = await stock(`sqlite:${join(bench.folder, 'gateway.sqlite3')}`, bench.plan.quick ? 1_000 : 10_000, { clock })
    return toPrepared(bench, stocked, clock, bare)
  },
}

async function toPrepared(bench: Bench, stocked: Stocked, clock: StoppedClock, bare: Workload & { close(): void }): Promise<Prepared> {
  const transfers = await prepareTransfers(stocked, bench.chance, 'SQLite')
  const payments = preparePayments(stocked, clock, bench.chance, 'SQLite')
  const { seconds } = bench.plan
  const against = (figure: string, unit: string, workload: Workload): Comparison => ({ figure, unit, workload, baseline: bare })
  return {
    comparisons: CALLERS.flatMap((callers) => [
      against(`transfers, spread, ${callersText(callers)}`, 'transfers/s', transfers.spread({ callers, seconds })),
      against(`transfers, all on the one hot account, ${callersText(callers)}`, 'transfers/s', transfers.hot({ callers, seconds })),
      {
        ...against(
          `payments, hold and record (two commits), ${callersText(callers)}`,
          'payments/s',
          payments.twoCommits({ callers, seconds }),
        ),
        ...(callers === 32 && { target: { atLeast: 0.4 } }),
      },
      against(`payments, whole use case, ${callersText(callers)}`, 'payments/s', payments.whole({ callers, seconds })),
    ]),
    warmedUp: () => stocked.analyze(),
    close: async () => {
      bare.close()
      await stocked.close()
    },
  }
}
