import type { Command } from 'commander'
import { depositFund, setFloor, setOverdraft, showFund } from '../fund'
import { COMMAND_LINE } from '../shared/actor'
import { newId } from '../shared/ids'
import { parseMoney, parsePositiveMoney } from '../shared/money'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Options {
  json?: boolean
  reason: string
  key?: string
}

export function addFundCommands(program: Command, config: ConfigFor): void {
  const fund = program.command('fund').description('the guarantee fund, as our books mirror it')
  fund
    .command('show')
    .description('show what is in the fund')
    .option('--json')
    .action((options: { json?: boolean }) => withParts(config(), async ({ db }) => answer(await showFund(db), options)))
  fund
    .command('deposit <roubles>')
    .description('record money that was deposited at Invoicebox')
    .option('--reason <text>', 'why', 'Deposit, by command line')
    .option('--key <key>', 'names the intent: the same key is one deposit')
    .option('--json')
    .action((roubles: string, options: Options) =>
      withParts(config(), async (parts) => {
        const amount = parsePositiveMoney(roubles, 'RUB')
        await depositFund(parts, { amount, reason: options.reason, key: options.key ?? newId(), actor: COMMAND_LINE })
        answer(await showFund(parts.db), options)
      }),
    )
  for (const [name, change, what] of [
    ['floor', setFloor, 'set the part of the fund that is kept for buyers'],
    ['overdraft', setOverdraft, 'set how far below zero the fund may go'],
  ] as const) {
    fund
      .command(`${name} <roubles>`)
      .description(what)
      .option('--reason <text>', 'why', 'By command line')
      .option('--json')
      .action((roubles: string, options: Options) =>
        withParts(config(), async (parts) => {
          await change(parts, { amount: parseMoney(roubles, 'RUB'), reason: options.reason, actor: COMMAND_LINE })
          answer(await showFund(parts.db), options)
        }),
      )
  }
}
