import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expectBooksToBalance } from '../books'
import { accrue, copiesOfJob, preparedInserts } from '../bulk'
import type { Bench, Group, Prepared } from '../group'
import { isReached, plainFigure, spread } from '../measure'
import type { Comparison, Figure, Target, Workload } from '../measure'
import { addMembersInBulk, writeAccrualFile } from '../million-members'
import type { ListOrder } from '../million-members'
import { openDatabase } from '../../src/shared/database'
import { migrateToLatest } from '../../src/shared/migrate'

const MEMBERS = { quick: 50_000, full: 1_000_000 }
/** A run takes minutes: three rounds of them are enough to see how far apart they lie. */
const ROUNDS = 3

/** Crediting everybody in one job with the product's own command, against the fastest way to bring the same rows in. */
export const accrualsGroup: Group = {
  name: 'accruals',
  about: 'crediting a million members in one job, against COPY and a prepared insert',
  async prepare(bench) {
    const count = bench.plan.quick ? MEMBERS.quick : MEMBERS.full
    bench.progress(`adding ${count.toLocaleString('en')} members, once for each engine`)
    const lists = { sorted: join(bench.folder, 'sorted.csv'), shuffled: join(bench.folder, 'shuffled.csv') }
    for (const order of ['sorted', 'shuffled'] as const) await writeAccrualFile(lists[order], count, order)
    const places = [await onPostgres(bench, count, lists), await onSqlite(bench, count, lists)]
    return joined(places, Math.min(ROUNDS, bench.plan.rounds))
  },
}

function joined(places: readonly Place[], rounds: number): Prepared {
  return {
    comparisons: places.flatMap(({ comparisons }) => comparisons),
    rounds,
    warmUpCalls: 0,
    figures: () => Promise.resolve(places.flatMap(({ figures }) => figures())),
    close: async () => {
      for (const place of places) await place.close()
    },
  }
}

interface Place {
  readonly comparisons: readonly Comparison[]
  readonly figures: () => Figure[]
  close(): Promise<void>
}

type Lists = Readonly<Record<ListOrder, string>>

/** Members who have nothing yet; every run begins with a copy of them, so each writes into the same tables as the baseline does: empty ones. */
async function addEverybody(url: string, count: number): Promise<void> {
  await migrateToLatest(url)
  const db = openDatabase(url, { patient: true })
  await addMembersInBulk(db, count)
  await db.destroy()
}

async function onPostgres(bench: Bench, count: number, lists: Lists): Promise<Place> {
  const cluster = await bench.postgres()
  await addEverybody(await cluster.fresh('bench_million'), count)
  const copy = async (): Promise<string> => {
    const url = await cluster.fresh('bench_accruals', 'bench_million')
    await cluster.ask('postgres', 'checkpoint') // Writing the copy out is no part of the job.
    return url
  }
  const jobs = await accruing(bench, 'PostgreSQL', count, lists, copy)
  await jobs.sorted.run() // Its entries are the rows that the baseline copies.
  await cluster.fresh('bench_copy', 'bench_accruals')
  const copies = await copiesOfJob(cluster, 'bench_copy', bench.folder)
  const made = place('PostgreSQL', jobs, copies.entries, () => audit(cluster.url('bench_accruals')))
  const figure = 'PostgreSQL: accrual, sorted list, against all rows that it writes'
  const all: Comparison = { figure, unit: 'members/s', workload: jobs.sorted, baseline: copies.everything }
  return { ...made, comparisons: [...made.comparisons, all] }
}

async function onSqlite(bench: Bench, count: number, lists: Lists): Promise<Place> {
  const [everybody, work] = ['million.sqlite3', 'accruals.sqlite3'].map((name) => join(bench.folder, name)) as [string, string]
  await addEverybody(`sqlite:${everybody}`, count)
  const copy = (): Promise<string> => {
    for (const ending of ['-wal', '-shm']) rmSync(`${work}${ending}`, { force: true })
    copyFileSync(everybody, work)
    return Promise.resolve(`sqlite:${work}`)
  }
  const jobs = await accruing(bench, 'SQLite', count, lists, copy)
  const inserts = preparedInserts(bench.folder, count)
  return place('SQLite', jobs, inserts, async () => {
    inserts.close()
    await audit(`sqlite:${work}`)
  })
}

async function audit(url: string): Promise<void> {
  const db = openDatabase(url, { patient: true })
  await expectBooksToBalance(db).finally(() => db.destroy())
}

interface Jobs {
  readonly sorted: Workload
  readonly shuffled: Workload
  /** Members per second of each run. */
  readonly rates: Readonly<Record<ListOrder, number[]>>
  readonly peakBytes: number[]
}

async function accruing(bench: Bench, engine: string, members: number, lists: Lists, copy: () => Promise<string>): Promise<Jobs> {
  const product = await bench.product()
  const peakBytes: number[] = []
  const rates: Jobs['rates'] = { sorted: [], shuffled: [] }
  const job = (order: ListOrder): Workload => ({
    name: `${engine}: members accrue, ${order} list`,
    async run() {
      const databaseUrl = await copy()
      const done = await accrue(product, databaseUrl, { file: lists[order], name: order, members })
      peakBytes.push(done.peakBytes)
      rates[order].push(members / done.seconds)
      return { value: members / done.seconds }
    },
  })
  return { sorted: job('sorted'), shuffled: job('shuffled'), rates, peakBytes }
}

const UNSORTED: Target = { atLeast: Math.round(100 / 1.2) / 100 }

/** Both lists run in each round, so they need no runs of their own to be held against each other. */
function unsortedAgainstSorted(engine: string, { rates: { sorted, shuffled } }: Jobs): Figure {
  const usual = spread(sorted)
  const ratio = spread(shuffled.map((rate) => rate / usual.median))
  const baseline = { name: `${engine}: members accrue, sorted list`, ...usual }
  const figure = `${engine}: accrual, unsorted against sorted list`
  return {
    figure,
    unit: 'members/s',
    value: spread(shuffled),
    baseline,
    ratio,
    target: UNSORTED,
    reached: isReached(ratio.median, UNSORTED),
  }
}

const place = (engine: string, jobs: Jobs, baseline: Workload, close: () => Promise<void>): Place => ({
  comparisons: [
    { figure: `${engine}: accrual, sorted list`, unit: 'members/s', workload: jobs.sorted, baseline, target: { atLeast: 0.65 } },
    { figure: `${engine}: accrual, unsorted list`, unit: 'members/s', workload: jobs.shuffled, baseline },
  ],
  figures: () => [
    unsortedAgainstSorted(engine, jobs),
    plainFigure(
      `${engine}: accrual, most memory of the process`,
      'MB',
      jobs.peakBytes.map((bytes) => bytes / 2 ** 20),
    ),
  ],
  close,
})
