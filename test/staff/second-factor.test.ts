import type { Engine } from '../../src/shared/database'
import { canonicalJson } from '../../src/shared/ids'
import { ENGINES } from '../support/databases'
import { codeNow, recoveryCodesOn, secretOn, StaffPerson } from '../support/staff'
import type { Page } from '../support/browser'
import { PASSWORD, World } from '../support/world'

const STEP = 30_000

/** A world with nobody in it, and a way to people who have set the factor up and are signed out again. */
function useWorld(engine: Engine) {
  const at = {} as { world: World }
  beforeAll(async () => {
    at.world = await World.make({ engine, fund: '0' })
  })
  // Failures are counted per address, and every test has the same one.
  beforeEach(() => at.world.db('sign_in_attempts').delete())
  afterAll(() => at.world.close())
  const enrolled = async (): Promise<StaffPerson> => {
    const person = await StaffPerson.make(at.world, 'approver')
    await person.signsIn()
    await person.browser.submit(await person.browser.open('/admin/me'), '/sign-out')
    at.world.clock.move(STEP)
    return person
  }
  return { at, enrolled }
}

describe.each(ENGINES)('a code on %s', (engine) => {
  const { at, enrolled } = useWorld(engine)

  test('a code is taken once, at any number of browsers at once', async () => {
    const person = await enrolled()
    const browsers = Array.from({ length: 4 }, () => at.world.browser())
    const pages: Page[] = []
    for (const browser of browsers) {
      const page = await browser.open('/sign-in')
      pages.push(await browser.submit(page, '/sign-in', { login: person.actor.login, password: PASSWORD }))
    }
    const { code } = person
    const answers = await Promise.all(browsers.map((browser, n) => browser.submit(pages[n] as Page, '/sign-in/code', { code })))
    expect(answers.map(({ status }) => status === 401).sort()).toEqual([false, true, true, true])
    const late = await person.password()
    expect((await person.browser.submit(late, '/sign-in/code', { code })).status).toBe(401)
    at.world.clock.move(STEP)
    await person.browser.submit(late, '/sign-in/code', { code: person.code })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
  })

  test('a recovery code opens once, however it is typed, and a used one never again', async () => {
    const person = await enrolled()
    const [first = ''] = person.recoveryCodes
    const page = await person.password()
    await person.browser.submit(page, '/sign-in/code', { code: ` ${first.toLowerCase()} ` })
    expect((await person.browser.open('/admin/me')).html).toContain('осталось: 9')
    const again = new StaffPerson(at.world, person.actor)
    expect((await again.browser.submit(await again.password(), '/sign-in/code', { code: first })).status).toBe(401)
    const row = await at.world.db('audit_log').where({ action: 'recovery_code_used', subject: `staff:${person.actor.id}` })
    expect(row).toHaveLength(1)
  })
})

