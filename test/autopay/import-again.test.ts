import { applyImport, changeRule, exportRules, organisationByVat, planImport, removeRule } from '../../src/autopay'
import type { Imported, RuleEntry } from '../../src/autopay'
import { listRequests } from '../../src/approvals'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, MINUTE } from '../../src/shared/clock'
import { ruleByName } from '../../src/autopay/rule-store'
import { ENGINES } from '../support/databases'
import type { Parts } from '../../src/wiring'
import { MovableClock } from '../support/world'
import { found, makeOffice } from './office'

describe.each(ENGINES)('a file of rules that wait for a second person, imported again on %s', (engine) => {
  let parts: Parts
  let close: () => Promise<void>
  const clock = new MovableClock()
  beforeAll(async () => {
    ;({ parts, close } = await makeOffice(engine, clock))
  })
  afterAll(() => close())

  const heavy = (vatNumber: string, count: number): RuleEntry[] =>
    Array.from({ length: count }, (_, index) => ({
      organisation: vatNumber,
      enabled: true,
      body: { name: `Всё ${index}`, when: {}, do: 'pay', limits: {}, priority: 100 },
    }))

  async function imports(entries: readonly RuleEntry[]): Promise<string[]> {
    return (await importing(entries)).waiting.map(({ request }) => request)
  }

  async function importing(entries: readonly RuleEntry[], prune = false): Promise<Imported> {
    const deps = { ...parts, zone: parts.settings.timeZone }
    const planned = await planImport(deps, entries, COMMAND_LINE)
    if ('faults' in planned) throw new Error('The file of the test names nobody.')
    return applyImport(deps, planned.plan, { author: COMMAND_LINE, reason: 'A test', prune })
  }

  async function idOf([entry]: readonly RuleEntry[]): Promise<string> {
    return (await organisationByVat(parts.db, COMMAND_LINE, entry?.organisation ?? '')).id
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
    clock.move(3 * DAY - MINUTE)
    expect(await imports([one])).toEqual([late])
    clock.move(MINUTE)
    const anew = await imports([one])
    expect(anew).toEqual([expect.any(String)])
    expect(anew).not.toContain(late)
  })

  test('twice at one moment, asks once for each rule', async () => {
    const entries = heavy((await found(parts, COMMAND_LINE)).vatNumber, 5)
    const [one, other] = await Promise.all([imports(entries), imports(entries)])
    expect(one).toHaveLength(5)
    expect(other).toEqual(one)
  })

  test('twice at one moment where nobody else is asked, writes each rule once, and both are told that it is so', async () => {
    const light = heavy((await found(parts, COMMAND_LINE)).vatNumber, 5).map((entry): RuleEntry => ({
      ...entry,
      body: { ...entry.body, limits: { day: 10_000n } },
    }))
    const names = light.map(({ body }) => body.name)
    const imported = { applied: names, refused: [], waiting: [], removed: [] }
    expect(await Promise.all([importing(light), importing(light), importing(light)])).toEqual([imported, imported, imported])
    expect(await exportRules(parts, COMMAND_LINE, await idOf(light))).toHaveLength(5)
    expect(await importing(light)).toEqual({ ...imported, applied: [] })
  })

  test('a rule that was taken away is asked for, and written, anew', async () => {
    const [one] = heavy((await found(parts, COMMAND_LINE)).vatNumber, 1) as [RuleEntry]
    const small: RuleEntry = { ...one, body: { ...one.body, limits: { day: 10_000n } } }
    const organisationId = await idOf([one])
    const written = async (): Promise<string | undefined> => {
      expect(await importing([small])).toMatchObject({ applied: [one.body.name], refused: [] })
      return (await ruleByName(parts.db, organisationId, one.body.name))?.id
    }
    const first = (await written()) ?? ''
    await removeRule(parts, first, { author: COMMAND_LINE, reason: 'A test' })
    const second = (await written()) ?? ''
    await removeRule(parts, second, { author: COMMAND_LINE, reason: 'A test' })
    expect(new Set([first, second, await written()]).size).toBe(3)
  })

  test('a rule that got another name leaves its old one to be imported anew', async () => {
    const [one] = heavy((await found(parts, COMMAND_LINE)).vatNumber, 1) as [RuleEntry]
    const small: RuleEntry = { ...one, body: { ...one.body, limits: { day: 10_000n } } }
    const organisationId = await idOf([one])
    await importing([small])
    const { id: ruleId = '' } = (await ruleByName(parts.db, organisationId, one.body.name)) ?? {}
    const body = { ...small.body, name: 'Иначе' }
    await changeRule(parts, { ruleId, organisationId, basedOn: 1, body, enabled: false }, { author: COMMAND_LINE, reason: 'A test' })
    expect(await importing([small])).toMatchObject({ applied: [one.body.name], refused: [] })
    expect((await exportRules(parts, COMMAND_LINE, organisationId)).map((rule) => rule.body.name).sort()).toEqual(['Всё 0', 'Иначе'])
  })

  test('twice at one moment, removes once what the file does not name, and both are told that it is gone', async () => {
    const [stays, goes] = heavy((await found(parts, COMMAND_LINE)).vatNumber, 2).map((entry): RuleEntry => ({
      ...entry,
      enabled: false,
    })) as [RuleEntry, RuleEntry]
    await importing([stays, goes])
    const outcomes = await Promise.all([importing([stays], true), importing([stays], true)])
    expect(outcomes.map(({ removed, refused }) => [removed.map(({ body }) => body.name), refused])).toEqual([
      [[goes.body.name], []],
      [[goes.body.name], []],
    ])
  })
})
