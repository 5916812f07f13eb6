import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { BadStatement, compareStatement, decodeStatement, reconcile } from '../reconciliation'
import type { Difference } from '../reconciliation'
import type { Parts } from '../wiring'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { answer, withParts } from './run'
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
  const { checked, differences, unread } = await reconcile(parts, { author: await authorOf(parts, options), since, resolves })
  tell({ checked, differences, of: 'invoice' }, options)
  if (unread) {
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
    tell({ ...(await compareStatement(deps, file)), of: 'line' }, options)
  } catch (error) {
    if (!(error instanceof BadStatement)) throw error
    process.stderr.write(`The statement cannot be used:\n${error.faults.join('\n')}\n`)
    process.exitCode = 1
  }
}

interface Compared {
  readonly checked: number
  readonly differences: readonly Difference[]
  readonly of: 'invoice' | 'line'
}

function tell({ checked, differences, of }: Compared, options: Options): void {
  if (options.json) answer({ checked, differences }, options)
  else process.stdout.write(`${[...differences.map(asLine), summary(checked, differences.length, of)].join('\n')}\n`)
  if (differences.some(({ resolved }) => !resolved)) process.exitCode = 1
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
