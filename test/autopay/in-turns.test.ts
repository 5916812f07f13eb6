import { considerAll } from '../../src/autopay/consider'
import { inTurns, slicesOf } from '../../src/autopay/in-turns'
import { replayRule } from '../../src/autopay/replay'
import { context, invoice, NOW, organisation, rule, ZONE } from './cases'

/** Counts the turns that others get while something is done. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let [turns, isOver] = [0, false]
  const others = (): void => {
    turns += 1
    if (!isOver) setImmediate(others)
  }
  setImmediate(others)
  await work()
  isOver = true
  return turns
}

describe('work on thousands of invoices gives way', () => {
  // A second goes by between any two looks at the host's clock: whatever is done in steps gives way after each.
  let clock = 0
  beforeEach(() => void jest.spyOn(performance, 'now').mockImplementation(() => (clock += 1_000)))
  afterEach(() => jest.restoreAllMocks())

  const list = Array.from({ length: 30 }, (_, index) => invoice({ id: `i${index}`, number: `${index}-1`, description: `№ ${index}` }))

  test('when all are decided about together, for ordering them and for deciding', async () => {
    const all = context({ rules: [rule()] })
    expect(await turnsDuring(() => considerAll(list, all, new Map()))).toBeGreaterThanOrEqual(60)
    const plan = await considerAll(list, all, new Map([['i3', { code: 'paid_by_member', values: {} }]]))
    expect([plan.items.length, plan.items.at(-1)?.invoice.id]).toEqual([30, 'i3'])
  })

  test('when a rule is tried on the past', async () => {
    const past = list.map((one) => ({ invoice: { ...one, firstSeenAt: NOW, issuedAt: NOW }, outcome: 'paid' as const }))
    const settings = { organisation: organisation(), others: [], zone: ZONE, now: NOW }
    expect(await turnsDuring(() => inTurns(replayRule(rule(), past, settings)))).toBeGreaterThanOrEqual(30)
  })

  test('when the database is asked slice after slice, and every slice comes once', async () => {
    const seen: number[][] = []
    const turns = await turnsDuring(async () => {
      for await (const slice of slicesOf([1, 2, 3, 4, 5], 2)) seen.push([...slice])
    })
    expect([seen, turns >= 3]).toEqual([[[1, 2], [3, 4], [5]], true])
  })

  test('what takes no time is done in one turn', async () => {
    jest.restoreAllMocks()
    jest.spyOn(performance, 'now').mockReturnValue(0)
    expect(await turnsDuring(() => considerAll(list, context({ rules: [rule()] }), new Map()))).toBeLessThanOrEqual(1)
  })
})
