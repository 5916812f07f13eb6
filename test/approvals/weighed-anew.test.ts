import { randomUUID } from 'node:crypto'
import { WeighsMore } from '../../src/approvals'
import type { Deed, Payload } from '../../src/approvals'
import { readFund } from '../../src/fund'
import { readLimits } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { changeRole, disableStaff } from '../../src/staff'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

describe.each(ENGINES)('what was no raise when it was weighed, and is one when it is done, on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const performer = () => ({ author: COMMAND_LINE, reason: 'test', key: randomUUID() })
  const audited = async (): Promise<number> => (await world.db('audit_log').select('id')).length

  /** Weighed while it lets out nothing, then changed by others, then carried out. */
  async function isRefused<P extends Payload>(deed: Deed<P>, payload: P, meanwhile: () => Promise<unknown>): Promise<void> {
    const weighed = await deed.weigh(payload, randomUUID())
    expect(weighed).toBe('never')
    await meanwhile()
    const before = await audited()
    await expect(deed.perform(payload, { ...performer(), weighed })).rejects.toBeInstanceOf(WeighsMore)
    expect(await audited()).toBe(before)
  }

  test.each(['overdraft', 'floor'] as const)('the %s of the fund', async (name) => {
    const deed = world.parts.deeds.fund[name]
    await deed.perform({ roubles: '8000000.00' }, performer())
    const lowered = () => deed.perform({ roubles: '0.00' }, performer())
    await isRefused(deed, { roubles: '8000000.00' }, lowered)
    expect((await readFund(world.db))[name].minor).toBe(0n)
  })

  test('limits of the programme and of a member', async () => {
    const { programmeLimits, limits } = world.parts.deeds.members
    const wide = { perPayment: '900000.00', perDay: null, perMonth: null }
    await programmeLimits.perform(wide, performer())
    await isRefused(programmeLimits, wide, () => programmeLimits.perform({ ...wide, perPayment: '10.00' }, performer()))
    const { id: memberId } = await world.member({ points: '10.00' })
    const own = { memberId, own: true, ...wide }
    await limits.perform(own, performer())
    await isRefused(limits, own, () => limits.perform({ ...own, perPayment: '10.00' }, performer()))
    expect(await readLimits(world.db, memberId)).toMatchObject({ perPayment: 1_000n })
  })

  test.each(['access', 'factor', 'enabled'] as const)('the sign-in of somebody who has come to approve (%s)', async (name) => {
    const { staff, deeds } = world.parts
    const { actor } = await StaffPerson.make(world, 'viewer')
    if (name === 'enabled') await disableStaff(staff, actor.id, performer())
    await isRefused(deeds.staff[name], { staffId: actor.id }, () => changeRole(staff, actor.id, 'approver', performer()))
  })
})
