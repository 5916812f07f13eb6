import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chanceOf } from '../test/support/chance'
import { stopChildren } from './child'
import { startCluster } from './cluster'
import type { Cluster } from './cluster'
import type { Bench, Group } from './group'
import { accrualsGroup } from './cases/accruals'
import { budgetGroup } from './cases/budget'
import { footprintGroup } from './cases/footprint'
import { growthGroup } from './cases/growth'
import { ledgerGroup } from './cases/ledger'
import { notificationsGroup } from './cases/notifications'
import { pagesGroup } from './cases/pages'
import { sqliteGroup } from './cases/sqlite'
import { describeMachine, describePostgres } from './machine'
import { buildProduct } from './product'
import { runGroup } from './run-group'
import { readOptions } from './options'
import type { Options } from './options'
import { toTable } from './report'
import type { Report } from './report'

const GROUPS: readonly Group[] = [
  ledgerGroup,
  sqliteGroup,
  accrualsGroup,
  pagesGroup,
  notificationsGroup,
  growthGroup,
  budgetGroup,
  footprintGroup,
]

const progress = (line: string): void => void process.stderr.write(`${line}\n`)

/** Runs the groups one after the other and hands over the report after each: a run that ends early has not measured in vain. */
async function measure(options: Options, folder: string, keep: (report: Report) => void): Promise<Report> {
  let cluster: Promise<Cluster> | undefined
  let product: Promise<string> | undefined
  const { seconds, rounds, quick, seed } = options
  const place = options.folder ?? folder
  mkdirSync(place, { recursive: true })
  const bench: Bench = {
    plan: { seconds, rounds, quick },
    chance: chanceOf(seed),
    folder,
    postgres: () => (cluster ??= startCluster(place)),
    product: () => (product ??= buildProduct(folder)),
    progress,
  }
  const startedAt = new Date().toISOString()
  const machine = describeMachine(folder)
  const stop = async (): Promise<void> => {
    await stopChildren()
    await (await cluster)?.stop()
  }
  const interrupted = (): void => {
    void stop().finally(() => {
      rmSync(folder, { recursive: true, force: true })
      process.exit(130)
    })
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    let report: Report = { startedAt, plan: { seconds, rounds, quick, seed }, machine, groups: [] }
    for (const group of GROUPS.filter(({ name }) => options.only.includes(name))) {
      const figures = await runGroup(group, bench, options.figures)
      const postgres = cluster && (await describePostgres(await cluster))
      report = {
        ...report,
        machine: { ...machine, ...(postgres && { postgres }) },
        groups: [...report.groups, { name: group.name, figures }],
      }
      keep(report)
    }
    return report
  } finally {
    await stop()
  }
}

async function main(): Promise<void> {
  const options = readOptions(
    GROUPS.map(({ name }) => name),
    process.argv.slice(2),
  )
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'))
  chmodSync(folder, 0o755)
  try {
    const keep = (report: Report): void => {
      if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    }
    const report = await measure(options, folder, keep)
    process.stdout.write(`${toTable(report)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  })
}
