import { randomUUID } from 'node:crypto'
import { removeRule, switchRule } from '../../src/autopay'
import type { FlatRule } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { DAY } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
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

  test('what one person lets out of several organisations adds up for a year, by rules and by budgets; of each the most counts', async () => {
    const { approvals, deeds } = world.parts
    const { actor: olga } = await StaffPerson.make(world, 'admin')
    const { actor: oleg } = await StaffPerson.make(world, 'admin')
    const [first, second, third] = [await company(world), await company(world, { perDay: 1n }), await company(world)]
    const adds = async (acme: Company, name: string, perDay: string, author: StaffActor = olga): Promise<string> => {
      const payload = { ruleId: randomUUID(), organisationId: acme.id, basedOn: '0', enabled: true, ...flat({ name, perDay }) }
      const order = { payload, author, reason: 'A test', key: randomUUID() }
      const { state } = await approvals.submit(deeds.rules.change, order)
      // The same form again is told again.
      expect((await approvals.submit(deeds.rules.change, order)).state).toBe(state)
      return state
    }
    const raises = async ({ id, name, vatNumber }: Company, perDay: string): Promise<string> => {
      const payload = { organisationId: id, name, vatNumber, perDay, perMonth: null, steps: '', staff: '' }
      return (await approvals.submit(deeds.organisations.change, { payload, author: olga, reason: 'A test', key: randomUUID() })).state
    }
    expect([await adds(first, 'one', '1000.00'), await adds(first, 'two', '2000.00')]).toEqual(['done', 'done'])
    expect([await raises(second, '2000.01'), await raises(second, '1500.00')]).toEqual(['waiting', 'done'])
    expect([await adds(third, 'three', '500.01'), await adds(third, 'four', '500.00')]).toEqual(['waiting', 'done'])
    expect(await adds(third, 'five', '4000.00', oleg)).toBe('done')
    const order = ({ id }: Company) => ({
      payload: { ruleId: randomUUID(), organisationId: id, basedOn: '0', enabled: true, ...flat({ name: 'a day later', perDay: '1.00' }) },
      reason: 'A test',
      key: randomUUID(),
    })
    const look = { ruleId: randomUUID(), organisationId: first.id, basedOn: '0', enabled: true, ...flat({ name: 'six', perDay: '0.01' }) }
    expect(await approvals.look(deeds.rules.change, look, olga)).toMatchObject({ needsSecond: true, alone: { done: { minor: 500_000n } } })
    // One more company each day meets the limit too: what was let out goes on every day.
    for (const days of [1, 364]) {
      await world.db('done_alone').decrement('at', days * DAY)
      expect((await approvals.submit(deeds.rules.change, { ...order(await company(world)), author: olga })).state).toBe('waiting')
      expect(await approvals.look(deeds.rules.change, look, olga)).toMatchObject({ needsSecond: true })
    }
    await world.db('done_alone').decrement('at', DAY)
    expect(await approvals.look(deeds.rules.change, look, olga)).toMatchObject({ needsSecond: false })
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

    // Organisations of one person add up for a year.
    await world.db('done_alone').decrement('at', 366 * DAY)
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
