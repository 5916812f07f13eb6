import { randomUUID } from 'node:crypto'
import { startProof } from '../../src/backoffice/home/prove-money'
import { allDeeds } from '../../src/deeds'
import type { AnyDeed } from '../../src/approvals'
import { STAFF_ROLES } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { closeAlert, openAlerts } from '../../src/shared/alerts'
import { may, PERMISSION_NAMES, PERMISSIONS, roleMay, rolesWith } from '../../src/shared/permissions'
import type { Permission } from '../../src/shared/permissions'
import { Refusal } from '../../src/shared/refusals'
import { changeRole, disableStaff, issueSetupCode, resetFactor, signOutEverywhere } from '../../src/staff'
import { readRouteTable, nameOf } from '../routes/table'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

const table = readRouteTable()
afterAll(() => table.close())

/** `forbidden`, another refusal, or `done`. */
async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

test('every route of the back office is open to exactly the roles of one right', () => {
  const rightsByRoles = new Set(PERMISSION_NAMES.map((right) => rolesWith(right).join()))
  const office = table.routes.filter(({ path }) => path.startsWith('/admin'))
  expect(office.length).toBeGreaterThan(30)
  for (const route of office) {
    const { policy } = route
    expect([nameOf(route), policy.kind]).toEqual([nameOf(route), 'staff'])
    expect([nameOf(route), policy.kind === 'staff' && rightsByRoles.has(policy.roles.join())]).toEqual([nameOf(route), true])
  }
})

test('no role but admin hands out rights, and whoever approves proposes nothing', () => {
  expect(PERMISSIONS['staff.change']).toEqual(['admin'])
  const proposals = [
    'members.adjust',
    'members.limits',
    'members.add',
    'fund.change',
    'payments.resolve',
    'payments.reverse',
    'staff.change',
  ] as const
  for (const right of proposals) expect([right, roleMay('approver', right)]).toEqual([right, false])
  for (const role of ['viewer', 'auditor'] as const)
    for (const right of [...proposals, 'approvals.decide', 'alerts.close'] as const)
      expect([role, right, roleMay(role, right)]).toEqual([role, right, false])
  expect(may({ kind: 'member', id: 'm', login: 'anna' }, 'home.read')).toBe(false)
})

describe('whichever way one comes', () => {
  let world: World
  const people = new Map<StaffRole, StaffPerson>()
  beforeAll(async () => {
    world = await World.make()
    for (const role of STAFF_ROLES) people.set(role, await StaffPerson.make(world, role, `the-${role}`))
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const actorOf = (role: StaffRole): StaffActor => people.get(role)?.actor as StaffActor
  const expected = (right: Permission): [StaffRole, boolean][] => STAFF_ROLES.map((role) => [role, !roleMay(role, right)])

  /** Who was refused for want of a right. */
  async function refusedOf(work: (actor: StaffActor) => Promise<unknown>): Promise<[StaffRole, boolean][]> {
    const answers: [StaffRole, boolean][] = []
    for (const role of STAFF_ROLES) answers.push([role, (await outcomeOf(() => work(actorOf(role)))) === 'forbidden'])
    return answers
  }

  test('every deed asks for its right before it looks at anything', async () => {
    const deeds: readonly AnyDeed[] = allDeeds(world.parts.deeds)
    expect(deeds.length).toBeGreaterThan(10)
    for (const deed of deeds) {
      const order = (author: StaffActor) => ({ payload: { nothing: 'of the kind' }, author, reason: 'a test', key: randomUUID() })
      const refused = await refusedOf((author) => world.parts.approvals.submit(deed, order(author)))
      expect([deed.kind, refused]).toEqual([deed.kind, expected(deed.permission)])
    }
  })

  test('every use case that needs no second person asks for its right itself', async () => {
    const staffId = (await StaffPerson.make(world, 'viewer')).actor.id
    const { staff, clock, db } = world.parts
    const order = (author: StaffActor) => ({ author, reason: 'a test' })
    const close = async (author: StaffActor): Promise<void> => {
      const at = clock.now()
      await db.transaction((tx) => openAlerts(tx, [{ kind: 'clock_off', subject: author.role, detail: 'A test.', at }]))
      const alert = (await world.alerts()).find(({ subject }) => subject === author.role)
      await db.transaction((tx) => closeAlert(tx, alert?.id ?? '', { author, reason: 'a test', at }))
    }
    const cases: [Permission, (author: StaffActor) => Promise<unknown>][] = [
      ['staff.change', (author) => changeRole(staff, staffId, 'support', order(author))],
      ['staff.change', (author) => disableStaff(staff, staffId, order(author))],
      ['staff.change', (author) => resetFactor(staff, staffId, order(author))],
      ['staff.change', (author) => issueSetupCode(staff, staffId, author)],
      ['staff.change', (author) => signOutEverywhere(staff, staffId, author)],
      ['alerts.close', close],
      ['ledger.verify', async (author) => (await startProof(world.parts, author))?.over],
    ]
    for (const [at, [right, work]] of cases.entries()) expect([at, await refusedOf(work)]).toEqual([at, expected(right)])
  })
})
