import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { findLostPayments } from '../reconciliation'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

export function addReconcileCommand(program: Command, config: ConfigFor): void {
  program
    .command('reconcile')
    .description("compare our payments with Invoicebox's list of paid invoices; changes nothing; ends with 1 when they differ")
    .option(
      '--since <moment>',
      'when the backup was made: leave out invoices that had expired by then, such as 2026-11-22T10:00:00Z',
      moment,
    )
    .option('--json')
    .action((options: { since?: Date; json?: boolean }) =>
      withParts(config('serve'), async (parts) => {
        const { checked, differences, unread } = await findLostPayments(parts, options)
        if (options.json) answer({ checked, differences }, options)
        else process.stdout.write(`${[...differences.map(({ text }) => text), summary(checked, differences.length)].join('\n')}\n`)
        if (unread) process.stderr.write(`Not everything was compared. ${unread}\n`)
        if (unread || differences.length > 0) process.exitCode = 1
      }),
    )
}

const summary = (checked: number, differences: number): string =>
  `${checked} ${checked === 1 ? 'invoice' : 'invoices'} compared, ${differences === 0 ? 'no difference' : differences === 1 ? 'one difference' : `${differences} differences`}.`

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

function moment(text: string): Date {
  const read = new Date(text)
  if (!MOMENT.test(text) || Number.isNaN(read.getTime())) throw new InvalidArgumentError('A moment is written as 2026-11-22T10:00:00Z.')
  return read
}
