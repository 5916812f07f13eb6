import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../child'
import type { Child } from '../child'
import { freePort } from '../../test/support/free-port'
import type { Bench, Group } from '../group'
import { plainFigure } from '../measure'
import type { Figure } from '../measure'
import { startGateway } from '../product'
import { runProgram } from '../programs'
import { migrateToLatest } from '../../src/shared/migrate'

const PROJECT = join(__dirname, '../..')

/** What the gateway asks of a machine before anybody uses it. */
export const footprintGroup: Group = {
  name: 'footprint',
  about: 'start-up, memory at rest and install size of the built product',
  async prepare(bench) {
    const upstream = await startServer('upstream', await freePort())
    return {
      comparisons: [],
      figures: async () => [
        ...(await startFigures(bench, 'SQLite', `sqlite:${join(bench.folder, 'footprint.sqlite3')}`, upstream)),
        ...(await startFigures(bench, 'PostgreSQL', await (await bench.postgres()).fresh('bench_footprint'), upstream)),
        plainFigure(
          'installed size: the product and its production dependencies',
          'MB',
          [await installedBytes(await bench.product())].map(toMb),
        ),
      ],
      close: () => upstream.stop(),
    }
  },
}

const RESTS_MS = { quick: 2_000, full: 10_000 }

async function startFigures(bench: Bench, engine: string, databaseUrl: string, upstream: Child): Promise<Figure[]> {
  await migrateToLatest(databaseUrl)
  const product = await bench.product()
  const [starts, memory]: [number[], number[]] = [[], []]
  for (let round = 1; round <= bench.plan.rounds; round++) {
    bench.progress(`round ${round}/${bench.plan.rounds}: start on ${engine}`)
    const from = performance.now()
    const gateway = await startGateway({ product, databaseUrl, upstreamUrl: upstream.url, withWorker: true })
    try {
      await untilReady(gateway)
      starts.push(performance.now() - from)
      await new Promise((resolve) => setTimeout(resolve, bench.plan.quick ? RESTS_MS.quick : RESTS_MS.full))
      memory.push(gateway.residentBytes())
    } finally {
      await gateway.stop()
    }
  }
  return [
    plainFigure(`start to /readyz, serve --with-worker on ${engine}, migrated`, 'ms', starts),
    plainFigure(`memory at rest (resident), serve --with-worker on ${engine}`, 'MB', memory.map(toMb)),
  ]
}

async function untilReady(gateway: Child): Promise<void> {
  for (;;) {
    const { ok } = await fetch(`${gateway.url}/readyz`)
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const toMb = (bytes: number): number => bytes / 2 ** 20

/** What stands in the folder of an installation: the built code, what it serves, and the packages that `npm ci --omit=dev` would keep. */
async function installedBytes(product: string): Promise<number> {
  const own = ['dist', 'views', 'public'].map((name) => sizeOf(join(product, name)))
  const listed = await runProgram('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: PROJECT })
  const packages = listed.split('\n').filter((path) => path.includes('node_modules'))
  return [...own, ...packages.map(sizeOf)].reduce((sum, bytes) => sum + bytes, 0)
}

/** A package's nested packages are listed on their own. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + sizeOf(path)
    return entry.isFile() ? sum + statSync(path).size : sum
  }, 0)
}
