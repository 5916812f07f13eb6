import { buildProgram } from '../../src/cli/program'
import type { ShownStaff } from '../../src/staff'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

describe('gateway staff', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ fund: '0' })
  })
  afterAll(() => world.close())

  /** Runs a command in this process and reads its one JSON value. */
  async function run(...words: string[]): Promise<unknown> {
    const written: string[] = []
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text))
      return true
    })
    try {
      await buildProgram(() => ({ ...world.parts.config, commandLinePassword: PASSWORD })).parseAsync(['staff', ...words, '--json'], {
        from: 'user',
      })
    } finally {
      spy.mockRestore()
    }
    return JSON.parse(written.join('')) as unknown
  }
  const add = (login: string, role: string) => run('add', login, '--role', role, '--password', PASSWORD) as Promise<ShownStaff>

  test('adds, lists, changes and disables at once, is audited, and opens an alert each time', async () => {
    const first = await add('Root', 'admin')
    expect(first).toMatchObject({ login: 'root', role: 'admin', state: 'active', secondFactor: false })
    const other = (await run('add', 'petrova', '--role', 'viewer', '--password', PASSWORD)) as ShownStaff
    expect(await run('role', 'petrova', 'approver', '--reason', 'By order 7')).toMatchObject({ role: 'approver' })
    expect(await run('disable', 'PETROVA')).toMatchObject({ state: 'disabled' })
    expect(await run('enable', 'petrova')).toMatchObject({ state: 'active' })
    expect(await run('reset-second-factor', 'petrova')).toMatchObject({ secondFactor: false })
    expect(first).toMatchObject({ email: null })
    expect(await run('email', 'Petrova', 'petrova@example.test')).toMatchObject({ email: 'petrova@example.test' })
    expect(await run('email', 'petrova')).toMatchObject({ email: null })
    await expect(run('email', 'petrova', 'nobody')).rejects.toMatchObject({ code: 'bad_input', detail: 'email' })
    await expect(run('add', 'smirnova', '--role', 'viewer', '--password', PASSWORD, '--email', 'no')).rejects.toMatchObject({
      code: 'bad_input',
    })
    expect(((await run('list')) as ShownStaff[]).map(({ login, role }) => [login, role])).toEqual([
      ['petrova', 'approver'],
      ['root', 'admin'],
    ])
    const rows = await world
      .db('audit_log')
      .where({ subject: `staff:${other.id}` })
      .orderBy('id')
      .select<{ action: string; actor: string }[]>('action', 'actor')
    expect(rows).toEqual(
      ['staff_added', 'staff_role_changed', 'staff_disabled', 'staff_enabled', 'staff_email_set', 'staff_email_set'].map((action) => ({
        action,
        actor: 'system:command-line',
      })),
    )
    const alerts = (await world.alerts()).filter(({ kind }) => kind === 'staff_changed_by_command_line')
    expect(alerts.map(({ subject }) => subject).sort()).toEqual([`staff:${first.id}`, `staff:${other.id}`].sort())
  })

  test('a code issued here takes the place of the password, and comes from nobody among the staff', async () => {
    const { id } = await add('kuznetsova', 'approver')
    const issued = (await run('code', 'Kuznetsova')) as { login: string; code: string; expiresAt: string }
    expect(issued).toMatchObject({ login: 'kuznetsova', code: expect.stringMatching(/^(\w{4}-){3}\w{4}$/) as string })
    const again = (await run('code', 'kuznetsova')) as { code: string }
    const person = world.browser()
    const choose = async (code: string) =>
      person.submit(await person.open('/sign-in/set-up'), '/sign-in/set-up', { login: 'kuznetsova', code, password: PASSWORD })
    expect((await choose(issued.code)).status).toBe(401)
    expect((await choose(again.code)).state).toBe('sign-in')
    const rows = (await world
      .db('audit_log')
      .where({ subject: `staff:${id}`, actor: 'system:command-line' })
      .pluck('action')) as string[]
    expect(rows.sort()).toEqual(['staff_access_reset', 'staff_added', 'staff_setup_code_issued', 'staff_setup_code_issued'])
    await expect(run('code', 'nobody')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('with --as the person acts, is audited, and waits for a second one where the page would', async () => {
    const admin = await StaffPerson.make(world, 'admin')
    await admin.signsIn()
    await add('ivanova', 'viewer')
    const asAdmin = async (...words: string[]): Promise<unknown> => {
      await world.db('staff_factors').update({ last_step: 0 })
      return run(...words, '--as', admin.actor.login, '--code', admin.code)
    }
    expect(await asAdmin('role', 'ivanova', 'operator', '--reason', 'By order 8')).toMatchObject({ role: 'operator' })
    expect(await world.db('audit_log').where({ action: 'staff_role_changed' }).orderBy('id', 'desc').first('actor')).toEqual({
      actor: `staff:${admin.actor.id}`,
    })
    expect(await asAdmin('role', 'ivanova', 'approver')).toEqual({ waiting: expect.any(String) as string })
    expect([process.exitCode, ((await run('list')) as ShownStaff[]).find(({ login }) => login === 'ivanova')?.role]).toEqual([
      3,
      'operator',
    ])
    process.exitCode = 0
    expect(await asAdmin('add', 'sidorova', '--role', 'support')).toMatchObject({ login: 'sidorova', state: 'awaits-setup' })
    expect(await asAdmin('disable', 'ivanova')).toMatchObject({ state: 'disabled' })
    await expect(run('disable', 'sidorova', '--as', admin.actor.login, '--code', '000000')).rejects.toMatchObject({ code: 'wrong_code' })
    await run('disable', admin.actor.login)
  })

  test('does not leave the operator without an admin, and tells what does not exist', async () => {
    await expect(run('disable', 'root')).rejects.toMatchObject({ code: 'last_admin' })
    await expect(run('role', 'root', 'viewer')).rejects.toMatchObject({ code: 'last_admin' })
    await expect(run('disable', 'nobody')).rejects.toMatchObject({ code: 'not_found' })
    await expect(add('root', 'viewer')).rejects.toMatchObject({ code: 'login_taken' })
  })
})
