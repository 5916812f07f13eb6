import { passwordStamp } from '../../src/members'
import { admitStaff, changeRole, disableStaff } from '../../src/staff'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Actor } from '../../src/shared/actor'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

const ORDER = { author: COMMAND_LINE, reason: 'a test' }

describe('staff', () => {
  let world: World
  let admin: StaffPerson
  beforeAll(async () => {
    world = await World.make({ fund: '0' })
    admin = await StaffPerson.make(world, 'admin', 'first-admin')
    await admin.signsIn()
  })
  beforeEach(() => world.db('sign_in_attempts').delete())
  afterAll(() => world.close())

  /** Fills in a form of the back office, looks at what would change, and confirms it. */
  async function does(by: StaffPerson, page: string, action: string, fields: Record<string, string>) {
    const shown = await by.browser.open(page)
    const preview = await by.browser.submit(shown, action, { reason: 'a test', ...fields })
    if (preview.state !== 'confirm') return preview
    return by.browser.submit(preview, action)
  }

  test('an admin adds an operator, hands over a code, and the operator chooses a password with it, once', async () => {
    const list = await does(admin, '/admin/staff', '/admin/staff', { login: 'New.Operator', role: 'operator' })
    expect(list.url).toContain('done=done')
    const [row] = await world.db('staff').where({ login: 'new.operator' }).select<{ id: string }[]>('id')
    const path = `/admin/staff/${row?.id ?? ''}`
    const card = await admin.browser.open(path)
    const issued = await admin.browser.submit(card, `${path}/set-up-code`)
    const code = /<code class="secret">([^<]+)</.exec(issued.html)?.[1] ?? ''
    const copy = await admin.browser.submit(card, `${path}/set-up-code`)
    expect([copy.status, copy.state, copy.html.includes('class="secret"')]).toEqual([409, 'staff-member', false])
    // Where a keyboard begins.
    expect(/autofocus>([^<]+)</.exec(copy.html)?.[1]).toContain('Новый не выдан')
    const person = world.browser()
    const choose = async (typed: string, password: string) =>
      person.submit(await person.open('/sign-in/set-up'), '/sign-in/set-up', { login: 'new.operator', code: typed, password })
    expect((await choose('AAAA-AAAA-AAAA-AAAA', PASSWORD)).status).toBe(401)
    expect((await choose(code, 'short')).status).toBe(400)
    expect((await choose(code, PASSWORD)).state).toBe('sign-in')
    expect((await choose(code, 'another password')).status).toBe(401)
    const home = await person.submit(await person.open('/sign-in'), '/sign-in', { login: 'new.operator', password: PASSWORD })
    expect(home.state).toBe('home')
    expect((await person.open('/admin/staff')).status).toBe(403)
  })

  test('an approver or an admin is never made by one person alone', async () => {
    const answer = await does(admin, '/admin/staff', '/admin/staff', { login: 'second-admin', role: 'admin' })
    expect(answer.url).toContain('done=waiting')
    expect(await world.db('staff').where({ login: 'second-admin' })).toEqual([])
    const other = await StaffPerson.make(world, 'approver')
    await other.signsIn()
    const [request] = await world.db('approvals').where({ kind: 'staff_added', state: 'open' }).select<{ id: string }[]>('id')
    const page = await other.browser.open(`/admin/approvals/${request?.id ?? ''}`)
    await other.browser.submit(page, `/admin/approvals/${request?.id ?? ''}/approve`)
    expect(await world.db('staff').where({ login: 'second-admin' }).select('role')).toEqual([{ role: 'admin' }])
  })

  test('another role, a disabled login, a lost factor and a new password end every session at once', async () => {
    const person = await StaffPerson.make(world, 'support')
    const path = `/admin/staff/${person.actor.id}`
    const opens = async (): Promise<string | undefined> => (await person.browser.open('/admin/me')).state
    await person.password()
    expect(await opens()).toBe('me')
    await does(admin, path, `${path}/role`, { role: 'operator' })
    expect(await opens()).toBe('sign-in')

    await person.password()
    await does(admin, path, `${path}/disable`, {})
    expect(await opens()).toBe('sign-in')
    expect((await person.password()).status).toBe(401)
    await does(admin, path, `${path}/enable`, {})
    await person.password()
    expect(await opens()).toBe('me')

    const elsewhere = new StaffPerson(world, person.actor)
    await elsewhere.password()
    const me = await person.browser.open('/admin/me')
    const changed = await person.browser.submit(me, '/admin/me/password', { current: PASSWORD, password: 'a newer password' })
    expect([changed.state, (await elsewhere.browser.open('/admin/me')).state]).toEqual(['me', 'sign-in'])
    expect((await elsewhere.password()).status).toBe(401)

    await does(admin, path, `${path}/reset-access`, {})
    expect(await opens()).toBe('sign-in')
    expect((await person.password('a newer password')).status).toBe(401)
  })

  test('a form that is sent again, by the way back or a double click, does nothing more than the first time', async () => {
    const person = await StaffPerson.make(world, 'support')
    const path = `/admin/staff/${person.actor.id}`
    const rows = async (): Promise<string[]> =>
      (await world
        .db('audit_log')
        .where({ subject: `staff:${person.actor.id}` })
        .orderBy('id')
        .pluck('action')) as string[]
    const preview = async (action: string, fields: Record<string, string> = {}) =>
      admin.browser.submit(await admin.browser.open(path), `${path}/${action}`, { reason: 'a test', ...fields })
    const [disable, role] = [await preview('disable'), await preview('role', { role: 'operator' })]
    const send = (page: Awaited<ReturnType<typeof preview>>, action: string) => admin.browser.submit(page, `${path}/${action}`)
    await send(role, 'role')
    await does(admin, path, `${path}/role`, { role: 'viewer' })
    await send(disable, 'disable')
    await does(admin, path, `${path}/enable`, {})
    const done = await rows()
    await person.password()
    for (const [page, action] of [
      [role, 'role'],
      [disable, 'disable'],
    ] as const)
      expect((await send(page, action)).url).toContain('done=done')
    expect((await person.browser.open('/admin/me')).state).toBe('me')
    expect(await rows()).toEqual(done)
    // One that found nothing to change, since they were a viewer already, does not take away what they became since.
    const unchanged = await preview('role', { role: 'viewer' })
    await send(unchanged, 'role')
    await does(admin, path, `${path}/role`, { role: 'operator' })
    await send(unchanged, 'role')
    expect(await world.db('staff').where({ id: person.actor.id }).first('role')).toEqual({ role: 'operator' })
    await person.password()
    const card = await admin.browser.open(path)
    await admin.browser.submit(card, `${path}/sign-out`, { reason: 'a test' })
    await person.password()
    await admin.browser.submit(card, `${path}/sign-out`, { reason: 'a test' })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
    expect((await rows()).filter((action) => action === 'staff_sessions_ended')).toHaveLength(1)
  })

  test('an address for letters is set on the page, shown to admin and auditor, taken away, and in no audit row', async () => {
    const person = await StaffPerson.make(world, 'viewer')
    const path = `/admin/staff/${person.actor.id}`
    const card = await admin.browser.open(path)
    const wrong = await admin.browser.submit(card, `${path}/email`, { email: 'petrova', reason: 'a test' })
    expect([wrong.status, wrong.state, wrong.html.includes('Это не адрес электронной почты')]).toEqual([400, 'staff-member', true])
    for (const kept of ['value="petrova"', 'value="a test"']) expect(wrong.html).toContain(kept)
    const set = await admin.browser.submit(wrong, `${path}/email`, { email: ' petrova@example.test ', reason: 'a test' })
    expect(set.url).toContain('done=done')
    expect(set.html).toContain('petrova@example.test')
    await admin.browser.submit(set, `${path}/email`, { email: '', reason: 'a test' })
    // Sent once more, the form before does not bring the address back.
    await admin.browser.submit(wrong, `${path}/email`, { email: 'petrova@example.test', reason: 'a test' })
    expect((await admin.browser.open(path)).html).toContain('не указана')
    const rows = await world.db('audit_log').where({ action: 'staff_email_set', subject: `staff:${person.actor.id}` })
    expect(rows).toHaveLength(2)
    expect(JSON.stringify(rows)).not.toContain('example.test')
  })

  test('the form of an address that was sent before with another one is not told as done, and goes on as a new form', async () => {
    const person = await StaffPerson.make(world, 'viewer')
    const path = `/admin/staff/${person.actor.id}`
    const card = await admin.browser.open(path)
    const sends = (page: Page, email: string) => admin.browser.submit(page, `${path}/email`, { email, reason: 'a test' })
    await sends(card, 'typo@example.test')
    expect((await sends(card, 'typo@example.test')).url).toContain('done=done')
    // The way back in the browser shows the same form, where the typing error is put right.
    const refused = await sends(card, 'right@example.test')
    expect([refused.status, (await admin.browser.open(path)).html.includes('typo@example.test')]).toEqual([409, true])
    expect((await sends(refused, 'right@example.test')).html).toContain('right@example.test')
  })

  test('a person sees where they are signed in, ends one session, and all of them', async () => {
    const person = await StaffPerson.make(world, 'auditor')
    await person.password()
    const elsewhere = new StaffPerson(world, person.actor)
    await elsewhere.password()
    const third = new StaffPerson(world, person.actor)
    await third.password()
    const me = await person.browser.open('/admin/me')
    expect(me.html.match(/127\.0\.0\.x/g)?.length).toBeGreaterThanOrEqual(3)
    // Of several sessions of one browser, each button says when its own began.
    expect(me.html.match(/title="20\d\d-[^"]+Z">Завершить сеанс: [^<]*\d\d:\d\d[^<]* · 127\.0\.0\.x</g)).toHaveLength(2)
    await person.browser.submit(me, '/admin/me/sessions/end')
    const left = [await elsewhere.browser.open('/admin/me'), await third.browser.open('/admin/me')].filter(({ state }) => state === 'me')
    expect(left).toHaveLength(1)
    await person.browser.submit(await person.browser.open('/admin/me'), '/admin/me/sign-out-everywhere')
    for (const { browser } of [person, elsewhere, third]) expect((await browser.open('/admin/me')).state).toBe('sign-in')
  })

  test('nobody ends a session of somebody else by its name', async () => {
    const [person, stranger] = [await StaffPerson.make(world, 'viewer'), await StaffPerson.make(world, 'viewer')]
    await person.password()
    await stranger.password()
    const [session] = await world.db('sessions').where({ staff_id: person.actor.id }).select<{ id_hash: string }[]>('id_hash')
    const token = /name="_csrf" value="([^"]+)"/.exec((await stranger.browser.open('/admin/me')).html)?.[1] ?? ''
    await stranger.browser.post(`${world.url}/admin/me/sessions/end`, { _csrf: token, session: session?.id_hash ?? '' })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
  })
})

