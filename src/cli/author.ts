import { signIn } from '../members'
import { COMMAND_LINE } from '../shared/actor'
import type { Author, StaffActor } from '../shared/actor'
import { Refusal } from '../shared/refusals'
import { requireSecondFactor } from '../staff'
import type { Parts } from '../wiring'
import { nextLine } from './next-line'

export interface AuthorOptions {
  readonly as?: string
  readonly code?: string
}

/** Whoever a command acts for: the person named by `--as`, or the command line itself. @throws Refusal as `signedIn` does */
export const authorOf = async (parts: Parts, options: AuthorOptions): Promise<Author> =>
  options.as === undefined ? COMMAND_LINE : signedIn(parts, options)

/**
 * The member of staff named by `--as`, once the password was right. Failures count against the login as they do on the page.
 * @throws Refusal wrong_login_or_password, wrong_code, too_many_attempts, forbidden for a member
 */
export async function signedIn(parts: Parts, { as = '', code }: AuthorOptions): Promise<StaffActor> {
  const password = parts.config.commandLinePassword ?? (await nextLine())
  const actor = await signIn(parts, { login: as, password, address: 'command-line' })
  if (actor.kind !== 'staff') throw new Refusal('forbidden', 'only staff act at the command line')
  await requireSecondFactor(parts.staff, actor, { code, address: 'command-line' })
  return actor
}
