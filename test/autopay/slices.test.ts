import { randomUUID } from 'node:crypto'
import { removeRule, switchRule } from '../../src/autopay'
import type { FlatRule } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { flat } from './office'
import { bill, company, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('rule after rule on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_ROUBLES: '5000' } })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('what rules have paid counts with the next one, whether they are on, off, lowered or gone by then', async () => {
    const { approvals, deeds } = world.parts
    const adds = async (acme: Company, name: string, of: Partial<FlatRule> = {}) => {
      const [ruleId, all] = [randomUUID(), { name, amountUpTo: null, perDay: '5000.00', ...of }]
      const payload = { ruleId, organisationId: acme.id, basedOn: '0', enabled: true, ...flat(all) }
      const by = { author: COMMAND_LINE, reason: 'A test', key: randomUUID() }
      return { ruleId, state: (await approvals.submit(deeds.rules.change, { payload, ...by })).state }
    }
    const paidBy = async (of: Partial<FlatRule>): Promise<{ acme: Company; ruleId: string }> => {
      const acme = await company(world)
      const { ruleId, state } = await adds(acme, 'slice 0', of)
      expect(state).toBe('done')
      const invoice = await bill(world, acme, { amount: '4999.00' })
      expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
      return { acme, ruleId }
    }
    const by = { author: COMMAND_LINE, reason: 'A test' }
    const one = await paidBy({})
    await switchRule(world.parts, { ruleId: one.ruleId, isOn: false }, by)
    expect((await adds(one.acme, 'slice 1')).state).toBe('waiting')
    expect((await adds(one.acme, 'asks', { do: 'ask', perDay: null })).state).toBe('done')
    const little = await adds(one.acme, 'little', { perDay: '1.00' })
    expect(little.state).toBe('done')
    // The same rule on again has its own limit still, and counts once.
    const { ruleId } = one
    await removeRule(world.parts, little.ruleId, by)
    expect((await approvals.submit(deeds.rules.switchOn, { payload: { ruleId, version: '1' }, ...by, key: randomUUID() })).state).toBe(
      'done',
    )
    await removeRule(world.parts, ruleId, by)
    expect((await adds(one.acme, 'slice 2')).state).toBe('waiting')
    expect((await adds(one.acme, 'slice 0')).state).toBe('done')

    const two = await paidBy({ perDay: null, perMonth: '5000.00' })
    const lower = { ruleId: two.ruleId, organisationId: two.acme.id, basedOn: '1', enabled: true }
    const payload = { ...lower, ...flat({ name: 'slice 0', amountUpTo: null, perDay: null, perMonth: '1.00' }) }
    expect((await approvals.submit(deeds.rules.change, { payload, ...by, key: randomUUID() })).state).toBe('done')
    expect((await adds(two.acme, 'slice 1', { perDay: null, perMonth: '4000.00' })).state).toBe('waiting')
    const asks = { ...lower, basedOn: '2', ...flat({ name: 'slice 0', amountUpTo: null, do: 'ask' }) }
    expect((await approvals.submit(deeds.rules.change, { payload: asks, ...by, key: randomUUID() })).state).toBe('done')
    expect((await adds(two.acme, 'slice 1', { perDay: null, perMonth: '4000.00' })).state).toBe('waiting')
    expect((await adds(two.acme, 'slice 1')).state).toBe('waiting')
    expect((await adds(two.acme, 'slice 1', { perDay: '1.00' })).state).toBe('done')
  })
})
