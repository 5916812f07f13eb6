import { randomUUID } from 'node:crypto'
import { COMMAND_LINE } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { Refusal } from '../../src/shared/refusals'
import { changeRole, issueSetupCode, requireStaff, resetAccess, setStaffEmail, signOutEverywhere } from '../../src/staff'
import { enrolSecondFactor, offerSecret, showSecondFactor } from '../../src/staff/second-factor'
import type { OfferedSecret } from '../../src/staff/second-factor'
import { chooseFirstPassword } from '../../src/staff/setup'
import { ENGINES } from '../support/databases'
import { someoneWaits } from '../support/locks'
import { codeNow, StaffPerson } from '../support/staff'
import { until } from '../support/until'
import { PASSWORD, World } from '../support/world'

const ORDER = { author: COMMAND_LINE, reason: 'a test' }

describe.each(ENGINES)('a code for the first sign-in on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, fund: '0' })
  })
  afterAll(() => world.close())

  test('is issued once by one form, however often and at whatever moment it is sent; the next form issues the next', async () => {
    const { staff } = world.parts
    const [{ actor: admin }, { actor: person }, { actor: other }] = [
      await StaffPerson.make(world, 'admin'),
      await StaffPerson.make(world, 'viewer'),
      await StaffPerson.make(world, 'viewer'),
    ]
    for (const { id } of [person, other]) await resetAccess(staff, id, ORDER)
    const key = randomUUID()
    const issue = (id = person.id, form = key) => issueSetupCode(staff, id, admin, form)
    const came = await Promise.allSettled([issue(), issue(), issue()])
    const codes = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value.code] : []))
    const refused = came.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Refusal).code] : []))
    expect([codes.length, refused]).toEqual([1, ['key_reused', 'key_reused']])
    for (const id of [person.id, other.id]) await expect(issue(id)).rejects.toMatchObject({ code: 'key_reused' })
    const issued = { action: 'staff_setup_code_issued', actor: `staff:${admin.id}` }
    expect(await world.db('audit_log').where(issued).pluck('subject')).toEqual([`staff:${person.id}`])
    const choose = (code: string) => chooseFirstPassword(staff, { login: person.login, code, password: PASSWORD, address: '192.0.2.1' })
    const { code: next } = await issue(person.id, randomUUID())
    await expect(choose(codes[0] ?? '')).rejects.toMatchObject({ code: 'wrong_code' })
    await choose(next)
    await expect(issue()).rejects.toMatchObject({ code: 'key_reused' })
    await expect(issue(person.id, randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe.each(ENGINES)('a second factor that takes the place of another on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, fund: '0' })
  })
  afterAll(() => world.close())

  test('is set up once by one form, so that the recovery codes that it showed stay good', async () => {
    const { staff: deps } = world.parts
    const { actor } = await StaffPerson.make(world, 'approver')
    const staff = await requireStaff(world.db, actor.id)
    const enrol = ({ sealed, plain }: OfferedSecret): Promise<string[]> => {
      const code = codeNow(plain, world.clock.now())
      return enrolSecondFactor(deps, staff, { sealed, code, address: '192.0.2.1', replace: true })
    }
    await enrol(offerSecret(deps, staff.id))
    const form = offerSecret(deps, staff.id)
    const came = await Promise.allSettled([enrol(form), enrol(form), enrol(form)])
    const shown = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await expect(enrol(form)).rejects.toMatchObject({ code: 'key_reused' })
    expect(shown).toHaveLength(1)
    expect(await world.db('audit_log').where({ subject: `staff:${staff.id}`, action: 'second_factor_set' })).toHaveLength(2)
    await showSecondFactor(deps, staff, { code: shown[0]?.[0] ?? '', address: '192.0.2.1' })
  })
})

/** SQLite has one writer at a time, and so no order of locks. */
describe('whoever changes staff and is no admin any more', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine: 'postgres', fund: '0' })
  })
  afterAll(() => world.close())

  test('is locked in the order of ids like everybody else, so that no two changes wait for each other', async () => {
    const [boss, one, two] = [
      (await StaffPerson.make(world, 'admin')).actor,
      (await StaffPerson.make(world, 'admin')).actor,
      (await StaffPerson.make(world, 'admin')).actor,
    ]
    const [author, target] = one.id < two.id ? [one, two] : [two, one]
    for (const { id } of [author, target]) await changeRole(world.parts.staff, id, 'viewer', { ...ORDER, author: boss })
    const by = { author, reason: 'a test', key: randomUUID() }
    const free = (changing: () => Promise<void>): Promise<readonly [unknown[], Promise<unknown>]> =>
      inTransaction(world.db, async (tx) => {
        await tx('staff').where({ id: author.id }).forNoKeyUpdate().first('id')
        const changed = changing().catch((error: unknown) => (error as Refusal).code)
        await until(() => someoneWaits(world.db))
        return [await tx('staff').where({ id: target.id }).forNoKeyUpdate().skipLocked().pluck('id'), changed] as const
      })
    for (const changing of [
      () => setStaffEmail(world.parts.staff, target.id, 'a@example.test', by),
      () => signOutEverywhere(world.parts.staff, target.id, author, { reason: 'a test' }),
      () => changeRole(world.parts.staff, target.id, 'support', by),
    ]) {
      const [locked, changed] = await free(changing)
      expect([locked, await changed]).toEqual([[target.id], 'forbidden'])
    }
  })
})
