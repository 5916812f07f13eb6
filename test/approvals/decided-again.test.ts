import { randomUUID } from 'node:crypto'
import type { ApprovalRequest } from '../../src/approvals'
import { readPoints } from '../../src/members'
import type { StaffActor } from '../../src/shared/actor'
import { toDecimal } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

describe.each(ENGINES)('a decision that comes more than once on %s', (engine) => {
  let world: World
  let anna: Buyer
  let staff: Record<'operator' | 'approver' | 'admin', StaffActor>
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '1000' } })
    const make = async (role: 'operator' | 'approver' | 'admin'): Promise<StaffActor> => (await StaffPerson.make(world, role)).actor
    staff = { operator: await make('operator'), approver: await make('approver'), admin: await make('admin') }
  })
  beforeEach(async () => {
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const available = async (): Promise<string> => toDecimal((await readPoints(world.db, anna.id)).available.minor)

  async function request(): Promise<ApprovalRequest> {
    const order = { payload: { memberId: anna.id, points: '1000.01' }, author: staff.operator, reason: 'A correction', key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.points.credit, order)
    if (submitted.state !== 'waiting') throw new Error('It was done at once')
    return submitted.request
  }

  test('ten approvals at once have one effect', async () => {
    const { id } = await request()
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => world.parts.approvals.approve(id, n % 2 ? staff.approver : staff.admin)),
    )
    // Whoever was quicker is told so each time; the other one is refused.
    const deciders = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.decision?.by.login] : []))
    expect([deciders.length, new Set(deciders).size]).toEqual([5, 1])
    expect(await world.db('audit_log').where({ action: 'approval_given' }).whereLike('after', `%${id}%`)).toHaveLength(1)
    expect(await available()).toBe('1500.01')
  })

  test('a decision that is sent again by the same person is told as it stands, and nothing more is done; another one is refused', async () => {
    const { approvals } = world.parts
    const [approved, refused, withdrawn] = [await request(), await request(), await request()]
    const before = await available()
    await approvals.approve(approved.id, staff.approver)
    await approvals.refuse(refused.id, staff.approver, 'No such agreement')
    await approvals.withdraw(withdrawn.id, staff.operator)
    const after = await available()
    const rows = async (): Promise<unknown> => (await world.db('audit_log').count({ n: '*' }))[0]
    const written = await rows()
    expect(await approvals.approve(approved.id, staff.approver)).toMatchObject({ state: 'approved', outcome: 'done' })
    expect(await approvals.refuse(refused.id, staff.approver, 'Another word')).toMatchObject({ decision: { reason: 'No such agreement' } })
    expect(await approvals.withdraw(withdrawn.id, staff.operator)).toMatchObject({ state: 'withdrawn' })
    for (const late of [
      approvals.refuse(approved.id, staff.approver, 'Rather not'),
      approvals.approve(refused.id, staff.approver),
      approvals.approve(approved.id, staff.admin),
      approvals.withdraw(approved.id, staff.operator),
      approvals.approve(withdrawn.id, staff.approver),
    ])
      await expect(late).rejects.toMatchObject({ code: 'request_not_open' })
    expect([before === after, await available(), await rows()]).toEqual([false, after, written])
  })
})