describe.each(ENGINES)('at the same moment on %s', (engine) => {
  test('a role that changes between the password and the session lets nobody in with the old one', async () => {
    const world = await World.make({ engine, fund: '0' })
    const { actor } = await StaffPerson.make(world, 'operator')
    const [row] = await world.db('staff').where({ id: actor.id }).select<{ password_hash: string }[]>('password_hash')
    const stamp = passwordStamp(row?.password_hash ?? '')
    const seen: (Actor | null)[] = []
    const door = {
      signIn: async (who: Actor) => {
        await changeRole(world.parts.staff, actor.id, 'viewer', ORDER)
        seen.push(who)
      },
      signInHalfway: () => Promise.resolve(),
      signOut: () => Promise.resolve(void seen.push(null)),
    }
    await expect(admitStaff(world.parts.staff, door, actor, { stamp })).rejects.toMatchObject({ code: 'wrong_login_or_password' })
    expect(seen).toEqual([actor, null])
    await world.close()
  })

  test('two admins who disable each other at once: one is left, and cannot be demoted either', async () => {
    const world = await World.make({ engine, fund: '0' })
    const [one, other] = [await StaffPerson.make(world, 'admin'), await StaffPerson.make(world, 'admin')]
    const outcomes = await Promise.allSettled([
      disableStaff(world.parts.staff, one.actor.id, { author: other.actor, reason: 'a test' }),
      disableStaff(world.parts.staff, other.actor.id, { author: one.actor, reason: 'a test' }),
    ])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const left = await world.db('staff').whereNull('disabled_at').select<{ id: string }[]>('id')
    expect(left).toHaveLength(1)
    await expect(changeRole(world.parts.staff, left[0]?.id ?? '', 'viewer', ORDER)).rejects.toMatchObject({ code: 'last_admin' })
    await world.close()
  })
})
