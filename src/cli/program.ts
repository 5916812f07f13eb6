import { Command } from 'commander'
import type { Config } from '../config'
import { addFundCommands } from './fund'
import { addLedgerCommands } from './ledger'
import { addMemberCommands } from './members'
import { addPaymentCommands } from './payments'
import { addProcessCommands } from './processes'

/** The whole command line. Settings are read when a command needs them, so that `--help` works without any. */
export function buildProgram(config: () => Config): Command {
  const program = new Command('gateway').description('Pay Invoicebox invoices with the points of a loyalty programme.').showHelpAfterError()
  addProcessCommands(program, config)
  addMemberCommands(program, config)
  addFundCommands(program, config)
  addPaymentCommands(program, config)
  addLedgerCommands(program, config)
  return program
}
