import { createRequire } from 'node:module'
import type { Command } from 'commander'
import type { Config } from '../config'
import { seedDemo } from '../demo/data'
import type * as Serve from '../serve'
import { COMMAND_LINE, STAFF_ROLES } from '../shared/actor'
import { migrateToLatest } from '../shared/migrate'
import { buildParts } from '../wiring'
import { withParts } from './run'
import type { ConfigFor } from './run'

/** Loaded by the two commands that serve: without the pages all others start in two thirds of the time. */
const processes = (): typeof Serve => createRequire(__filename)('../serve') as typeof Serve

export function addProcessCommands(program: Command, config: ConfigFor): void {
  program
    .command('serve')
    .description('start the web process')
    .option('--with-worker', 'do the background work in the same process')
    .action(async ({ withWorker = false }: { withWorker?: boolean }) => {
      await untilSignal(starting(config('serve'), (parts) => processes().serve(parts, { withWorker })))
    })
  program
    .command('worker')
    .description('start the background process')
    .action(async () => {
      await untilSignal(starting(config('serve'), (parts) => processes().work(parts)))
    })
  program
    .command('migrate')
    .description('bring the database to the latest migration')
    .action(async () => {
      const applied = await migrateToLatest(config().databaseUrl)
      process.stdout.write(applied.length > 0 ? `Applied: ${applied.join(', ')}.\n` : 'The database is up to date.\n')
    })
  program
    .command('demo-data')
    .description('add the demo people and their fund (repeatable; refused in production)')
    .action(async () => {
      await withParts(config(), (parts) => seedDemo(parts, COMMAND_LINE))
      process.stdout.write(
        `The demo people are there: anna, boris, vera, and staff of each role: ${STAFF_ROLES.join(', ')}. Each password is demo- and the login.\n`,
      )
    })
}

/** A process that cannot start lets go of what it has opened, so that it ends. */
async function starting<T>(config: Config, start: (parts: ReturnType<typeof buildParts>) => Promise<T>): Promise<T> {
  const parts = buildParts(config)
  try {
    return await start(parts)
  } catch (error) {
    await parts.close()
    throw error
  }
}

/** Stops on the first SIGTERM or SIGINT, one that comes while it still starts included, and lets running work end; a second one ends at once. */
async function untilSignal(start: Promise<{ stop(): Promise<void> }>): Promise<void> {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    void start
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await start
}
