import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCampaign } from './campaign'
import { readOptions } from './options'
import { FAULT_NAMES } from './make-plan'
import type { Performed } from './schedule'
import type { Summary } from './summary'
import { tellViolation } from './summary'

/** `npm run test:faults -- --seed N --schedules M [--from 0] [--engine sqlite|postgres|both] [--payments 20] [--lanes 1] [--schedule K]`. See docs/testing.md. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const folder = mkdtempSync(join(tmpdir(), 'gateway-faults-'))
  chmodSync(folder, 0o755) // The database server, which may run as another user, must be able to enter.
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1_000
  print(`seed ${options.seed}`)
  const onSchedule = (performed: Performed, summary: Summary): void => {
    if (performed.violations.length > 0) print(tellViolation(performed, options.payments).join('\n'))
    else if (summary.schedules % 10 === 0) print(`${summary.schedules} schedules, ${summary.payments} payments, ${seconds().toFixed(0)} s`)
  }
  try {
    const summary = await runCampaign({ ...options, folder, onSchedule })
    print(summary.lines(seconds()).join('\n'))
    if (summary.failed.length > 0) keep(folder)
    else rmSync(folder, { recursive: true, force: true })
    if (options.schedules >= 2 * FAULT_NAMES.length && summary.missing.length > 0) {
      print(`These faults never struck: ${summary.missing.join(', ')}.`)
      process.exitCode = 1
    }
  } catch (error) {
    keep(folder)
    throw error
  }
}

function keep(folder: string): void {
  print(`Databases and logs are kept in ${folder}.`)
  process.exitCode = 1
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

// Children and servers are killed when this process exits (gateway.ts, cluster.ts); the folder stays.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error)
    process.exit(2)
  },
)
