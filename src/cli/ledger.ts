import type { Command } from 'commander'
import { sealBatches, verifyLedger } from '../ledger'
import { verifyAutopay } from '../autopay'
import { verifyOrders } from '../orders'
import { verifyPayments } from '../payments'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

export function addLedgerCommands(program: Command, config: ConfigFor): void {
  program
    .command('ledger')
    .description('the books')
    .command('verify')
    .description('prove the invariants of the books; ends with 1 and the differences when one is broken')
    .option('--json')
    .action((options: { json?: boolean }) =>
      withParts(config(), async ({ db, clock }) => {
        await sealBatches(db, clock.now())
        const differences = [
          ...(await verifyLedger(db)),
          ...(await verifyPayments(db)),
          ...(await verifyOrders(db)),
          ...(await verifyAutopay(db)),
        ]
        const ok = differences.length === 0
        if (options.json) answer({ ok, differences }, options)
        else
          process.stdout.write(
            ok
              ? 'The books are right: every invariant holds.\n'
              : `${differences.map((d) => `Invariant ${d.invariant}: ${d.text}`).join('\n')}\n`,
          )
        if (!ok) process.exitCode = 1
      }),
    )
}
