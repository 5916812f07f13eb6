import { stock } from '../books'
import { keepCalling } from '../callers'
import { makeCheckouts } from '../checkouts'
import { startServer } from '../child'
import type { Child } from '../child'
import { freePort } from '../../test/support/free-port'
import { timesInDatabase } from '../explain'
import { fillHistory } from '../fill-history'
import type { Bench, Group } from '../group'
import { plainFigure } from '../measure'
import type { Comparison, Figure, Workload } from '../measure'
import { quantile } from '../numbers'
import { startGateway } from '../product'
import { addVisitors, confirming, looking, signInAll } from '../site'
import type { Visitor } from '../visitors'
import { ACCOUNTS, memberAccount, readAccount, readEntries } from '../../src/ledger'
import { listPayments } from '../../src/payments/store'
import { systemClock } from '../../src/shared/clock'
import type { Db } from '../../src/shared/database'

const SIZES = { quick: { few: 10_000, many: 200_000 }, full: { few: 10_000, many: 10_000_000 } }

/** The same gateway on young and on old books: what a page costs must not depend on how much has happened. */
export const growthGroup: Group = {
  name: 'growth',
  about: 'pages and lists on ten thousand and on ten million ledger entries, PostgreSQL',
  async prepare(bench) {
    const { few, many } = bench.plan.quick ? SIZES.quick : SIZES.full
    const upstream = await startServer('upstream', await freePort())
    const young = await openSite(bench, few, upstream)
    const old = await openSite(bench, many, upstream)
    return {
      comparisons: [...compareSites(young, old), deepAgainstFirst(old)],
      figures: () => listFigures(old, bench.plan.quick ? 100 : 1_000),
      close: async () => {
        await young.stop()
        await old.stop()
        await upstream.stop()
      },
    }
  },
}

interface Site {
  readonly db: Db
  readonly entries: string
  /** The account whose statement is long. */
  readonly account: string
  /** An entry number that leads to the far end of the statement. */
  readonly deep: bigint
  readonly workloads: Readonly<
    Record<'payment page' | 'account history, first page' | 'account history, deep page' | 'confirm' | 'ledger list of the fund', Workload>
  >
  stop(): Promise<void>
}

/** The deep page begins below this entry number: close to the oldest entry, and still a full page in the young books. */
const DEEP = 30n

async function openSite(bench: Bench, count: number, upstream: Child): Promise<Site> {
  const entries = count.toLocaleString('en')
  bench.progress(`writing the history of ${entries} entries`)
  const url = await (await bench.postgres()).fresh(`bench_growth_${count}`)
  const { parts } = await stock(url, 0)
  const [member] = await addVisitors(parts, 1)
  if (!member) throw new Error('bug: no visitor')
  await fillHistory(url, { entries: count, readerId: member.memberId })
  const gateway = await startGateway({ product: await bench.product(), databaseUrl: url, upstreamUrl: upstream.url })
  const [visitor] = await signInAll(gateway, [member])
  const [waiting] = await makeCheckouts(parts, [member.memberId], systemClock.now())
  if (!visitor || !waiting) throw new Error('bug: no visitor')
  const account = memberAccount(member.memberId)
  const { seconds } = bench.plan
  const page = (name: string, path: string): Workload => waitingFor(looking(`${name}, ${entries} entries`, [visitor], seconds, () => path))
  return {
    db: parts.db,
    entries,
    account,
    deep: DEEP,
    workloads: {
      'payment page': page('payment page', `/pay/${waiting.checkoutId}`),
      'account history, first page': page('account history, first page', '/account'),
      'account history, deep page': page('account history, deep page', `/account?before=${DEEP}`),
      confirm: waitingFor(confirming(`confirm, ${entries} entries`, parts, [visitor], seconds)),
      'ledger list of the fund': waitingFor(listing(parts.db, entries, seconds)),
    },
    stop: () => stopSite(visitor, gateway, parts),
  }
}

async function stopSite(visitor: Visitor, gateway: Child, parts: { close(): Promise<void> }): Promise<void> {
  await visitor.close()
  await gateway.stop()
  await parts.close()
}

/** What one caller waits, instead of how much all of them get done. */
const waitingFor = ({ name, run }: Workload): Workload => ({
  name,
  run: async () => {
    const sample = await run()
    return { ...sample, value: sample.p50Ms ?? 0 }
  },
})

const listing = (db: Db, entries: string, seconds: number): Workload => ({
  name: `ledger list of the fund, ${entries} entries`,
  run: () =>
    keepCalling(async () => (await readEntries(db, ACCOUNTS.fund, { limit: 50, newestFirst: true })).length > 0, { callers: 1, seconds }),
})

const compareSites = (young: Site, old: Site): Comparison[] =>
  (Object.keys(old.workloads) as (keyof Site['workloads'])[]).map((name) => ({
    figure: `${name}, at ${old.entries} entries`,
    unit: 'ms',
    workload: old.workloads[name],
    baseline: young.workloads[name],
    target: { atMost: 1.3 },
  }))

const deepAgainstFirst = ({ workloads, entries }: Site): Comparison => ({
  figure: `account history, deep page against first page, at ${entries} entries`,
  unit: 'ms',
  workload: workloads['account history, deep page'],
  baseline: workloads['account history, first page'],
  target: { atMost: 1.2 },
})

/** The product's own list queries, planned and executed by the server with its own stopwatch. */
async function listFigures({ db, account, deep, entries }: Site, times: number): Promise<Figure[]> {
  const { entryCount } = await readAccount(db, ACCOUNTS.fund)
  const lists: Record<string, (each: Db) => Promise<unknown>> = {
    "a member's history, first page": (each) => readEntries(each, account, { limit: 21, newestFirst: true }),
    "a member's history, deep page": (each) => readEntries(each, account, { limit: 21, upTo: deep - 1n, newestFirst: true }),
    "the fund's entries, first page": (each) => readEntries(each, ACCOUNTS.fund, { limit: 50, newestFirst: true }),
    "the fund's entries, middle": (each) => readEntries(each, ACCOUNTS.fund, { limit: 50, upTo: entryCount / 2n - 1n, newestFirst: true }),
    'payments, first page': (each) => listPayments(each, { limit: 50 }),
  }
  const figures: Figure[] = []
  for (const [name, list] of Object.entries(lists)) {
    const all = await timesInDatabase(db, list, times)
    figures.push({
      ...plainFigure(`p99 in the database: ${name}, at ${entries} entries`, 'ms', [quantile(all, 0.99)], { atMost: 1 }),
      p50Ms: quantile(all, 0.5),
      p99Ms: quantile(all, 0.99),
    })
  }
  return figures
}
