import { SECOND } from '../../src/shared/clock'
import type { Engine } from '../../src/shared/database'
import { chanceOf } from '../support/chance'
import type { Chance } from '../support/chance'
import { FAULTS_AROUND } from './faults-around'
import { UPSTREAM_FAULTS } from './faults-upstream'
import type { Maker } from './faults-upstream'
import { CLOSES_THE_BUDGET, LYING_REFUSALS, SHOWS_PAID_LATE, TIGHT_BUDGET } from './plan'
import type { Plan, PlannedFault, Scene, Story, Wave } from './plan'

const CATALOGUE: Readonly<Record<string, Maker>> = { ...UPSTREAM_FAULTS, ...FAULTS_AROUND }
export const FAULT_NAMES: readonly string[] = Object.keys(CATALOGUE)

export const MEMBERS = 10
const WAVES = 4
const MOST_FAULTS = 5
/** The points of a poor member, in hundredths; see `arena.ts` for the rate. */
export const POOR_POINTS = 3_000

const OFTEN: readonly Story[] = [
  'plain',
  'plain',
  'plain',
  'double-click',
  'two-tabs',
  'replayed-form',
  'replayed-form',
  'comes-back',
  'two-members',
]

/** The plan of one schedule. Everything in it follows from the seed and the number. */
export function makePlan(seed: string, number: number, engine: Engine, payments: number): Plan {
  const waves = makeWaves(chanceOf(seed, number, 'waves'))
  const scenes = makeScenes(chanceOf(seed, number, 'scenes'), payments, engine === 'postgres' ? 2 : 1)
  const faults = makeFaults(seed, number, engine, scenes)
  const budget = isTight(number, engine) ? `${TIGHT_BUDGET.requests}/${TIGHT_BUDGET.seconds}` : 'off'
  return { seed, number, engine, budget, waves, scenes, faults }
}

/** Eight schedules in thirty-two share a tight budget. SQLite dates the budget by the process's own clock, which the harness moves, so it is left to that room's tests. */
const isTight = (number: number, engine: Engine): boolean => engine === 'postgres' && Math.floor(number / 8) % 4 === 3

/** Often nothing goes by, so that the invoice is still fresh; often more than a lease, a circuit's rest or the minute of Rule R. */
const makeWaves = (chance: Chance): Wave[] =>
  Array.from({ length: WAVES }, () => ({
    dwellMs: chance.oneOf([0, 0, 0, 6, 20]) * SECOND,
    restMs: chance.oneOf([0, 3, 16, 31, 31, 65]) * SECOND,
  }))

function makeScenes(chance: Chance, payments: number, slots: number): Scene[] {
  const scenes: Scene[] = []
  let poor = 0
  while (scenes.length < payments) {
    const story: Story = poor < 2 && chance.happens(8) ? 'money-for-one' : chance.oneOf(OFTEN)
    scenes.push(makeScene(chance, story, scenes.length, story === 'money-for-one' ? MEMBERS + poor++ : null, slots))
  }
  return scenes.map((scene, index) => ({ ...scene, wave: Math.floor((index * WAVES) / scenes.length) }))
}

function makeScene(chance: Chance, story: Story, index: number, poor: number | null, slots: number): Scene {
  const first = chance.below(MEMBERS)
  const second = (first + 1 + chance.below(MEMBERS - 1)) % MEMBERS
  const slot = chance.below(slots)
  // Each price is more than half of what a poor member has, and at most all of it.
  const poorAmount = (): number => chance.between(5_500, 8_900)
  return {
    name: `s${String(index + 1).padStart(2, '0')}`,
    story,
    wave: 0,
    members: poor !== null ? [poor] : story === 'two-members' ? [first, second] : [first],
    amounts: poor !== null ? [poorAmount(), poorAmount()] : [chance.between(101, 40_000)],
    slots: [slot, (slot + 1) % slots],
    afterMs: chance.below(60),
    insists: chance.happens(75),
  }
}

/** The first fault goes through the catalogue in turn, so that so many schedules as there are kinds bring every kind. */
function makeFaults(seed: string, number: number, engine: Engine, scenes: readonly Scene[]): PlannedFault[] {
  const chance = chanceOf(seed, number, 'faults')
  const round = Math.floor(number / FAULT_NAMES.length)
  const deck = chanceOf(seed, engine, round, 'deck').shuffled(FAULT_NAMES)
  const names = [deck[number % deck.length] as string]
  for (let more = chance.below(MOST_FAULTS); more > 0; more--) names.push(chance.oneOf(FAULT_NAMES))
  return fitting(names, isTight(number, engine)).map((name) => plant(chance, name, engine, scenes))
}

function fitting(all: readonly string[], tight: boolean): string[] {
  const names = tight ? all.map((name) => (name === CLOSES_THE_BUDGET ? 'answer lost' : name)) : all
  const clash = SHOWS_PAID_LATE.includes(names[0] ?? '') ? LYING_REFUSALS : SHOWS_PAID_LATE
  const meet = names.some((name) => LYING_REFUSALS.includes(name)) && names.some((name) => SHOWS_PAID_LATE.includes(name))
  return meet ? names.filter((name) => !clash.includes(name)) : [...names]
}

function plant(chance: Chance, name: string, engine: Engine, scenes: readonly Scene[]): PlannedFault {
  const wave = chance.below(WAVES)
  const here = scenes.filter((scene) => scene.wave === wave).map((scene) => scene.name)
  const make = CATALOGUE[name]
  if (!make || here.length === 0) throw new Error(`No fault is called ${name}.`)
  const deed = make({ chance, scenes: here, slots: engine === 'postgres' ? 2 : 1 })
  return { name, wave, afterMs: chance.below(140), deed }
}
