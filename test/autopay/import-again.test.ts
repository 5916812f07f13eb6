import { applyImport, planImport } from '../../src/autopay'
import type { RuleEntry } from '../../src/autopay'
import { listRequests } from '../../src/approvals'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, MINUTE, plus } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import type { Parts } from '../../src/wiring'
import { found, makeOffice } from './office'

describe.each(ENGINES)('a file of rules that wait for a second person, imported again on %s', (engine) => {
  let parts: Parts
  let close: () => Promise<void>
  beforeAll(async () => {
    ;({ parts, close } = await makeOffice(engine))
  })
  afterAll(() => close())

  const heavy = (vatNumber: string, count: number): RuleEntry[] =>
    Array.from({ length: count }, (_, index) => ({
      organisation: vatNumber,
      enabled: true,
      body: { name: `Всё ${index}`, when: {}, do: 'pay', limits: {}, priority: 100 },
    }))

  async function imports(entries: readonly RuleEntry[], later = 0): Promise<string[]> {
    const clock = { now: () => plus(parts.clock.now(), later) }
    const deps = { ...parts, clock, zone: parts.settings.timeZone }
    const planned = await planImport(deps, entries, COMMAND_LINE)
    if ('faults' in planned) throw new Error('The file of the test names nobody.')
    const { waiting } = await applyImport(deps, planned.plan, { author: COMMAND_LINE, reason: 'A test', prune: false })
    return waiting.map(({ request }) => request)
  }

  test('asks nobody twice, however many wait', async () => {
    const entries = heavy((await found(parts, COMMAND_LINE)).vatNumber, 203)
    const asked = await imports(entries)
    expect(await imports(entries)).toEqual(asked)
    expect(await listRequests(parts.db, { state: 'open', limit: 1_000 })).toHaveLength(203)
  })

  test('asks anew for what nobody has decided about in time', async () => {
    const [one] = heavy((await found(parts, COMMAND_LINE)).vatNumber, 1) as [RuleEntry]
    const [late = ''] = await imports([one])
    expect(await imports([one], 3 * DAY - MINUTE)).toEqual([late])
    const anew = await imports([one], 3 * DAY)
    expect(anew).toEqual([expect.any(String)])
    expect(anew).not.toContain(late)
  })
})
