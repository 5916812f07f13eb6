import { randomUUID } from 'node:crypto'
import { COMMAND_LINE } from '../../src/shared/actor'
import { openDatabase } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { issueSetupCode, renewRecoveryCodes, requireStaff, resetAccess } from '../../src/staff'
import type { StaffDeps } from '../../src/staff'
import { enrolSecondFactor, offerSecret, showSecondFactor } from '../../src/staff/second-factor'
import { chooseFirstPassword } from '../../src/staff/setup'
import { startProxy } from '../scale/proxy'
import type { Proxy } from '../scale/proxy'
import { codeNow, StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

const ADDRESS = '192.0.2.1'

/** SQLite has no wire on which an answer could be lost. */
describe('what is shown once is shown, also where it was stored and the database could not say so', () => {
  let world: World
  let proxy: Proxy
  let db: Db
  beforeAll(async () => {
    world = await World.make({ engine: 'postgres', fund: '0' })
    proxy = await startProxy()
  })
  beforeEach(() => {
    db = openDatabase(proxy.urlOf(world.databaseUrl), { poolSize: 1 })
  })
  afterEach(() => db.destroy())
  afterAll(async () => {
    await proxy.close()
    await world.close()
  })

  /** A database that stores what is written into the table, and whose answer to that is lost once. */
  function losing(table: string): StaffDeps {
    const lose = ({ sql }: { readonly sql: string }): void => {
      if (!/^(insert|update)/.test(sql) || !sql.includes(`"${table}"`)) return
      db.off('query', lose)
      proxy.loseNextCommit()
    }
    db.on('query', lose)
    return { ...world.parts.staff, db }
  }
  const opens = (staffId: string, code = '') =>
    requireStaff(world.db, staffId).then((staff) => showSecondFactor(world.parts.staff, staff, { code, address: ADDRESS }))

  test('the code of a first sign-in', async () => {
    const [{ actor: admin }, { actor: person }] = [await StaffPerson.make(world, 'admin'), await StaffPerson.make(world, 'viewer')]
    await resetAccess(world.parts.staff, person.id, { author: COMMAND_LINE, reason: 'a test' })
    const { code } = await issueSetupCode(losing('staff_setups'), person.id, admin, randomUUID())
    await chooseFirstPassword(world.parts.staff, { login: person.login, code, password: PASSWORD, address: ADDRESS })
  })

  test('new recovery codes', async () => {
    const { actor } = await StaffPerson.make(world, 'approver')
    const staff = await requireStaff(world.db, actor.id)
    const [first] = await renewRecoveryCodes(losing('staff_recovery_codes'), staff, randomUUID())
    await opens(actor.id, first)
  })

  test.each([true, false])('those of a second factor; in the place of another: %p', async (replace) => {
    const deps = world.parts.staff
    const { actor } = await StaffPerson.make(world, 'approver')
    const staff = await requireStaff(world.db, actor.id)
    const enrol = (on: StaffDeps): Promise<string[]> => {
      const { sealed, plain } = offerSecret(on, actor.id)
      return enrolSecondFactor(on, staff, { sealed, code: codeNow(plain, world.clock.now()), address: ADDRESS, replace })
    }
    if (replace) await enrol(deps)
    const [first] = await enrol(losing('staff_factors'))
    await opens(actor.id, first)
    expect(await world.db('audit_log').where({ subject: `staff:${actor.id}`, action: 'second_factor_set' })).toHaveLength(replace ? 2 : 1)
  })
})
