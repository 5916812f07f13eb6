import { randomUUID } from 'node:crypto'
import type { Deed, Payload, Submitted } from '../../src/approvals'
import { readFund } from '../../src/fund'
import { readLimits } from '../../src/members'
import type { StaffActor } from '../../src/shared/actor'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

describe.each(ENGINES)('a form that comes again with other contents on %s', (engine) => {
  let world: World
  let root: StaffActor
  beforeAll(async () => {
    world = await World.make({ engine })
    root = (await StaffPerson.make(world, 'admin')).actor
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const submit = <P extends Payload, R>(deed: Deed<P, R>, payload: P, key: string, author = root): Promise<Submitted<R>> =>
    world.parts.approvals.submit(deed, { payload, author, reason: 'A test', key })

  /** One form with two contents, one after the other: the second is refused, says what was done, and changes nothing; the first is still told as done. */
  async function isRefused<P extends Payload>(deed: Deed<P>, first: P, second: P): Promise<void> {
    const key = randomUUID()
    expect(await submit(deed, first, key)).toMatchObject({ state: 'done' })
    const audited = await world.db('audit_log').select('id')
    const error: unknown = await submit(deed, second, key).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'key_reused', earlier: { kind: deed.kind, cameTo: 'done' } })
    expect((error as Refusal).detail).toContain(deed.kind)
    expect(await world.db('audit_log').select('id')).toEqual(audited)
    expect(await submit(deed, first, key)).toMatchObject({ state: 'done' })
  }

  test('limits of the fund', async () => {
    for (const name of ['floor', 'overdraft'] as const) {
      await isRefused(world.parts.deeds.fund[name], { roubles: '100.00' }, { roubles: '90.00' })
      expect((await readFund(world.db))[name].minor).toBe(10_000n)
    }
  })

  test('limits of the programme and of a member', async () => {
    const { programmeLimits, limits } = world.parts.deeds.members
    const of = (perPayment: string) => ({ perPayment, perDay: null, perMonth: null })
    await isRefused(programmeLimits, of('900.00'), of('800.00'))
    const { id: memberId } = await world.member({ points: '10.00' })
    await isRefused(limits, { memberId, own: true, ...of('90.00') }, { memberId, own: true, ...of('80.00') })
    expect(await readLimits(world.db, memberId)).toMatchObject({ perPayment: 9_000n })
  })

  test('staff, also where the other contents are another deed', async () => {
    const { staff, members } = world.parts.deeds
    const { actor } = await StaffPerson.make(world, 'viewer')
    await isRefused(staff.role, { staffId: actor.id, role: 'support' }, { staffId: actor.id, role: 'operator' })
    await isRefused(staff.added, { login: `a-${randomUUID().slice(0, 8)}`, role: 'viewer' }, { login: 'another', role: 'viewer' })
    const login = `b-${randomUUID().slice(0, 8)}`
    await isRefused(staff.added, { login, role: 'viewer' }, { login, role: 'support' })
    const key = randomUUID()
    await submit(staff.disabled, { staffId: actor.id }, key)
    const other = submit(members.programmeLimits, { perPayment: '1.00', perDay: null, perMonth: null }, key)
    await expect(other).rejects.toMatchObject({ code: 'key_reused', earlier: { kind: 'staff_disabled' } })
  })

  test('the same key of two admins adds two people; and who was added by the one is not told to the other as theirs', async () => {
    const [key, { added }, { actor }] = [randomUUID(), world.parts.deeds.staff, await StaffPerson.make(world, 'admin')]
    const [first, second] = [1, 2].map(() => `d-${randomUUID().slice(0, 8)}`) as [string, string]
    expect(await submit(added, { login: first, role: 'viewer' }, key)).toMatchObject({ state: 'done', result: { login: first } })
    await expect(submit(added, { login: first, role: 'viewer' }, key, actor)).rejects.toMatchObject({ code: 'login_taken' })
    const theirs = { state: 'done', result: { login: second } }
    expect(await submit(added, { login: second, role: 'viewer' }, key, actor)).toMatchObject(theirs)
    expect(await submit(added, { login: second, role: 'viewer' }, key, actor)).toMatchObject(theirs)
  })

  test('at one moment one of them is done, and the other is not told as done', async () => {
    for (let times = 0; times < 5; times++) {
      const [key, deed] = [randomUUID(), world.parts.deeds.fund.floor]
      await submit(deed, { roubles: '50.00' }, randomUUID())
      const both = ['40.00', '30.00'].map((roubles) => submit(deed, { roubles }, key).then(() => roubles))
      const came = await Promise.allSettled(both)
      const done = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      const refused = came.flatMap((one) => (one.status === 'rejected' ? [one.reason as Refusal] : []))
      expect([done.length, refused.map(({ code }) => code)]).toEqual([1, ['key_reused']])
      expect((await readFund(world.db)).floor.minor).toBe(done[0] === '40.00' ? 4_000n : 3_000n)
    }
  })

  test('a copy that is refused since the other one has just done it is told as done; one with other contents is refused as ever', async () => {
    const [key, { deposit }] = [randomUUID(), world.parts.deeds.fund]
    const slower: typeof deposit = {
      ...deposit,
      addsUp: true,
      async adds(payload) {
        await submit(deposit, payload, key)
        throw new Refusal('refund_not_possible')
      },
    }
    expect(await submit(slower, { roubles: '7.00' }, key)).toMatchObject({ state: 'done' })
    const refused: typeof deposit = { ...deposit, addsUp: true, adds: () => Promise.reject(new Refusal('refund_not_possible')) }
    await expect(submit(refused, { roubles: '8.00' }, randomUUID())).rejects.toMatchObject({ code: 'refund_not_possible' })
    await expect(submit(refused, { roubles: '8.00' }, key)).rejects.toMatchObject({ code: 'key_reused' })
    expect(await world.db('audit_log').where({ action: deposit.kind, actor: `staff:${root.id}` })).toHaveLength(1)
  })

  test('what waits for a second person is named as well, and a form that was refused may be sent corrected', async () => {
    const [key, { floor }] = [randomUUID(), world.parts.deeds.fund]
    expect(await submit(floor, { roubles: '9000000.00' }, key)).toMatchObject({ state: 'waiting' })
    await expect(submit(floor, { roubles: '8.00' }, key)).rejects.toMatchObject({ earlier: { kind: 'fund_floor_set', cameTo: 'asked' } })
    const [corrected, { added }] = [randomUUID(), world.parts.deeds.staff]
    await expect(submit(added, { login: root.login, role: 'viewer' }, corrected)).rejects.toMatchObject({ code: 'login_taken' })
    expect(await submit(added, { login: `c-${randomUUID().slice(0, 8)}`, role: 'viewer' }, corrected)).toMatchObject({ state: 'done' })
  })

  test('a key is its author’s own; and what an earlier version has done without a digest is told as before', async () => {
    const [key, { floor }] = [randomUUID(), world.parts.deeds.fund]
    const { actor } = await StaffPerson.make(world, 'operator')
    await floor.perform({ roubles: '11.00' }, { author: root, reason: 'Of an earlier version', key })
    expect(await submit(floor, { roubles: '12.00' }, key, actor)).toMatchObject({ state: 'done' })
    expect(await submit(floor, { roubles: '13.00' }, key)).toMatchObject({ state: 'done' })
    expect((await readFund(world.db)).floor.minor).toBe(1_200n)
  })

  test('what was noted of a form is never changed, whoever has got past the program', async () => {
    const forms = world.db('sent_forms')
    for (const tamper of [forms.clone().update({ kind: 'another' }), forms.clone().delete()])
      await expect(tamper).rejects.toMatchObject({ message: expect.stringContaining('a form that was sent is never changed') as string })
  })
})
