import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENGINES } from '../support/databases'
import { Arena } from './arena'
import { buildArena } from './child-product'
import { FAULT_NAMES, makePlan } from './make-plan'
import { LYING_REFUSALS, SHOWS_PAID_LATE } from './plan'
import { performSchedule } from './schedule'
import { tellViolation } from './summary'

/** The quick form of `npm run test:faults`: a seed that is always the same, and one that nobody has seen before. */
const SEEDS = ['always the same', String(Date.now())]
const SCHEDULES = { sqlite: 2, postgres: 1 }
const PAYMENTS = 20

let folder: string
let program: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-faults-'))
  chmodSync(folder, 0o755)
  program = buildArena(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(ENGINES)('random faults on %s', (engine) => {
  let arena: Arena
  beforeAll(async () => {
    arena = await Arena.make({ engine, folder: join(folder, `arena-${engine}`), program })
  }, 120_000)
  afterAll(() => arena.close(), 60_000)

  const schedules = SEEDS.flatMap((seed) => Array.from({ length: SCHEDULES[engine] }, (_, number) => ({ seed, number })))
  test.each(schedules)(
    'after schedule $number of seed $seed every rule holds',
    async ({ seed, number }) => {
      const performed = await performSchedule(arena, makePlan(seed, number, engine, PAYMENTS))
      expect(performed.violations.length === 0 ? [] : tellViolation(performed, PAYMENTS)).toEqual([])
      expect(performed.evidence.payments.length).toBeGreaterThan(0)
    },
    120_000,
  )
})

describe('the plans', () => {
  const plans = ENGINES.flatMap((engine) =>
    Array.from({ length: 3 * FAULT_NAMES.length }, (_, number) => makePlan('1', number, engine, PAYMENTS)),
  )

  test('the same seed and number give the same plan, another seed another one', () => {
    expect(makePlan('1', 7, 'postgres', PAYMENTS)).toEqual(makePlan('1', 7, 'postgres', PAYMENTS))
    expect(makePlan('2', 7, 'postgres', PAYMENTS)).not.toEqual(makePlan('1', 7, 'postgres', PAYMENTS))
  })

  test('each has at least twenty payments and one to five faults, and every kind of fault occurs', () => {
    expect(plans.every(({ scenes }) => scenes.length >= PAYMENTS)).toBe(true)
    expect(plans.every(({ faults }) => faults.length >= 1 && faults.length <= 5)).toBe(true)
    expect(new Set(plans.flatMap(({ faults }) => faults.map(({ name }) => name)))).toEqual(new Set(FAULT_NAMES))
  })

  test('a refusal that lies does not meet an invoice that shows "paid" late: no rule could see through both', () => {
    const meets = (names: readonly string[], faults: readonly { name: string }[]): boolean =>
      faults.some(({ name }) => names.includes(name))
    expect(plans.filter(({ faults }) => meets(SHOWS_PAID_LATE, faults) && meets(LYING_REFUSALS, faults))).toEqual([])
  })
})
