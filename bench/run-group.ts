import type { Bench, Group } from './group'
import { compare } from './measure'
import type { Figure } from './measure'

/** So many calls until the engine has compiled what is called often: a web page needs a few thousand. */
const WARM_UP_CALLS = 3_000

/** Runs one group from its preparation to its end, whatever happens in between. */
export async function runGroup(group: Group, bench: Bench, words: readonly string[] = ['']): Promise<Figure[]> {
  bench.progress(`\n${group.name}: ${group.about}`)
  const prepared = await group.prepare(bench)
  let figures: Figure[]
  try {
    const { rounds = bench.plan.rounds, warmUpCalls = bench.plan.quick ? 1 : WARM_UP_CALLS, warmedUp } = prepared
    const wanted = prepared.comparisons.filter(({ figure }) => words.some((word) => figure.includes(word)))
    figures = await compare(wanted, { rounds, warmUpCalls, warmedUp, chance: bench.chance, progress: bench.progress })
    figures.push(...((await prepared.figures?.()) ?? []))
  } catch (error) {
    await prepared.close().catch(() => undefined) // What went wrong first is what must be told.
    throw error
  }
  await prepared.close()
  return figures
}
