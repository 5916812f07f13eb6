import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { createApprovals, LAPSES_AFTER_MS, listRequests, readRequest } from '../../src/approvals'
import type { ApprovalRequest, Deed, Submitted } from '../../src/approvals'
import { addStaff, readPoints } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author, StaffActor, StaffRole } from '../../src/shared/actor'
import { writeAudit } from '../../src/shared/audit'
import { DAY, MINUTE } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { issueSetupCode, resetAccess, resetFactor } from '../../src/staff'
import { ENGINES } from '../support/databases'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

describe.each(ENGINES)('two pairs of eyes on %s', (engine) => {
  let world: World
  let anna: Buyer
  let staff: Record<'operator' | 'approver' | 'admin' | 'viewer', StaffActor>

  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '1000' } })
    const add = (role: StaffRole): Promise<StaffActor> =>
      addStaff(world.parts, { login: `the-${role}`, password: PASSWORD, role, actor: COMMAND_LINE })
    staff = { operator: await add('operator'), approver: await add('approver'), admin: await add('admin'), viewer: await add('viewer') }
  })
  beforeEach(async () => {
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const credit = (points: string, of: { author?: Author; key?: string; reason?: string } = {}): Promise<Submitted<unknown>> =>
    world.parts.approvals.submit(world.parts.deeds.points.credit, {
      payload: { memberId: anna.id, points },
      author: of.author ?? staff.operator,
      reason: of.reason ?? 'A correction',
      key: of.key ?? randomUUID(),
    })
  const available = async (): Promise<string> => toDecimal((await readPoints(world.db, anna.id)).available.minor)

  const hired = (role: StaffRole): Promise<StaffActor> =>
    addStaff(world.parts, { login: `${role}-${randomUUID().slice(0, 6)}`, password: PASSWORD, role, actor: COMMAND_LINE })

  /** A request that waits. */
  async function request(points = '1000.01', author: Author = staff.operator): Promise<ApprovalRequest> {
    const submitted = await credit(points, { author })
    if (submitted.state !== 'waiting') throw new Error('It was done at once')
    return submitted.request
  }

  test('up to the set amount one person acts alone; above it nothing changes until somebody else agrees', async () => {
    expect(await credit('1000')).toMatchObject({ state: 'done' })
    expect(await available()).toBe('1500.00')
    const { id } = await request('1000.01')
    expect(await available()).toBe('1500.00')
    expect(await world.parts.approvals.approve(id, staff.approver)).toMatchObject({ state: 'approved', outcome: 'done' })
    expect(await available()).toBe('2500.01')
    const rows = (await world
      .db('audit_log')
      .where({ subject: `member:${anna.id}` })
      .orderBy('id')) as { action: string; approved_by: string | null }[]
    expect(rows.map(({ action }) => action).slice(-3)).toEqual(['approval_requested', 'approval_given', 'points_credited'])
    expect(rows.at(-1)?.approved_by).toBe(`staff:${staff.approver.id}`)
  })

  test('the maker is never the checker, an admin or not, and the gateway itself is nobody’s second pair of eyes', async () => {
    const { id } = await request('2000', staff.admin)
    const { approvals } = world.parts
    await expect(approvals.approve(id, staff.admin)).rejects.toMatchObject({ code: 'own_request' })
    await expect(approvals.refuse(id, staff.admin, 'no')).rejects.toMatchObject({ code: 'own_request' })
    await expect(approvals.approve(id, COMMAND_LINE)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(approvals.approve(id, staff.operator)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(approvals.approve(id, { kind: 'member', id: anna.id, login: anna.login })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await available()).toBe('500.00')
    await expect(
      world
        .db('approvals')
        .where({ id })
        .update({ state: 'approved', decided_at: new Date(0).toISOString(), decider: `staff:${staff.admin.id}` }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/approvals_two_people|CHECK/) as string })
  })

  test('the command line obeys as well', async () => {
    const { id } = await request('5000', COMMAND_LINE)
    expect(await available()).toBe('500.00')
    await world.parts.approvals.approve(id, staff.approver)
    expect(await available()).toBe('5500.00')
  })

  test('who may not do it may not ask for it either', async () => {
    await expect(credit('1', { author: staff.viewer })).rejects.toMatchObject({ code: 'forbidden', detail: 'members.adjust' })
    await expect(credit('1', { author: staff.approver })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(credit('1', { reason: '  ' })).rejects.toMatchObject({ code: 'bad_input', detail: 'reason' })
    for (const odd of ['0', '-1', '1e400', '0.005', '', 'NaN', '99999999999999999999'])
      await expect(credit(odd)).rejects.toMatchObject({ code: 'bad_input', detail: 'points' })
  })

  test('the same key is the same request; with another deed behind it it is refused', async () => {
    const key = randomUUID()
    const first = await credit('3000', { key })
    const again = await credit('3000.00', { key })
    expect(again).toEqual(first)
    await expect(credit('3001', { key })).rejects.toMatchObject({ code: 'key_reused' })
    // Sent again when it was decided, it does not say that it waits.
    if (first.state !== 'waiting') throw new Error('It was done at once')
    await world.parts.approvals.refuse(first.request.id, staff.approver, 'No such agreement')
    await expect(credit('3000', { key })).rejects.toMatchObject({ code: 'request_not_open', detail: 'refused' })
  })

  test('a key under which something was done at once is not used for more', async () => {
    const [key, author] = [randomUUID(), await hired('operator')]
    expect(await credit('100', { key, author })).toMatchObject({ state: 'done' })
    await expect(credit('100000', { key, author })).rejects.toMatchObject({ code: 'key_reused' })
    expect(await credit('100', { key, author })).toMatchObject({ state: 'done' })
    expect(await available()).toBe('600.00')
    // Somebody else's is no deed that was done: told as done, theirs would be lost.
    const other = await hired('operator')
    await expect(credit('100', { key, author: other })).rejects.toMatchObject({ code: 'key_reused' })
  })

  test('whoever handed a maker the code of their first sign-in is not their second pair of eyes', async () => {
    const newcomer = await addStaff(world.parts, {
      login: `new-${randomUUID().slice(0, 6)}`,
      password: PASSWORD,
      role: 'operator',
      actor: COMMAND_LINE,
    })
    const { id } = await request('2000', newcomer)
    const issued = { author: staff.admin, at: world.clock.now(), action: 'staff_setup_code_issued', subject: `staff:${newcomer.id}` }
    await inTransaction(world.db, (tx) => writeAudit(tx, [issued]))
    await expect(world.parts.approvals.approve(id, staff.admin)).rejects.toMatchObject({ code: 'own_request' })
    expect(await world.parts.approvals.approve(id, staff.approver)).toMatchObject({ outcome: 'done' })
  })

  test('whoever signs in with what a maker handed out does not check that maker, until somebody else hands out a later code', async () => {
    const { approvals, staff: deps } = world.parts
    const [maker, between, checker] = [await hired('admin'), await hired('admin'), await hired('approver')]
    const order = { author: COMMAND_LINE, reason: 'a test' }
    /** Takes the way in away, and hands out the code of another one. */
    const lets = async (author: StaffActor | typeof COMMAND_LINE, who: StaffActor): Promise<void> => {
      await resetAccess(deps, who.id, order)
      await issueSetupCode(deps, who.id, author)
      await world.passes(MINUTE)
    }
    const mayCheck = async (): Promise<string> => {
      const { id } = await request('2000', maker)
      return approvals.refuse(id, checker, 'no').then(
        ({ state }) => state,
        (error: unknown) => (error as { code: string }).code,
      )
    }
    expect(await mayCheck()).toBe('refused')
    await lets(maker, checker)
    expect(await mayCheck()).toBe('let_in_by_maker')
    // Another second factor leaves the password that the maker may know.
    await world.db('staff_factors').insert({ staff_id: checker.id, secret: 'sealed', last_step: 0, created_at: new Date(0).toISOString() })
    await resetFactor(deps, checker.id, order)
    expect(await mayCheck()).toBe('let_in_by_maker')
    await lets(between, checker)
    expect(await mayCheck()).toBe('refused')
    // The maker could be whoever let the checker in.
    await lets(maker, between)
    expect(await mayCheck()).toBe('refused')
    await lets(between, checker)
    expect(await mayCheck()).toBe('let_in_by_maker')
    await lets(COMMAND_LINE, between)
    expect(await mayCheck()).toBe('let_in_by_maker')
    await lets(COMMAND_LINE, checker)
    expect(await mayCheck()).toBe('refused')
    await world.db('staff_factors').insert({ staff_id: checker.id, secret: 'sealed', last_step: 0, created_at: new Date(0).toISOString() })
    await resetFactor(deps, checker.id, { author: maker, reason: 'a test' })
    expect(await mayCheck()).toBe('let_in_by_maker')
  })

  test('what somebody asked for lapses when they lose the right to ask', async () => {
    const newcomer = await addStaff(world.parts, {
      login: `old-${randomUUID().slice(0, 6)}`,
      password: PASSWORD,
      role: 'operator',
      actor: COMMAND_LINE,
    })
    const { id } = await request('2000', newcomer)
    const order = { payload: { staffId: newcomer.id }, author: staff.admin, reason: 'Left us', key: randomUUID() }
    await world.parts.approvals.submit(world.parts.deeds.staff.disabled, order)
    expect(await readRequest(world.db, id)).toMatchObject({ state: 'lapsed' })
    await expect(world.parts.approvals.approve(id, staff.approver)).rejects.toMatchObject({ code: 'request_not_open' })
  })

  test('what is refused, withdrawn or older than 72 hours is never done', async () => {
    const { approvals } = world.parts
    const [refused, withdrawn, old] = [await request(), await request(), await request()]
    await approvals.refuse(refused.id, staff.approver, 'No such agreement')
    await expect(approvals.withdraw(withdrawn.id, staff.approver)).rejects.toMatchObject({ code: 'forbidden' })
    await approvals.withdraw(withdrawn.id, staff.operator)
    world.clock.move(LAPSES_AFTER_MS)
    await expect(approvals.approve(old.id, staff.approver)).rejects.toMatchObject({ code: 'request_not_open' })
    expect(await approvals.tidyUp()).toBeGreaterThan(0)
    for (const [{ id }, state] of [
      [refused, 'refused'],
      [withdrawn, 'withdrawn'],
      [old, 'lapsed'],
    ] as const) {
      expect((await readRequest(world.db, id))?.state).toBe(state)
      await expect(approvals.approve(id, staff.approver)).rejects.toMatchObject({ code: 'request_not_open' })
    }
    expect(await available()).toBe('500.00')
  })

  test('what has become impossible is told and not tried for ever', async () => {
    const submitted = await world.parts.approvals.submit(world.parts.deeds.points.debit, {
      payload: { memberId: (await world.member({ points: '1500.00', login: `d${randomUUID().slice(0, 6)}` })).id, points: '1500' },
      author: staff.operator,
      reason: 'x',
      key: randomUUID(),
    })
    if (submitted.state !== 'waiting') throw new Error('not waiting')
    const { request: waiting } = submitted
    await world.parts.approvals.submit(world.parts.deeds.points.debit, {
      payload: { ...waiting.payload, points: '1' } as { memberId: string; points: string },
      author: staff.operator,
      reason: 'x',
      key: randomUUID(),
    })
    await expect(world.parts.approvals.preview(waiting)).rejects.toMatchObject({ code: 'not_enough_available' })
    expect(await world.parts.approvals.approve(waiting.id, staff.approver)).toMatchObject({
      state: 'approved',
      outcome: expect.stringMatching(/^not_enough_available/) as string,
    })
  })

  test('a crash between the decision and the deed: the deed is done later, once, under the same key', async () => {
    const keys: string[] = []
    const deed: Deed<{ what: string }> = {
      kind: 'test_deed',
      permission: 'members.adjust',
      payload: z.strictObject({ what: z.string() }),
      weigh: () => 'always',
      preview: () => Promise.resolve({ subject: 'test', before: {}, after: {} }),
      async perform(_payload, { key, author, approvedBy }) {
        keys.push(key)
        if (keys.length === 1) throw new Error('the process dies here')
        const entry = { author, at: world.clock.now(), action: 'test_deed', subject: 'test', ...(approvedBy && { approvedBy }) }
        await inTransaction(world.db, (tx) => writeAudit(tx, [entry]))
      },
    }
    const alone = { points: parseMoney('1', 'PTS'), roubles: parseMoney('1', 'RUB') }
    const approvals = createApprovals({ ...world.parts, alone }, [deed])
    const submitted = await approvals.submit(deed, { payload: { what: 'x' }, author: staff.operator, reason: 'x', key: randomUUID() })
    if (submitted.state !== 'waiting') throw new Error('not waiting')
    await expect(approvals.approve(submitted.request.id, staff.approver)).rejects.toThrow('the process dies here')
    await approvals.tidyUp()
    expect(keys).toHaveLength(1)
    world.clock.move(2 * MINUTE)
    await approvals.tidyUp()
    await approvals.tidyUp()
    expect(keys).toEqual([`approval:${submitted.request.id}`, `approval:${submitted.request.id}`])
    expect(await readRequest(world.db, submitted.request.id)).toMatchObject({ outcome: 'done' })
  })

  test('slices of one person count together for a day: what goes above the amount waits, and another person begins anew', async () => {
    const [olga, oleg] = [await hired('operator'), await hired('operator')]
    const states = async (author: StaffActor, ...amounts: string[]): Promise<string[]> => {
      const all: string[] = []
      for (const points of amounts) all.push((await credit(points, { author })).state)
      return all
    }
    expect(await states(olga, '600', '400', '0.01')).toEqual(['done', 'done', 'waiting'])
    expect(await states(oleg, '1000')).toEqual(['done'])
    expect(await available()).toBe('2500.00')
    const debit = { payload: { memberId: anna.id, points: '1000' }, author: olga, reason: 'x', key: randomUUID() }
    expect(await world.parts.approvals.submit(world.parts.deeds.points.debit, debit)).toMatchObject({ state: 'done' })
    const look = await world.parts.approvals.look(world.parts.deeds.points.credit, { memberId: anna.id, points: '1' }, olga)
    expect(look).toMatchObject({ needsSecond: true, alone: { done: parseMoney('1000', 'PTS'), most: parseMoney('1000', 'PTS') } })
    // A day later, by the database's time.
    await world
      .db('done_alone')
      .where({ maker: `staff:${olga.id}` })
      .decrement('at', DAY)
    expect(await states(olga, '1000', '1')).toEqual(['done', 'waiting'])
  })

  test('deposits of the fund count together as well, or one person could make up any sum of money in parts', async () => {
    const olga = await hired('operator')
    const deposit = async (author: Author, roubles: string): Promise<string> => {
      const order = { payload: { roubles }, author, reason: 'x', key: randomUUID() }
      return (await world.parts.approvals.submit(world.parts.deeds.fund.deposit, order)).state
    }
    const before = parseMoney((await world.fund()).balance, 'RUB').minor
    const states = [await deposit(olga, '3000000'), await deposit(olga, '2000000'), await deposit(olga, '0.01')]
    expect(states).toEqual(['done', 'done', 'waiting'])
    expect(await deposit(staff.admin, '5000000')).toBe('done')
    expect(parseMoney((await world.fund()).balance, 'RUB').minor - before).toBe(1_000_000_000n)
  })

  test('a hundred slices at one moment are no more than one; what was refused does not count, and the same intent counts once', async () => {
    const [olga, poor] = [await hired('operator'), await world.member({ points: '5.00' })]
    const debit = { payload: { memberId: poor.id, points: '900' }, author: olga, reason: 'x', key: randomUUID() }
    for (const key of [debit.key, randomUUID()])
      await expect(world.parts.approvals.submit(world.parts.deeds.points.debit, { ...debit, key })).rejects.toMatchObject({
        code: 'not_enough_available',
      })
    expect(await world.db('done_alone').where({ maker: `staff:${olga.id}` })).toEqual([])
    const key = randomUUID()
    for (let times = 0; times < 3; times++) expect(await credit('300', { author: olga, key })).toMatchObject({ state: 'done' })
    const all = await Promise.all(Array.from({ length: 30 }, () => credit('100', { author: olga })))
    expect(all.filter(({ state }) => state === 'done')).toHaveLength(7)
    expect(await available()).toBe('1500.00')
  })

  test('a stored request cannot be changed or deleted', async () => {
    const { id } = await request()
    const refused = expect.stringMatching(/a request is never|never changed/) as string
    await expect(world.db('approvals').where({ id }).update({ payload: '{}' })).rejects.toMatchObject({ message: refused })
    await expect(world.db('approvals').where({ id }).delete()).rejects.toMatchObject({ message: refused })
    expect((await listRequests(world.db, { state: 'open', limit: 1 }))[0]?.id).toBe(id)
  })
})
