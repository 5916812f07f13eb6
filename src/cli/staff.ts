import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { COMMAND_LINE, isStaffRole, STAFF_ROLES } from '../shared/actor'
import type { StaffRole } from '../shared/actor'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import {
  addByCommandLine,
  codeByCommandLine,
  disableByCommandLine,
  emailByCommandLine,
  enableByCommandLine,
  resetFactorByCommandLine,
  roleByCommandLine,
  setStaffEmail,
  showAllStaff,
  showStaff,
} from '../staff'
import type { Deed, Payload } from '../approvals'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { AS, CODE } from './member-deed'
import { nextLine } from './next-line'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

interface Change extends Json, AuthorOptions {
  reason: string
}

interface Addition extends Change {
  role: StaffRole
  password?: string
  email?: string
}

/** Staff are changed here at once, without a second person, unless a person acts by `--as`: see docs/back-office.md. */
export function addStaffCommands(program: Command, config: ConfigFor): void {
  const staff = program.command('staff').description("the operator's staff: who they are and what they may do")
  staff
    .command('list', { isDefault: true })
    .description('list the staff with their roles')
    .option('--json')
    .action((options: Json) => withParts(config(), async (parts) => answer(await showAllStaff(parts.staff), options)))
  staff
    .command('add <login>')
    .description(
      'add a member of staff; without --password it is read from standard input. With --as they get a code for their first sign-in instead',
    )
    .requiredOption('--role <role>', `one of ${STAFF_ROLES.join(', ')}`, role)
    .option('--password <password>')
    .option('--email <address>', 'where they are written to; with --as it is set afterwards, by `staff email`')
    .option('--reason <text>', 'why, for the audit log', 'By command line')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((login: string, options: Addition) => addOne(config, login, options))
  staff
    .command('role <login> <role>')
    .description('give a member of staff another role; all their sessions end')
    .option('--reason <text>', 'why, for the audit log', 'By command line')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((login: string, text: string, options: Change) =>
      withParts(config(), async (parts) => {
        if (options.as === undefined) {
          answer(await roleByCommandLine(parts.staff, login, role(text), { author: COMMAND_LINE, reason: options.reason }), options)
          return
        }
        const payload = async () => ({ staffId: await staffIdOf(parts, login), role: role(text) })
        await submitAs(parts, { login, options, deed: parts.deeds.staff.role, payload })
      }),
    )
  addEmail(staff, config)
  addCode(staff, config)
  addChanges(staff, config)
}

async function addOne(config: ConfigFor, login: string, options: Addition): Promise<void> {
  const { as, json = false, role: given, email } = options
  if (as !== undefined && email !== undefined)
    throw new InvalidArgumentError('With --as the address is set afterwards: gateway staff email.')
  if (as !== undefined) {
    const payload = () => ({ login, role: given })
    await withParts(config(), (parts) => submitAs(parts, { login, options, deed: parts.deeds.staff.added, payload }))
    return
  }
  const added = { login, password: options.password ?? (await nextLine()), role: given, ...(email !== undefined && { email }) }
  await withParts(config(), async (parts) => answer(await addByCommandLine(parts.staff, added), { json }))
}

function addEmail(staff: Command, config: ConfigFor): void {
  staff
    .command('email <login> [address]')
    .description('set where a member of staff is written to, such as about invoices that wait for them; without an address nowhere')
    .option('--reason <text>', 'why, for the audit log', 'By command line')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((login: string, address: string | undefined, options: Change) =>
      withParts(config(), async (parts) => {
        const { as, reason } = options
        const order = { author: await authorOf(parts, options), reason }
        if (as === undefined) await emailByCommandLine(parts.staff, login, address ?? '', order)
        else await setStaffEmail(parts.staff, await staffIdOf(parts, login), address ?? '', order)
        answer(await showStaff(parts.staff, login), options)
      }),
    )
}

/** A person issues codes on the page; from here they come from nobody among the staff, so there is no --as. */
function addCode(staff: Command, config: ConfigFor): void {
  staff
    .command('code <login>')
    .description(
      'issue a code to sign in, in place of the password and second factor; whoever got one from a colleague may check that colleague again',
    )
    .option('--reason <text>', 'why, for the audit log', 'By command line')
    .option('--json')
    .action((login: string, options: Json & { reason: string }) =>
      withParts(config(), async (parts) =>
        answer(await codeByCommandLine(parts.staff, login, { author: COMMAND_LINE, reason: options.reason }), options),
      ),
    )
}

const CHANGES = [
  ['disable', 'disabled', disableByCommandLine, 'keep a member of staff out; all their sessions end'],
  ['enable', 'enabled', enableByCommandLine, 'let a disabled member of staff in again'],
  ['reset-second-factor', 'factor', resetFactorByCommandLine, 'take away a second factor that was lost; all their sessions end'],
] as const

function addChanges(staff: Command, config: ConfigFor): void {
  for (const [name, deed, change, what] of CHANGES) {
    staff
      .command(`${name} <login>`)
      .description(what)
      .option('--reason <text>', 'why, for the audit log', 'By command line')
      .option(...AS)
      .option(...CODE)
      .option('--json')
      .action((login: string, options: Change) =>
        withParts(config(), async (parts) => {
          if (options.as === undefined) {
            answer(await change(parts.staff, login, { author: COMMAND_LINE, reason: options.reason }), options)
            return
          }
          const payload = async () => ({ staffId: await staffIdOf(parts, login) })
          await submitAs(parts, { login, options, deed: parts.deeds.staff[deed], payload })
        }),
      )
  }
}

interface OfPerson<P extends Payload> {
  readonly login: string
  readonly options: Change
  readonly deed: Deed<P>
  /** Looked up once it is known that the person may do it. */
  readonly payload: () => P | Promise<P>
}

/** What a person does here is what they do on the page: whatever makes or restores an approver or admin waits for a second one. */
async function submitAs<P extends Payload>(parts: Parts, { login, options, deed, payload }: OfPerson<P>): Promise<void> {
  const author = await authorOf(parts, options)
  requirePermission(author, deed.permission)
  const submitted = await parts.approvals.submit(deed, { payload: await payload(), author, reason: options.reason, key: newId() })
  if (!tellIfWaiting(submitted, options)) answer(await showStaff(parts.staff, login), options)
}

/** @throws Refusal not_found (detail: staff) */
const staffIdOf = async (parts: Parts, login: string): Promise<string> => (await showStaff(parts.staff, login)).id

function role(text: string): StaffRole {
  if (!isStaffRole(text)) throw new InvalidArgumentError(`A role is one of ${STAFF_ROLES.join(', ')}.`)
  return text
}
