import { Command, InvalidArgumentError } from 'commander'

export interface Options {
  readonly only: readonly string[]
  /** Only the figures whose name holds one of these words. */
  readonly figures: readonly string[]
  readonly quick: boolean
  readonly seconds: number
  readonly rounds: number
  readonly seed: number
  /** A file for the report as JSON. */
  readonly json?: string
  /** Keeps PostgreSQL's data there for the next run, which then starts sooner. */
  readonly folder?: string
}

const FULL = { seconds: 5, rounds: 7 }
const QUICK = { seconds: 1, rounds: 2 }

/** Reads the command line. */
export function readOptions(names: readonly string[], argv: readonly string[]): Options {
  const list = (text: string): string[] => {
    const asked = text.split(',')
    const unknown = asked.filter((name) => !names.includes(name))
    if (unknown.length > 0) throw new InvalidArgumentError(`There is no ${unknown.join(', ')}. Choose from ${names.join(', ')}.`)
    return asked
  }
  const number = (text: string): number => {
    const value = Number(text)
    if (!(value > 0)) throw new InvalidArgumentError('Give a number above zero.')
    return value
  }
  const program = new Command('bench')
    .description('measures the gateway against baselines of the same run')
    .option('--only <names>', `some groups: ${names.join(', ')}`, list)
    .option('--figures <words>', 'only figures whose name holds one of these words, separated by commas', (text) => text.split(','))
    .option('--quick', 'a try-out of a few seconds per figure')
    .option('--seconds <n>', 'how long one workload runs at a time', number)
    .option('--rounds <n>', 'how many rounds', number)
    .option('--seed <n>', 'for the order of the rounds and the choice of members', number)
    .option('--json <file>', 'write the report there as JSON, anew after each group')
    .option('--folder <folder>', "keep PostgreSQL's data there for the next run")
    .parse([...argv], { from: 'user' })
  const given = program.opts<Partial<Options>>()
  const usual = given.quick ? QUICK : FULL
  return { only: names, figures: [''], quick: false, ...usual, seed: 1, ...given }
}
