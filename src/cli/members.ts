import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { addMember, creditMember, debitMember, lockMember, showMember, unlockMember } from '../members'
import { COMMAND_LINE } from '../shared/actor'
import { newId } from '../shared/ids'
import { parsePositiveMoney } from '../shared/money'
import { addAccrueCommand } from './accrue'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

export function addMemberCommands(program: Command, config: ConfigFor): void {
  const members = program.command('members').description('members and their points')
  addPeopleCommands(members, config)
  addPointsCommands(members, config)
  addAccrueCommand(members, config)
}

function addPeopleCommands(members: Command, config: ConfigFor): void {
  members
    .command('add <login>')
    .description('add a member; without --password it is read from standard input')
    .option('--password <password>')
    .option('--full-name <name>')
    .option('--email <email>')
    .option('--phone <phone>')
    .option('--json')
    .action(async (login: string, options: Json & { password?: string; fullName?: string; email?: string; phone?: string }) => {
      const { json, password = await firstLine(), ...person } = options
      await withParts(config(), async (parts) => {
        await addMember(parts, { login, password, ...person, actor: COMMAND_LINE })
        answer(await showMember(parts.db, login), { json: json ?? false })
      })
    })
  members
    .command('show <login>')
    .description('show a member and their points')
    .option('--json')
    .action((login: string, options: Json) => withParts(config(), async ({ db }) => answer(await showMember(db, login), options)))
  for (const [name, change] of [
    ['lock', lockMember],
    ['unlock', unlockMember],
  ] as const) {
    members
      .command(`${name} <login>`)
      .description(name === 'lock' ? 'keep a member from paying' : 'let a locked member pay again')
      .requiredOption('--reason <text>')
      .option('--json')
      .action((login: string, options: Json & { reason: string }) =>
        withParts(config(), async (parts) => {
          await change(parts, { login, reason: options.reason, actor: COMMAND_LINE })
          answer(await showMember(parts.db, login), options)
        }),
      )
  }
}

function addPointsCommands(members: Command, config: ConfigFor): void {
  for (const [name, adjust] of [
    ['credit', creditMember],
    ['debit', debitMember],
  ] as const) {
    members
      .command(`${name} <login> <points>`)
      .description(name === 'credit' ? 'give a member points' : 'take points from a member')
      .option('--reason <text>', 'why', 'By command line')
      .option('--key <key>', 'names the intent: the same key has one effect')
      .option('--json')
      .action((login: string, points: string, options: Json & { reason: string; key?: string }) =>
        withParts(config(), async (parts) => {
          const amount = parsePositiveMoney(points, 'PTS')
          await adjust(parts, { login, amount, reason: options.reason, key: options.key ?? newId(), actor: COMMAND_LINE })
          answer(await showMember(parts.db, login), options)
        }),
      )
  }
}

async function firstLine(): Promise<string> {
  const input = createInterface({ input: process.stdin })
  try {
    for await (const line of input) return line
    return ''
  } finally {
    input.close()
  }
}
