import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { COMMAND_LINE, isStaffRole, STAFF_ROLES } from '../shared/actor'
import type { StaffRole } from '../shared/actor'
import {
  addByCommandLine,
  disableByCommandLine,
  enableByCommandLine,
  resetFactorByCommandLine,
  roleByCommandLine,
  showAllStaff,
} from '../staff'
import { firstLine } from './author'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

/** Staff are changed here at once, without a second person: see docs/back-office.md. */
export function addStaffCommands(program: Command, config: ConfigFor): void {
  const staff = program.command('staff').description("the operator's staff: who they are and what they may do")
  staff
    .command('list', { isDefault: true })
    .description('list the staff with their roles')
    .option('--json')
    .action((options: Json) => withParts(config(), async (parts) => answer(await showAllStaff(parts.staff), options)))
  staff
    .command('add <login>')
    .description('add a member of staff; without --password it is read from standard input')
    .requiredOption('--role <role>', `one of ${STAFF_ROLES.join(', ')}`, role)
    .option('--password <password>')
    .option('--json')
    .action(async (login: string, options: Json & { role: StaffRole; password?: string }) => {
      const { json, role: given, password = await firstLine() } = options
      await withParts(config(), async (parts) =>
        answer(await addByCommandLine(parts.staff, { login, password, role: given }), { json: json ?? false }),
      )
    })
  staff
    .command('role <login> <role>')
    .description('give a member of staff another role; all their sessions end')
    .option('--reason <text>', 'why, for the audit log', 'By command line')
    .option('--json')
    .action((login: string, text: string, options: Json & { reason: string }) =>
      withParts(config(), async (parts) =>
        answer(await roleByCommandLine(parts.staff, login, role(text), { author: COMMAND_LINE, reason: options.reason }), options),
      ),
    )
  addChanges(staff, config)
}

const CHANGES = [
  ['disable', disableByCommandLine, 'keep a member of staff out; all their sessions end'],
  ['enable', enableByCommandLine, 'let a disabled member of staff in again'],
  ['reset-second-factor', resetFactorByCommandLine, 'take away a second factor that was lost; all their sessions end'],
] as const

function addChanges(staff: Command, config: ConfigFor): void {
  for (const [name, change, what] of CHANGES) {
    staff
      .command(`${name} <login>`)
      .description(what)
      .option('--reason <text>', 'why, for the audit log', 'By command line')
      .option('--json')
      .action((login: string, options: Json & { reason: string }) =>
        withParts(config(), async (parts) =>
          answer(await change(parts.staff, login, { author: COMMAND_LINE, reason: options.reason }), options),
        ),
      )
  }
}

function role(text: string): StaffRole {
  if (!isStaffRole(text)) throw new InvalidArgumentError(`A role is one of ${STAFF_ROLES.join(', ')}.`)
  return text
}
