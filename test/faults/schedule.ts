import { SECOND } from '../../src/shared/clock'
import type { Arena } from './arena'
import { Diary, openScene } from './buyers'
import { Disturber } from './disturb'
import { gather, readBefore } from './evidence'
import type { Evidence } from './evidence'
import type { Plan } from './plan'
import { comeToRest } from './rest'
import { RULES } from './rules'
import { lookAtTheEnd, pay, replayForms } from './stories'

/** A rule that does not hold, with a sentence for each case. */
export interface Violation {
  readonly rule: string
  readonly sentences: readonly string[]
}

export interface Performed {
  readonly plan: Plan
  readonly struck: ReadonlySet<string>
  readonly evidence: Evidence
  readonly violations: readonly Violation[]
}

/** A schedule that takes this long hangs. */
const LONGEST_MS = 120 * SECOND

/** Performs a plan from beginning to end, brings everything to rest and applies every rule. */
export async function performSchedule(arena: Arena, plan: Plan, alone = false): Promise<Performed> {
  await arena.begin(plan, alone)
  const diary = new Diary()
  const disturber = new Disturber(arena, diary, plan)
  const before = await readBefore(arena)
  for (const wave of plan.waves.keys()) await performWave(arena, diary, disturber, plan, wave)
  await disturber.end()
  await Promise.all(arena.slots.map((slot) => slot.ready()))
  await replayForms(diary)
  const restless = await comeToRest(arena, [...diary.invoices.values()].flat())
  await lookAtTheEnd(diary)
  arena.keepCode()
  const evidence = await gather(arena, diary, plan, before, restless)
  const violations = RULES.map(({ rule, broken }) => ({ rule, sentences: broken(evidence) })).filter(
    ({ sentences }) => sentences.length > 0,
  )
  return { plan, struck: disturber.struck, evidence, violations }
}

/** @throws Error when the schedule hangs */
export function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The schedule hangs: it is not over after ${LONGEST_MS / SECOND} s.`)), LONGEST_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Everybody opens their invoice; time goes by; everybody presses the button while things go wrong; time goes by again and the processes work on. */
async function performWave(arena: Arena, diary: Diary, disturber: Disturber, plan: Plan, number: number): Promise<void> {
  const scenes = plan.scenes.filter((scene) => scene.wave === number)
  const { dwellMs = 0, restMs = 0 } = plan.waves[number] ?? {}
  await Promise.all(arena.slots.map((slot) => slot.ready()))
  await Promise.all(scenes.map((scene) => openScene(arena, diary, scene, () => disturber.early(scene.name))))
  await disturber.before(number)
  await arena.clocks.pass(dwellMs)
  const answered = Promise.all(scenes.map((scene) => pay(arena, diary, scene)))
  await Promise.all([answered, disturber.meanwhile(number, answered)])
  await disturber.after(number)
  await arena.clocks.pass(restMs)
  if (restMs > 0) await Promise.all(arena.slots.map((slot) => slot.work()))
}
