import { randomUUID } from 'node:crypto'
import { inTransaction } from '../../src/shared/database'
import { someoneWaits } from '../support/locks'
import { StaffPerson } from '../support/staff'
import { until } from '../support/until'
import { World } from '../support/world'

/** SQLite has one writer at a time, and so no order of locks. */
describe('a request that is decided while the role of its decider is being changed', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine: 'postgres' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('is touched only when the role is certain: neither of the two waits for the other', async () => {
    const [maker, checker] = [(await StaffPerson.make(world, 'operator')).actor, (await StaffPerson.make(world, 'approver')).actor]
    const anna = await world.member({ points: '1.00' })
    const order = { payload: { memberId: anna.id, points: '1000000.00' }, author: maker, reason: 'a test', key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.points.credit, order)
    if (submitted.state !== 'waiting') throw new Error('It was done at once.')
    const { id } = submitted.request
    const [free, approved] = await inTransaction(world.db, async (tx) => {
      await tx('staff').where({ id: checker.id }).forUpdate().first('id')
      const approving = world.parts.approvals.approve(id, checker)
      await until(() => someoneWaits(world.db))
      // What a change of the role locks next.
      return [await tx('approvals').where({ id }).forUpdate().skipLocked().pluck('id'), approving] as const
    })
    expect(await approved).toMatchObject({ state: 'approved', outcome: 'done' })
    expect(free).toEqual([id])
  })
})
