import { randomUUID } from 'node:crypto'
import type { AnyDeed } from '../../src/approvals'
import { setContacts, switchAutopay } from '../../src/autopay'
import { addThreshold } from '../../src/fund'
import { addMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { parseMoney } from '../../src/shared/money'
import { changeRole, disableStaff, setStaffEmail } from '../../src/staff'
import { company } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import { Shop } from '../orders/shop'
import { VOUCHER } from '../storefront/offers'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

/** A form carries the role in which its sender was seen; here the role has ended by the time the deed is done. */
describe.each(ENGINES)('who loses the role or the access while what they do is on its way, on %s', (engine) => {
  let world: World
  let acme: Company
  let memberId: string
  let orderNumber: string
  beforeAll(async () => {
    world = await World.make({ engine })
    acme = await company(world)
    await spare('admin') // The last one could not go.
    const anna = await world.member({ points: '500.00', login: 'anna' })
    ;[memberId, orderNumber] = [anna.id, (await new Shop(world).bought(anna, '50.00')).number]
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const spare = async (role: StaffRole = 'viewer'): Promise<StaffActor> => (await StaffPerson.make(world, role)).actor
  const ordered = (author: StaffActor) => ({ author, reason: 'a test' })
  const submit = (deed: AnyDeed, payload: object) => (author: StaffActor) =>
    world.parts.approvals.submit(deed, { ...ordered(author), payload: payload as never, key: randomUUID() })

  /** What one person does alone, and in which role. */
  const deedsAlone = (): [name: string, role: StaffRole, work: (author: StaffActor) => Promise<unknown>][] => {
    const { points, members, fund, offers, orders } = world.parts.deeds
    const { parts } = world
    return [
      ['credit', 'operator', submit(points.credit, { memberId, points: '1.00' })],
      ['debit', 'operator', submit(points.debit, { memberId, points: '1.00' })],
      ['lock', 'support', async (author) => submit(members.lock, { memberId: (await world.member({ points: '1.00' })).id })(author)],
      ['limits', 'operator', submit(members.limits, { memberId, own: true, perPayment: '1.00', perDay: null, perMonth: null })],
      ['deposit', 'operator', submit(fund.deposit, { roubles: '1.00' })],
      ['floor', 'operator', submit(fund.floor, { roubles: '1.00' })],
      ['refund', 'operator', submit(orders.refund, { number: orderNumber, amount: null, unused: false })],
      ['offer', 'operator', submit(offers.change, { offerId: randomUUID(), ...VOUCHER })],
      ['threshold', 'operator', (author) => addThreshold(parts, { amount: parseMoney('7.00', 'RUB'), author })],
      ['contacts', 'admin', (author) => setContacts(parts, { ...ordered(author), organisationId: acme.id, contacts: ['a@example.org'] })],
      ['switch', 'admin', (author) => switchAutopay(parts, { ...ordered(author), state: 'off' })],
      ['new member', 'operator', (actor) => addMember(parts, { login: `new-${randomUUID()}`, password: PASSWORD, actor })],
      ['address', 'admin', async (author) => setStaffEmail(parts.staff, (await spare()).id, 'a@example.org', ordered(author))],
    ]
  }
  const names = ['credit', 'debit', 'lock', 'limits', 'deposit', 'floor', 'refund', 'offer', 'threshold', 'contacts', 'switch']
  const all = [...names, 'new member', 'address']

  test.each(all)('does nothing any more (%s)', async (name) => {
    const [, role, work] = deedsAlone().find(([each]) => each === name) ?? []
    if (!role || !work) throw new Error('no such deed')
    const by = { author: COMMAND_LINE, reason: 'a test', key: randomUUID() }
    for (const end of ['role', 'access'] as const) {
      const actor = await spare(role)
      if (end === 'role') await changeRole(world.parts.staff, actor.id, 'viewer', by)
      else await disableStaff(world.parts.staff, actor.id, { ...by, key: randomUUID() })
      await expect(work(actor)).rejects.toMatchObject({ code: 'forbidden', detail: 'the role was taken away meanwhile' })
      expect(await world.db('audit_log').where({ actor: `staff:${actor.id}` })).toEqual([])
      expect(await world.db('approvals').where({ maker: `staff:${actor.id}` })).toEqual([])
    }
    const actor = await spare(role)
    await work(actor)
    expect(await world.db('audit_log').where({ actor: `staff:${actor.id}` })).not.toEqual([])
  })

  test('gives up their own role or access all the same', async () => {
    const [one, other] = [await spare('admin'), await spare('admin')]
    await changeRole(world.parts.staff, one.id, 'viewer', ordered(one))
    await disableStaff(world.parts.staff, other.id, ordered(other))
    const told = (actor: StaffActor) =>
      world
        .db('audit_log')
        .where({ actor: `staff:${actor.id}` })
        .select('action', 'subject')
    expect(await told(one)).toEqual([{ action: 'staff_role_changed', subject: `staff:${one.id}` }])
    expect(await told(other)).toEqual([{ action: 'staff_disabled', subject: `staff:${other.id}` }])
    await expect(changeRole(world.parts.staff, other.id, 'support', ordered(one))).rejects.toMatchObject({ code: 'forbidden' })
  })
})
