import { parseArgs } from 'node:util'
import type { Engine } from '../../src/shared/database'

export interface Options {
  readonly seed: string
  /** The number of the first. */
  readonly from: number
  /** How many on each engine. */
  readonly schedules: number
  /** Only this one. */
  readonly only: number | undefined
  readonly engines: readonly Engine[]
  readonly payments: number
  /** How many work side by side on each engine. */
  readonly lanes: number
}

const FEWEST_PAYMENTS = 20

/** @throws Error with a sentence when an argument cannot be used */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      from: { type: 'string', default: '0' },
      schedules: { type: 'string', default: '20' },
      schedule: { type: 'string' },
      engine: { type: 'string', default: 'both' },
      payments: { type: 'string', default: String(FEWEST_PAYMENTS) },
      lanes: { type: 'string', default: '1' },
    },
  })
  return {
    seed: values.seed ?? String(Date.now()),
    from: whole('from', values.from, 0),
    schedules: whole('schedules', values.schedules, 1),
    only: values.schedule === undefined ? undefined : whole('schedule', values.schedule, 0),
    engines: enginesOf(values.engine),
    payments: whole('payments', values.payments, FEWEST_PAYMENTS),
    lanes: whole('lanes', values.lanes, 1),
  }
}

function enginesOf(text: string): Engine[] {
  if (text === 'both') return ['postgres', 'sqlite']
  if (text === 'postgres' || text === 'sqlite') return [text]
  throw new Error('--engine must be sqlite, postgres or both.')
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least) throw new Error(`--${name} must be a whole number from ${least}.`)
  return number
}