describe('the second factor', () => {
  const { at, enrolled } = useWorld('sqlite')

  test('an admin sets it up at the first sign-in, proves it with a code, and gets ten recovery codes once', async () => {
    const admin = await StaffPerson.make(at.world, 'admin')
    const page = await admin.password()
    expect([page.state, new URL(page.url).pathname]).toEqual(['enrol', '/sign-in/enrol'])
    const wrong = await admin.browser.submit(page, '/sign-in/enrol', { code: '000000' })
    expect([wrong.status, wrong.state]).toEqual([401, 'enrol'])
    // The secret stays the same, so that the device need not scan again.
    expect(secretOn(wrong)).toBe(secretOn(page))
    const codes = await admin.browser.submit(wrong, '/sign-in/enrol', { code: codeNow(secretOn(page), at.world.clock.now()) })
    expect(codes.state).toBe('recovery-codes')
    expect(new Set(recoveryCodesOn(codes)).size).toBe(10)
    expect((await admin.browser.open('/admin/me')).state).toBe('me')
    expect((await admin.browser.open('/admin/me')).html).not.toContain(recoveryCodesOn(codes)[0])
    const stored = canonicalJson([
      await at.world.db('staff_factors'),
      await at.world.db('staff_recovery_codes'),
      await at.world.db('audit_log'),
    ])
    for (const secret of [secretOn(page), ...recoveryCodesOn(codes)]) expect(stored).not.toContain(secret)
  })

  test('guesses are counted like passwords and in the same limit', async () => {
    const person = await enrolled()
    const page = await person.password()
    for (let guess = 0; guess < 10; guess++) expect((await person.browser.submit(page, '/sign-in/code', { code: 'AAAA' })).status).toBe(401)
    expect((await person.browser.submit(page, '/sign-in/code', { code: person.code })).status).toBe(429)
    expect((await new StaffPerson(at.world, person.actor).password()).status).toBe(429)
  })

  test('half a sign-in opens nothing, lasts ten minutes, and ends with the password, the role and the factor', async () => {
    const person = await enrolled()
    const paths = ['/admin', '/admin/me', '/admin/staff', '/admin/members', '/admin/audit', '/account']
    const page = await person.password()
    for (const path of paths) expect([path, (await person.browser.open(path)).state]).toEqual([path, 'sign-in'])
    expect((await person.browser.post(`${at.world.url}/admin/me/sign-out-everywhere`, {})).status).toBe(401)
    expect((await person.browser.open('/sign-in/enrol')).state).toBe('second-factor')

    at.world.clock.move(11 * 60_000)
    expect((await person.browser.submit(page, '/sign-in/code', { code: person.code })).state).toBe('sign-in')

    const fresh = await person.password()
    await at.world.db('staff').where({ id: person.actor.id }).update({ password_hash: 'another' })
    expect((await person.browser.submit(fresh, '/sign-in/code', { code: person.code })).state).toBe('sign-in')
  })

  test('every step has a session id of its own, and the older ones are dead', async () => {
    const person = await enrolled()
    const ids: (string | undefined)[] = []
    const before = await person.browser.open('/sign-in')
    ids.push(person.browser.cookie('gateway'))
    const asked = await person.browser.submit(before, '/sign-in', { login: person.actor.login, password: PASSWORD })
    ids.push(person.browser.cookie('gateway'))
    await person.browser.submit(asked, '/sign-in/code', { code: person.code })
    ids.push(person.browser.cookie('gateway'))
    expect(new Set(ids).size).toBe(3)
    for (const id of ids.slice(0, 2)) {
      const answer = await fetch(`${at.world.url}/admin/me`, { headers: { cookie: `gateway=${id ?? ''}` }, redirect: 'manual' })
      expect(answer.headers.get('location')).toMatch(/^\/sign-in\?/)
      const code = await fetch(`${at.world.url}/sign-in/code`, { headers: { cookie: `gateway=${id ?? ''}` }, redirect: 'manual' })
      expect(code.headers.get('location')).toBe('/sign-in')
    }
  })

  test('a secret sealed under another SESSION_SECRET opens nothing, and recovery codes still do', async () => {
    const person = await enrolled()
    await at.world
      .db('staff_factors')
      .where({ staff_id: person.actor.id })
      .update({ secret: 'v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })
    const page = await person.password()
    expect((await person.browser.submit(page, '/sign-in/code', { code: person.code })).status).toBe(401)
    await person.browser.submit(page, '/sign-in/code', { code: person.recoveryCodes[1] ?? '' })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
  })

  test('a code taken under a clock that was years ahead does not shut its owner out', async () => {
    const person = await enrolled()
    await at.world.db('staff_factors').where({ staff_id: person.actor.id }).update({ last_step: 99_999_999 })
    await person.browser.submit(await person.password(), '/sign-in/code', { code: person.code })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
  })

  test('whose role needs none gets in with the password, and is asked once they have set one up', async () => {
    const person = await StaffPerson.make(at.world, 'viewer')
    await person.password()
    const offer = await person.browser.open('/admin/me/second-factor')
    person.secret = secretOn(offer)
    const refused = await person.browser.submit(offer, '/admin/me/second-factor', { code: person.code, current: 'wrong password' })
    expect([refused.status, secretOn(refused)]).toEqual([401, person.secret])
    const codes = await person.browser.submit(refused, '/admin/me/second-factor', { code: person.code, current: PASSWORD })
    expect(recoveryCodesOn(codes)).toHaveLength(10)
    const copied = await person.browser.submit(refused, '/admin/me/second-factor', { code: person.code, current: PASSWORD })
    expect([copied.status, copied.state, copied.html]).toEqual([409, 'me', expect.stringContaining('Эту форму уже отправили')])
    const elsewhere = new StaffPerson(at.world, person.actor)
    expect((await elsewhere.password()).state).toBe('second-factor')

    const me = await person.browser.open('/admin/me')
    const renewed = await person.browser.submit(me, '/admin/me/recovery-codes', { current: PASSWORD })
    const again = await person.browser.submit(me, '/admin/me/recovery-codes', { current: PASSWORD })
    expect([again.status, again.html]).toEqual([409, expect.stringContaining('Кодов восстановления осталось: 10.')])
    expect(again.html).toContain('Эту форму уже отправили')
    const old = await elsewhere.browser.submit(await elsewhere.password(), '/sign-in/code', { code: recoveryCodesOn(codes)[0] ?? '' })
    expect([recoveryCodesOn(renewed).length, old.status]).toEqual([10, 401])
    await elsewhere.browser.submit(await elsewhere.password(), '/sign-in/code', { code: recoveryCodesOn(renewed)[0] ?? '' })
    expect((await elsewhere.browser.open('/admin/me')).html).toContain('осталось: 9')

    await person.browser.submit(await person.browser.open('/admin/me'), '/admin/me/second-factor/drop', { current: PASSWORD })
    expect((await person.browser.open('/admin/me')).state).toBe('me')
    await elsewhere.password()
    expect((await elsewhere.browser.open('/admin/me')).state).toBe('me')
  })

  test('whose role needs one cannot turn it off', async () => {
    const person = await enrolled()
    at.world.clock.move(STEP)
    await person.signsIn()
    const page = await person.browser.open('/admin/me')
    expect(page.html).not.toContain('/admin/me/second-factor/drop')
    const token = /name="_csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await person.browser.post(`${at.world.url}/admin/me/second-factor/drop`, { _csrf: token, current: PASSWORD })).status).toBe(403)
  })
})

test('in the demo nobody is asked for one', async () => {
  const world = await World.make({ fund: '0', env: { MODE: 'demo' } })
  const admin = await StaffPerson.make(world, 'admin')
  await admin.password()
  const page = await admin.browser.open('/admin/me')
  expect(page.state).toBe('me')
  expect((await admin.browser.open('/admin/me/second-factor')).status).toBe(404)
  await world.close()
})
