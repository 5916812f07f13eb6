import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteGroup } from '../../bench/cases/sqlite'
import { chanceOf } from '../support/chance'
import type { Bench } from '../../bench/group'
import { describeMachine } from '../../bench/machine'
import { compare } from '../../bench/measure'
import type { Comparison, Workload } from '../../bench/measure'
import { median, quantile } from '../../bench/numbers'
import { toTable } from '../../bench/report'
import { runGroup } from '../../bench/run-group'

describe('the bench', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('runs in its smallest form, audits the books and prints a table', async () => {
    const bench: Bench = {
      plan: { seconds: 0.1, rounds: 1, quick: true },
      chance: chanceOf(1),
      folder,
      postgres: () => Promise.reject(new Error('not here')),
      product: () => Promise.reject(new Error('not here')),
      progress: () => undefined,
    }
    const figures = await runGroup(sqliteGroup, bench, ['hold and record', 'spread, 8'])
    expect(figures.length).toBeGreaterThan(3)
    for (const { value, ratio, baseline } of figures) {
      expect(value.median).toBeGreaterThan(0)
      expect(ratio?.median).toBeCloseTo(value.median / (baseline?.median ?? 0), 0)
    }
    const plan = { ...bench.plan, seed: 1 }
    const table = toTable({ startedAt: '', plan, machine: describeMachine(folder), groups: [{ name: 'sqlite', figures }] })
    for (const { figure } of figures) expect(table).toContain(figure)
  }, 60_000)
})

describe('a comparison', () => {
  test('is a ratio to the mean of the baselines right before and after it', async () => {
    const ran: string[] = []
    const workload = (name: string, values: number[]): Workload => ({
      name,
      run: () => {
        ran.push(name)
        return Promise.resolve({ value: values.shift() ?? 0 })
      },
    })
    // The machine slows down in the middle: the baseline falls from 100 to 50.
    const slow: Comparison = {
      figure: 'a',
      unit: '/s',
      workload: workload('case', [150]),
      baseline: workload('base', [100, 50]),
      target: { atLeast: 2 },
    }
    const [figure] = await compare([slow], { rounds: 1, warmUpCalls: 0, chance: chanceOf(1), progress: () => undefined })
    expect(ran).toEqual(['base', 'case', 'base'])
    expect(figure).toMatchObject({ ratio: { median: 2 }, baseline: { median: 75 }, reached: true })
  })

  test('a neighbour with the same baseline shares the one between them', async () => {
    let runs = 0
    const baseline: Workload = { name: 'base', run: () => Promise.resolve({ value: ++runs }) }
    const other: Workload = { name: 'case', run: () => Promise.resolve({ value: 1 }) }
    const comparisons = ['a', 'b', 'c'].map((figure): Comparison => ({ figure, unit: '/s', workload: { ...other }, baseline }))
    await compare(comparisons, { rounds: 2, warmUpCalls: 0, chance: chanceOf(1), progress: () => undefined })
    expect(runs).toBe(8)
  })
})

test('the same seed gives the same order, and quantiles lie between their neighbours', () => {
  const order = (): number[] => chanceOf(7).shuffled([1, 2, 3, 4, 5, 6, 7, 8])
  expect(order()).toEqual(order())
  expect([...order()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect([median([3, 1, 2]), median([1, 2]), quantile([1, 2, 3, 4, 5], 0.99)]).toEqual([2, 1.5, 4.96])
})
