import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../../src/shared/database'
import { Arena } from './arena'
import { buildArena } from './child-product'
import { makePlan } from './make-plan'
import type { Options } from './options'
import { performSchedule, withinTime } from './schedule'
import type { Performed } from './schedule'
import { Summary } from './summary'

export interface CampaignOptions extends Options {
  /** Databases, logs and the compiled product go here. */
  readonly folder: string
  readonly onSchedule?: (performed: Performed, summary: Summary) => void
}

/** Numbers of schedules, given out one by one to whoever is free. */
class Numbers {
  private next: number
  isOver = false
  constructor(private readonly options: Options) {
    this.next = options.only ?? options.from
  }
  take(): number | undefined {
    const last = this.options.only ?? this.options.from + this.options.schedules - 1
    return this.isOver || this.next > last ? undefined : this.next++
  }
}

/** Runs the schedules on every engine until all are over or one breaks a rule. @throws Error when a schedule could not be performed */
export async function runCampaign(options: CampaignOptions): Promise<Summary> {
  const program = buildArena(makeFolder(options.folder, 'build'))
  const summary = new Summary()
  const all = options.engines.map((engine) => ({ engine, numbers: new Numbers(options) }))
  const stop = (): void => {
    for (const { numbers } of all) numbers.isOver = true
  }
  const lanes = all.flatMap(({ engine, numbers }) =>
    Array.from({ length: options.lanes }, (_, lane) => runLane(options, { engine, numbers, lane, program, summary, stop })),
  )
  const outcomes = await Promise.allSettled(lanes)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
  return summary
}

interface Lane {
  readonly engine: Engine
  readonly numbers: Numbers
  readonly lane: number
  readonly program: string
  readonly summary: Summary
  readonly stop: () => void
}

async function runLane(options: CampaignOptions, { engine, numbers, lane, program, summary, stop }: Lane): Promise<void> {
  const arena = await Arena.make({ engine, folder: makeFolder(options.folder, `${engine}-${lane}`), program })
  try {
    for (let number = numbers.take(); number !== undefined; number = numbers.take()) {
      const performed = await perform(arena, options, engine, number)
      summary.add(performed)
      options.onSchedule?.(performed, summary)
      if (performed.violations.length > 0) stop()
    }
  } catch (error) {
    stop()
    throw error
  } finally {
    await arena.close()
  }
}

async function perform(arena: Arena, { seed, payments, only }: Options, engine: Engine, number: number): Promise<Performed> {
  const plan = makePlan(seed, number, engine, payments)
  try {
    return await withinTime(performSchedule(arena, plan, only !== undefined))
  } catch (error) {
    throw new Error(`Schedule ${number} of seed ${seed} on ${engine} could not be performed.`, { cause: error })
  }
}

function makeFolder(...parts: string[]): string {
  const folder = join(...parts)
  mkdirSync(folder, { recursive: true })
  return folder
}
