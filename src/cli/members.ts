import type { Command } from 'commander'
import { addMember, showMember } from '../members'
import { parsePositiveMoney, toDecimal } from '../shared/money'
import { addAccrueCommand } from './accrue'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { addMemberCareCommands } from './member-care'
import { AS, CODE, KEY, memberIdOf, submitDeed } from './member-deed'
import type { DeedOptions } from './member-deed'
import { nextLine } from './next-line'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

export function addMemberCommands(program: Command, config: ConfigFor): void {
  const members = program.command('members').description('members and their points')
  addPeopleCommands(members, config)
  addLockCommands(members, config)
  addPointsCommands(members, config)
  addMemberCareCommands(members, config)
  addAccrueCommand(members, config)
}

function addPeopleCommands(members: Command, config: ConfigFor): void {
  members
    .command('add <login>')
    .description('add a member; without --password it is read from standard input, after that of --as')
    .option('--password <password>')
    .option('--full-name <name>')
    .option('--email <email>')
    .option('--phone <phone>')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action(
      async (login: string, options: Json & AuthorOptions & { password?: string; fullName?: string; email?: string; phone?: string }) => {
        const { json, password, as, code, ...person } = options
        await withParts(config(), async (parts) => {
          const actor = await authorOf(parts, { ...(as !== undefined && { as }), ...(code !== undefined && { code }) })
          await addMember(parts, { login, password: password ?? (await nextLine()), ...person, actor })
          answer(await showMember(parts.db, login), { json: json ?? false })
        })
      },
    )
  members
    .command('show <login>')
    .description('show a member, their points and limits')
    .option('--json')
    .action((login: string, options: Json) => withParts(config(), async ({ db }) => answer(await showMember(db, login), options)))
}

function addLockCommands(members: Command, config: ConfigFor): void {
  for (const name of ['lock', 'unlock'] as const) {
    members
      .command(`${name} <login>`)
      .description(name === 'lock' ? 'keep a member from paying' : 'let a locked member pay again')
      .requiredOption('--reason <text>')
      .option(...KEY)
      .option(...AS)
      .option(...CODE)
      .option('--json')
      .action((login: string, options: DeedOptions) =>
        withParts(config(), async (parts) => {
          const memberId = await memberIdOf(parts, login)
          await submitDeed(parts, { deed: parts.deeds.members[name], payload: { memberId }, login }, options)
        }),
      )
  }
}

function addPointsCommands(members: Command, config: ConfigFor): void {
  for (const name of ['credit', 'debit'] as const) {
    members
      .command(`${name} <login> <points>`)
      .description(name === 'credit' ? 'give a member points' : 'take points from a member')
      .option('--reason <text>', 'why', 'By command line')
      .option(...KEY)
      .option(...AS)
      .option(...CODE)
      .option('--json')
      .action((login: string, typed: string, options: DeedOptions) =>
        withParts(config(), async (parts) => {
          const points = toDecimal(parsePositiveMoney(typed, 'PTS').minor)
          const memberId = await memberIdOf(parts, login)
          await submitDeed(parts, { deed: parts.deeds.points[name], payload: { memberId, points }, login }, options)
        }),
      )
  }
}
