import { randomUUID } from 'node:crypto'
import { readRequest } from '../../src/approvals'
import type { ApprovalRequest, Deed, Payload } from '../../src/approvals'
import { addStaff, readPoints } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { writeAudit } from '../../src/shared/audit'
import { MINUTE } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { VOUCHER } from '../storefront/offers'
import { cutOff } from '../support/cut-off'
import { ENGINES } from '../support/databases'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

/** Between the decision and the note that its deed was done a process may die, or lose its database. */
describe.each(ENGINES)('an approved deed that is cut off on %s', (engine) => {
  let world: World
  let anna: Buyer
  let staff: Record<'approver' | 'admin', StaffActor>

  const hired = (role: StaffRole): Promise<StaffActor> =>
    addStaff(world.parts, { login: `${role}-${randomUUID().slice(0, 6)}`, password: PASSWORD, role, actor: COMMAND_LINE })

  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '1000' } })
    staff = { approver: await hired('approver'), admin: await hired('admin') }
  })
  beforeEach(async () => {
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const available = async (): Promise<string> => toDecimal((await readPoints(world.db, anna.id)).available.minor)

  const makerId = (request: ApprovalRequest | undefined): string => (request?.maker.kind === 'staff' ? request.maker.id : '')

  /** Asks for deeds, and approves them with the first one cut off. @returns the requests, after the worker has looked at what was left */
  async function approvedWithCut<P extends Payload>(
    deed: Deed<P>,
    payloads: readonly P[],
    when: 'before' | 'after',
  ): Promise<(ApprovalRequest | undefined)[]> {
    const [approvals, ids] = [cutOff(world, deed, when), [] as string[]]
    for (const payload of payloads) {
      const submitted = await approvals.submit(deed, { payload, author: await hired('admin'), reason: 'x', key: randomUUID() })
      if (submitted.state !== 'waiting') throw new Error('It was done at once')
      ids.push(submitted.request.id)
    }
    for (const [index, id] of ids.entries()) {
      const approved = approvals.approve(id, staff.approver)
      if (index === 0) await expect(approved).rejects.toThrow('the database is gone')
      else await approved
    }
    world.clock.move(2 * MINUTE)
    await Promise.all([1, 2, 3].map(() => approvals.tidyUp()))
    return Promise.all(ids.map((id) => readRequest(world.db, id)))
  }

  test.each(['before', 'after'] as const)('of two alike the one that was cut off %s it was done is done as well, once', async (when) => {
    const { fund, points } = world.parts.deeds
    const minor = async (): Promise<bigint> => parseMoney((await world.fund()).balance, 'RUB').minor
    const before = await minor()
    const deposits = await approvedWithCut(fund.deposit, [{ roubles: '6000001.00' }, { roubles: '6000002.00' }], when)
    expect([deposits.map((request) => request?.outcome), (await minor()) - before]).toEqual([['done', 'done'], 1_200_000_300n])
    const memberId = anna.id
    const credits = await approvedWithCut(
      points.credit,
      [
        { memberId, points: '1001.00' },
        { memberId, points: '1002.00' },
      ],
      when,
    )
    expect([credits.map((request) => request?.outcome), await available()]).toEqual([['done', 'done'], '2503.00'])
  })

  test.each(['before', 'after'] as const)('what has no key in the books and was cut off %s it was done is done once', async (when) => {
    const { staff: people, members, fund, offers } = world.parts.deeds
    const [{ id: memberId }, { id: staffId }, login] = [
      await world.member({ points: '0' }),
      await hired('viewer'),
      `new-${randomUUID().slice(0, 6)}`,
    ]
    const limits = { memberId: anna.id, own: true, perPayment: null, perMonth: null }
    const lower = { payload: { ...limits, perDay: '1' }, author: staff.admin, reason: 'x', key: randomUUID() }
    await world.parts.approvals.submit(members.limits, lower)
    const isDone = async <P extends Payload>(deed: Deed<P>, payload: P, action: string = deed.kind): Promise<void> => {
      const [request] = await approvedWithCut(deed, [payload], when)
      const approved_by = `staff:${staff.approver.id}`
      const rows = await world.db('audit_log').where({ action, approved_by, actor: `staff:${makerId(request)}` })
      expect([deed.kind, request?.outcome, rows.length]).toEqual([deed.kind, 'done', 1])
    }
    await isDone(people.added, { login, role: 'admin' })
    await isDone(people.role, { staffId, role: 'approver' })
    await isDone(people.access, { staffId })
    await isDone(members.limits, { ...limits, perDay: '2000' })
    await isDone(members.erase, { memberId })
    await isDone(fund.overdraft, { roubles: when === 'before' ? '6000000' : '7000000' })
    await isDone(offers.change, { ...VOUCHER, offerId: randomUUID(), price: '6000000' }, 'offer_added')
  })

  test('what an earlier version approved is never done twice, and told as done only where its key says so', async () => {
    const deed = world.parts.deeds.points.credit
    const earlier = async (leaves: 'nothing' | 'its row' | 'another row' | 'a row without a key'): Promise<string | null | undefined> => {
      const approvals = cutOff(world, deed, 'before')
      const order = { payload: { memberId: anna.id, points: '1500' }, author: staff.admin, reason: 'x', key: randomUUID() }
      const submitted = await approvals.submit(deed, order)
      if (submitted.state !== 'waiting') throw new Error('It was done at once')
      const { id, subject, maker } = submitted.request
      await expect(approvals.approve(id, staff.approver)).rejects.toThrow('the database is gone')
      await world.db('approvals').where({ id }).update({ outcome: null })
      const entry = { author: maker, at: world.clock.now(), action: 'points_credited', subject, approvedBy: staff.approver }
      const keys = { 'its row': `adjust:approval:${id}`, 'another row': `adjust:approval:${randomUUID()}` }
      const key = leaves === 'its row' || leaves === 'another row' ? { instructionKey: keys[leaves] } : {}
      if (leaves !== 'nothing') await inTransaction(world.db, (tx) => writeAudit(tx, [{ ...entry, ...key }]))
      world.clock.move(2 * MINUTE)
      await world.parts.approvals.tidyUp()
      return (await readRequest(world.db, id))?.outcome
    }
    expect([await earlier('nothing'), await available()]).toEqual(['done', '2000.00'])
    expect([await earlier('its row'), await earlier('another row'), await available()]).toEqual(['done', 'done', '3500.00'])
    expect([await earlier('a row without a key'), await available()]).toEqual(['unclear', '3500.00'])
  })

  test('nobody else uses the key of a request, or the approved deed would meet a key that is used', async () => {
    const [deed, payload] = [world.parts.deeds.points.credit, { memberId: anna.id, points: '1500' }]
    const ask = (points: string, key: string) =>
      world.parts.approvals.submit(deed, { payload: { ...payload, points }, author: staff.admin, reason: 'x', key })
    const submitted = await ask('1500', randomUUID())
    if (submitted.state !== 'waiting') throw new Error('It was done at once')
    const { id } = submitted.request
    await expect(ask('0.01', `approval:${id}`)).rejects.toMatchObject({ code: 'bad_input', detail: 'key' })
    expect(await world.parts.approvals.approve(id, staff.approver)).toMatchObject({ outcome: 'done' })
    expect(await available()).toBe('2000.00')
  })

  test('a deposit under the key that somebody else has used is refused, or it would be told as done and lost', async () => {
    const [key, other] = [randomUUID(), await hired('operator')]
    const deposit = (author: StaffActor) =>
      world.parts.approvals.submit(world.parts.deeds.fund.deposit, { payload: { roubles: '1.00' }, author, reason: 'x', key })
    expect([(await deposit(staff.admin)).state, (await deposit(staff.admin)).state]).toEqual(['done', 'done'])
    await expect(deposit(other)).rejects.toMatchObject({ code: 'key_reused' })
  })
})
