import { Command } from 'commander'
import type { Config, Purpose } from '../config'
import type { ConfigFor } from './run'
import { addApprovalCommands } from './approvals'
import { addAuditCommands } from './audit'
import { addAutopayCommands } from './autopay'
import { addCatalogueCommands } from './catalogue'
import { addFundCommands } from './fund'
import { addLedgerCommands } from './ledger'
import { addMemberCommands } from './members'
import { addNoticeCommands } from './notices'
import { addOrderCommands } from './orders'
import { addPaymentCommands } from './payments'
import { addProcessCommands } from './processes'
import { addReconcileCommand } from './reconcile'
import { addStaffCommands } from './staff'

/** The whole command line. Settings are read when a command needs them, so that `--help` works without any. */
export function buildProgram(read: (purpose: Purpose) => Config): Command {
  const config: ConfigFor = (purpose = 'look') => read(purpose)
  const program = new Command('gateway').description('Pay Invoicebox invoices with the points of a loyalty programme.').showHelpAfterError()
  addProcessCommands(program, config)
  addMemberCommands(program, config)
  addStaffCommands(program, config)
  addFundCommands(program, config)
  addAutopayCommands(program, config)
  addPaymentCommands(program, config)
  addOrderCommands(program, config)
  addCatalogueCommands(program, config)
  addNoticeCommands(program, config)
  addLedgerCommands(program, config)
  addApprovalCommands(program, config)
  addAuditCommands(program, config)
  addReconcileCommand(program, config)
  return program
}
