import type { Chance } from '../test/support/chance'
import { median } from './numbers'

/** One run of one workload. `value` is in the workload's own unit: transfers per second, milliseconds, rows per second. */
export interface Sample {
  readonly value: number
  /** How many times it was done, where that can be counted. */
  readonly calls?: number
  /** How long one caller waited, in milliseconds, where callers wait. */
  readonly p50Ms?: number
  readonly p99Ms?: number
}

export interface Workload {
  readonly name: string
  readonly run: () => Promise<Sample>
}

/** What issue and reader expect of a ratio. */
export type Target = { readonly atLeast: number } | { readonly atMost: number }

/** A workload and what it is held against, run in turns. */
export interface Comparison {
  readonly figure: string
  readonly unit: string
  readonly workload: Workload
  readonly baseline: Workload
  readonly target?: Target
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What was found out. A figure that is held against nothing has neither baseline nor ratio. */
export interface Figure {
  readonly figure: string
  readonly unit: string
  readonly value: Spread
  readonly baseline?: Spread & { readonly name: string }
  readonly ratio?: Spread
  readonly target?: Target
  readonly reached?: boolean
  readonly p50Ms?: number
  readonly p99Ms?: number
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
})

/** A figure that no baseline stands beside; `target` is about the value itself. */
export const plainFigure = (figure: string, unit: string, values: readonly number[], target?: Target): Figure => {
  const value = spread(values)
  return { figure, unit, value, ...(target && { target, reached: isReached(value.median, target) }) }
}

export const isReached = (value: number, target: Target): boolean =>
  'atLeast' in target ? value >= target.atLeast : value <= target.atMost

interface Turn {
  readonly before: number
  readonly sample: Sample
  readonly after: number
}

export interface Rounds {
  readonly rounds: number
  /** Runs everything before the first round until it was done this often, so that nothing is measured while it is still being compiled or read from disk; 0: not at all. */
  readonly warmUpCalls: number
  readonly warmedUp?: (() => Promise<void>) | undefined
  readonly chance: Chance
  readonly progress: (line: string) => void
}

/**
 * Runs the comparisons in shuffled rounds. Each turn is baseline, workload, baseline, and its ratio is the workload over the mean of the two baselines beside it, so whatever
 * slows the machine for longer than a turn slows both. Neighbours with the same baseline share the one between them. The figures are the medians over the rounds.
 */
export async function compare(comparisons: readonly Comparison[], of: Rounds): Promise<Figure[]> {
  if (of.warmUpCalls > 0) await warmUp(comparisons, of)
  const turns = new Map<Comparison, Turn[]>(comparisons.map((one) => [one, []]))
  for (let round = 1; round <= of.rounds; round++) {
    let last: { workload: Workload; value: number } | undefined
    for (const one of inShuffledGroups(comparisons, of.chance)) {
      const before = last?.workload === one.baseline ? last.value : (await one.baseline.run()).value
      const sample = await one.workload.run()
      const after = (await one.baseline.run()).value
      last = { workload: one.baseline, value: after }
      turns.get(one)?.push({ before, sample, after })
      of.progress(
        `round ${round}/${of.rounds}: ${one.figure}: ${toText(sample.value)} ${one.unit}, ratio ${ratioOf({ before, sample, after }).toFixed(2)}`,
      )
    }
  }
  return comparisons.map((one) => toFigure(one, turns.get(one) ?? []))
}

/** Nobody waits longer than this for one workload to become warm. */
const LONGEST_WARM_UP_MS = 30_000

async function warmUp(comparisons: readonly Comparison[], { warmUpCalls, warmedUp, progress }: Rounds): Promise<void> {
  const byName = new Map(comparisons.flatMap(({ baseline, workload }) => [baseline, workload]).map((one) => [one.name, one]))
  for (const workload of byName.values()) {
    progress(`warming up: ${workload.name}`)
    const from = performance.now()
    let done = 0
    while (done < warmUpCalls && performance.now() - from < LONGEST_WARM_UP_MS) done += (await workload.run()).calls ?? warmUpCalls
  }
  await warmedUp?.()
}

/** Comparisons of one baseline stay together; the order of the groups and within them is drawn anew. */
function inShuffledGroups(comparisons: readonly Comparison[], chance: Chance): Comparison[] {
  const groups = new Map<Workload, Comparison[]>()
  for (const one of comparisons) groups.set(one.baseline, [...(groups.get(one.baseline) ?? []), one])
  return chance.shuffled([...groups.values()]).flatMap((group) => chance.shuffled(group))
}

const ratioOf = ({ before, sample, after }: Turn): number => sample.value / ((before + after) / 2)

function toFigure({ figure, unit, baseline, target }: Comparison, turns: readonly Turn[]): Figure {
  const ratio = spread(turns.map(ratioOf))
  const waits = (name: 'p50Ms' | 'p99Ms'): number[] => turns.flatMap(({ sample }) => sample[name] ?? [])
  return {
    figure,
    unit,
    value: spread(turns.map(({ sample }) => sample.value)),
    baseline: { name: baseline.name, ...spread(turns.flatMap(({ before, after }) => [before, after])) },
    ratio,
    ...(target && { target, reached: isReached(ratio.median, target) }),
    ...(waits('p50Ms').length > 0 && { p50Ms: median(waits('p50Ms')), p99Ms: median(waits('p99Ms')) }),
  }
}

const toText = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
