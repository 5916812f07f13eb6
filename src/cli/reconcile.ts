import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { BadStatement, compareStatement, decodeStatement, reconcileAll } from '../reconciliation'
import type { Difference } from '../reconciliation'
import type { Parts } from '../wiring'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { withParts } from './run'
import type { ConfigFor } from './run'

interface Options extends AuthorOptions {
  since?: Date
  resolve?: boolean
  statement?: string
  replaces?: string
  json?: boolean
}

export function addReconcileCommand(program: Command, config: ConfigFor): void {
  program
    .command('reconcile')
    .description("compare our books with Invoicebox's list of invoices, or with a statement of the fund; ends with 1 when they differ")
    .option(
      '--since <moment>',
      'when the backup was made: leave out invoices that had expired by then, such as 2026-11-22T10:00:00Z',
      moment,
    )
    .option('--resolve', 'settle what needs no person: a payment that the merchant cancelled gives its points back')
    .option('--statement <file>', 'a CSV file that Invoicebox gave out, instead of the list of invoices')
    .option('--replaces <id>', 'the statement whose corrected form the file is (its id stands in the list on the page)')
    .option('--as <login>', 'who acts: a person, whose password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor, where that person has one')
    .option('--json')
    .action((options: Options) =>
      withParts(config(options.statement === undefined ? 'serve' : 'look'), (parts) =>
        options.statement === undefined ? compareInvoices(parts, options) : compareFile(parts, options.statement, options),
      ),
    )
}

async function compareInvoices(parts: Parts, options: Options): Promise<void> {
  const { since, resolve: resolves = false } = options
  const { checked, differences, unread } = await reconcileAll(parts, { author: await authorOf(parts, options), since, resolves })
  await tell({ checked, differences: differences(), of: 'invoice' }, options)
  if (unread !== null) {
    process.stderr.write(`Not everything was compared. ${unread}\n`)
    process.exitCode = 1
  }
}

async function compareFile(parts: Parts, path: string, options: Options): Promise<void> {
  const deps = { ...parts, timeZone: parts.config.timeZone }
  try {
    const file = {
      name: basename(path),
      text: decodeStatement(await readFile(path)),
      author: await authorOf(parts, options),
      replaces: options.replaces,
    }
    const { checked, differences } = await compareStatement(deps, file)
    await tell({ checked, differences: [differences], of: 'line' }, options)
  } catch (error) {
    if (!(error instanceof BadStatement)) throw error
    process.stderr.write(`The statement cannot be used:\n${error.faults.join('\n')}\n`)
    process.exitCode = 1
  }
}

interface Compared {
  readonly checked: number
  readonly differences: Iterable<readonly Difference[]> | AsyncIterable<readonly Difference[]>
  readonly of: 'invoice' | 'line'
}

/** Piece by piece: after a long failure of ours there may be more differences than fit into the memory. */
async function tell({ checked, differences, of }: Compared, { json }: Options): Promise<void> {
  let count = 0
  if (json) await write(`{"checked":${checked},"differences":[`)
  for await (const some of differences) {
    const asJson = (one: Difference, index: number): string => `${count + index > 0 ? ',' : ''}${JSON.stringify(one)}`
    await write(some.map(json ? asJson : (one) => `${asLine(one)}\n`).join(''))
    if (some.some(({ resolved }) => !resolved)) process.exitCode = 1
    count += some.length
  }
  await write(json ? ']}\n' : `${summary(checked, count, of)}\n`)
}

/** Whoever reads slowly is waited for. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

const asLine = ({ text, resolved }: Difference): string => (resolved ? `Settled: ${text}` : text)

const summary = (checked: number, differences: number, of: 'invoice' | 'line'): string =>
  `${checked} ${checked === 1 ? of : `${of}s`} compared, ${differences === 0 ? 'no difference' : differences === 1 ? 'one difference' : `${differences} differences`}.`

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

function moment(text: string): Date {
  const read = new Date(text)
  if (!MOMENT.test(text) || Number.isNaN(read.getTime())) throw new InvalidArgumentError('A moment is written as 2026-11-22T10:00:00Z.')
  return read
}
