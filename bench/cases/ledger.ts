import { stock } from '../books'
import type { Stocked } from '../books'
import type { Bench, Group, Prepared } from '../group'
import type { Comparison, Workload } from '../measure'
import { prepareTpcb, tpcbLike } from '../pgbench'
import { callersText } from '../texts'
import { preparePayments, StoppedClock } from './payments'
import type { Payments } from './payments'
import { prepareTransfers } from './transfers'
import type { Transfers } from './transfers'

const CALLERS = [1, 8, 32] as const
const MEMBERS = 10_000

/** Transfers and whole payments on PostgreSQL against pgbench on the same server. */
export const ledgerGroup: Group = {
  name: 'ledger',
  about: 'transfers and payments on PostgreSQL, against pgbench',
  async prepare(bench) {
    const cluster = await bench.postgres()
    bench.progress('filling the tables of pgbench')
    await prepareTpcb(cluster, 100)
    await prepareTpcb(cluster, 1)
    bench.progress(`opening ${MEMBERS} members`)
    const clock = new StoppedClock()
    const stocked = await stock(await cluster.fresh('bench_ledger'), MEMBERS, { clock })
    const tpcb = (scale: number, clients: number): Workload => tpcbLike(cluster, { scale, clients, seconds: bench.plan.seconds })
    return toPrepared(bench, stocked, clock, tpcb)
  },
}

async function toPrepared(
  bench: Bench,
  stocked: Stocked,
  clock: StoppedClock,
  tpcb: (scale: number, clients: number) => Workload,
): Promise<Prepared> {
  const transfers = await prepareTransfers(stocked, bench.chance, 'PostgreSQL')
  const payments = preparePayments(stocked, clock, bench.chance, 'PostgreSQL')
  const baseline = { usual: tpcb(100, 8), alone: tpcb(100, 1) }
  return {
    comparisons: [
      ...transferComparisons(bench, transfers, baseline.usual),
      ...hotComparisons(bench, transfers, (clients) => tpcb(1, clients)),
      ...paymentComparisons(bench, payments, baseline),
    ],
    warmedUp: () => stocked.analyze(),
    close: () => stocked.close(),
  }
}

const per = { unit: 'transfers/s' } as const

function transferComparisons({ plan: { seconds } }: Bench, transfers: Transfers, baseline: Workload): Comparison[] {
  return CALLERS.flatMap((callers): Comparison[] => [
    {
      figure: `transfers, spread over 10,000 members, ${callersText(callers)}`,
      ...per,
      workload: transfers.spread({ callers, seconds }),
      baseline,
      ...(callers === 32 && { target: { atLeast: 1.3 } }),
    },
    {
      figure: `transfers, all on the one hot account, ${callersText(callers)}`,
      ...per,
      workload: transfers.hot({ callers, seconds }),
      baseline,
    },
  ])
}

function hotComparisons({ plan: { seconds } }: Bench, transfers: Transfers, scaleOne: (clients: number) => Workload): Comparison[] {
  const many = { callers: 32, seconds }
  return [
    ...CALLERS.map((callers): Comparison => ({
      figure: `transfers, all on the one hot account, ${callersText(callers)}, against a hot row of pgbench`,
      ...per,
      workload: transfers.hot({ callers, seconds }),
      baseline: scaleOne(callers),
      ...(callers === 32 && { target: { atLeast: 4 } }),
    })),
    {
      figure: 'transfers, all on the one hot account, 32 callers, against our own spread figure',
      ...per,
      workload: transfers.hot(many),
      baseline: transfers.spread(many),
      target: { atLeast: 1 },
    },
  ]
}

function paymentComparisons(
  { plan: { seconds } }: Bench,
  payments: Payments,
  { usual, alone }: { usual: Workload; alone: Workload },
): Comparison[] {
  const unit = 'payments/s'
  const hold = 'payments, hold and record (two commits)'
  return [
    ...CALLERS.map((callers): Comparison => ({
      figure: `${hold}, ${callersText(callers)}`,
      unit,
      workload: payments.twoCommits({ callers, seconds }),
      baseline: callers === 1 ? alone : usual,
      ...(callers === 1 && { target: { atLeast: 0.25 } }),
      ...(callers === 32 && { target: { atLeast: 0.4 } }),
    })),
    ...CALLERS.map((callers): Comparison => ({
      figure: `payments, whole use case (the answer kept as well), ${callersText(callers)}`,
      unit,
      workload: payments.whole({ callers, seconds }),
      baseline: callers === 1 ? alone : usual,
    })),
  ]
}
