import type { Command } from 'commander'
import type { Deed } from '../approvals'
import { readFundOutlook, showFund } from '../fund'
import type { FundDeeds, FundPayload } from '../fund'
import { newId } from '../shared/ids'
import { parseMoney, parsePositiveMoney, toDecimal } from '../shared/money'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Options extends AuthorOptions {
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
    .command('outlook')
    .description('show how long the fund will last and what to deposit by when')
    .option('--json')
    .action((options: { json?: boolean }) => withParts(config(), async (parts) => answer(await shownOutlook(parts), options)))
  addChanges(fund, config)
}

const CHANGES = [
  { name: 'deposit', what: 'record money that was deposited at Invoicebox', reason: 'Deposit, by command line' },
  { name: 'floor', what: 'set the part of the fund that is kept for buyers', reason: 'By command line' },
  { name: 'overdraft', what: 'set how far below zero the fund may go', reason: 'By command line' },
] as const satisfies { name: keyof FundDeeds; what: string; reason: string }[]

/** What is above the amount for one person waits for a second one, and the command ends with 3. */
function addChanges(fund: Command, config: ConfigFor): void {
  for (const { name, what, reason } of CHANGES) {
    fund
      .command(`${name} <roubles>`)
      .description(what)
      .option('--reason <text>', 'why', reason)
      .option('--key <key>', 'names the intent: the same key has one effect')
      .option('--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input')
      .option('--code <code>', 'the code of the second factor, where that person has one')
      .option('--json')
      .action((roubles: string, options: Options) =>
        withParts(config(), async (parts) => {
          const { minor } = name === 'deposit' ? parsePositiveMoney(roubles, 'RUB') : parseMoney(roubles, 'RUB')
          const order = { payload: { roubles: toDecimal(minor) }, reason: options.reason, key: options.key ?? newId() }
          const author = await authorOf(parts, options)
          const deed: Deed<FundPayload> = parts.deeds.fund[name]
          const submitted = await parts.approvals.submit(deed, { ...order, author })
          if (!tellIfWaiting(submitted, options)) answer(await showFund(parts.db), options)
        }),
      )
  }
}

async function shownOutlook({ db, clock, config }: Parts): Promise<object> {
  const outlook = await readFundOutlook(db, { now: clock.now(), zone: config.timeZone, rate: config.pointsPerRuble })
  const { available, floor, runwayDays, emptyOn, advice, coverage } = outlook
  return {
    available: toDecimal(available.minor),
    floor: toDecimal(floor.minor),
    runwayDays,
    emptyOn,
    advice: advice && { by: advice.by, amount: toDecimal(advice.amount.minor) },
    coverage: { points: toDecimal(coverage.outstanding.minor), worth: toDecimal(coverage.worth.minor), percent: coverage.percent },
  }
}
