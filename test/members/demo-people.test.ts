import { findDefaultPasswords, seedDemoPeople, showMember, signIn } from '../../src/members'
import type { MembersDeps } from '../../src/members'
import { ENGINES } from '../support/databases'
import { makeMembersWorld } from './world'

test.each(ENGINES)('the demo people are there after seeding, and seeding again changes nothing (%s)', async (engine) => {
  const world = await makeMembersWorld(engine)
  const people = () => Promise.all(['anna', 'boris', 'vera'].map((login) => showMember(world.db, login)))
  const countRows = async () => {
    const tables = ['logins', 'members', 'staff', 'audit_log', 'ledger_entries']
    return Promise.all(tables.map((table) => world.db(table).count({ n: '*' })))
  }
  const signInAs = (deps: MembersDeps, login: string) => signIn(deps, { login, password: `demo-${login}`, address: '203.0.113.1' })
  try {
    expect(await findDefaultPasswords(world.db)).toEqual([])
    await seedDemoPeople(world.deps)
    const [seeded, rows] = [await people(), await countRows()]
    expect(seeded).toMatchObject([
      { login: 'anna', available: '25000.00', held: '0.00', locked: false },
      { login: 'boris', available: '100.00', locked: false },
      { login: 'vera', available: '5000.00', locked: true },
    ])
    await seedDemoPeople(world.anotherInstance())
    expect(await people()).toEqual(seeded)
    expect(await countRows()).toEqual(rows)
    for (const login of ['anna', 'boris', 'vera']) expect(await signInAs(world.deps, login)).toMatchObject({ kind: 'member', login })
    for (const role of ['admin', 'viewer', 'support', 'operator', 'approver', 'auditor'])
      expect(await signInAs(world.deps, role)).toMatchObject({ kind: 'staff', role })
    expect((await findDefaultPasswords(world.db)).sort()).toEqual([
      'admin',
      'anna',
      'approver',
      'auditor',
      'boris',
      'operator',
      'support',
      'vera',
      'viewer',
    ])
    expect(await world.differences()).toEqual([])
  } finally {
    await world.close()
  }
})
