import { randomUUID } from 'node:crypto'
import { createHttp } from '../../src/http'
import { addStaff, creditMember, debitMember, lockMember } from '../../src/members'
import type { FindReceipts } from '../../src/members'
import { memberRoutes } from '../../src/members/routes'
import type { MemberRoutesDeps } from '../../src/members/routes'
import { ACCOUNTS, memberAccount, transfer } from '../../src/ledger'
import { MINUTE } from '../../src/shared/clock'
import { createTexts } from '../../src/shared/texts'
import { Browser, ORIGIN } from './browser'
import { OPERATOR, PASSWORD, makeMembersWorld, points } from './world'
import type { MembersWorld } from './world'

describe('the pages of a member', () => {
  let world: MembersWorld
  let app: Browser['app']
  const receipts = new Map([['payment-1', { number: '324', href: '/pay/checkout-1' }]])
  const findReceipts: FindReceipts = (ids) => Promise.resolve(new Map([...receipts].filter(([id]) => ids.includes(id))))

  beforeAll(async () => {
    world = await makeMembersWorld('sqlite')
    const { db, clock, log } = world.deps
    const program = { name: 'Мили' }
    const secret = 'a secret of the tests that is long enough'
    const http = createHttp({
      publicUrl: ORIGIN,
      sessionSecret: secret,
      mode: 'sandbox',
      program,
      db,
      clock,
      log,
      texts: createTexts(),
      trustProxy: 1,
    })
    const admitStaff: MemberRoutesDeps['admitStaff'] = async (door, staff, { next }) => {
      await door.signIn(staff)
      return next ?? '/admin'
    }
    http.mount(
      memberRoutes({
        db,
        clock,
        log,
        passport: http.passport,
        findReceipts,
        admitStaff,
        findTopUps: () => Promise.resolve({ model: null, origins: [] }),
      }),
    )
    app = http.app
  })
  afterAll(() => world.close())

  const signedIn = async (login: string): Promise<Browser> => {
    const browser = new Browser(app)
    await browser.signIn(login, PASSWORD)
    return browser
  }

  test('whoever asks for the account signs in first and is led back', async () => {
    const { login } = await world.member()
    const browser = new Browser(app)
    const sent = await browser.open('/account?before=5')
    expect(sent.status).toBe(303)
    expect(sent.headers.location).toBe('/sign-in?next=%2Faccount%3Fbefore%3D5')
    const form = await browser.open('/sign-in?next=%2Faccount%3Fbefore%3D5')
    expect(form.text).toContain('name="next" value="/account?before=5"')
    const answer = await browser.send('/sign-in', { login, password: PASSWORD, next: '/account?before=5' })
    expect([answer.status, answer.headers.location]).toEqual([303, '/account?before=5'])
    expect((await browser.open('/account')).status).toBe(200)
    expect((await browser.open('/sign-in')).headers.location).toBe('/account')
  })

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/a\r\nX-Evil: 1', '', '/sign-in'])(
    'a next of %j leads to the account, and the form does not carry it',
    async (next) => {
      const { login } = await world.member()
      const browser = new Browser(app)
      const form = await browser.open(`/sign-in?next=${encodeURIComponent(next)}`)
      expect(form.status).toBe(200)
      expect(form.text).toContain('name="next" value=""')
      expect((await browser.signIn(login, PASSWORD, next)).headers.location).toBe('/account')
    },
  )

  test('signing in begins a new session and the old one is dead', async () => {
    const { login } = await world.member()
    const browser = new Browser(app)
    await browser.open('/sign-in')
    const before = browser.copy()
    await browser.send('/sign-in', { login, password: PASSWORD })
    expect(browser.cookies.get('gateway')).not.toBe(before.cookies.get('gateway'))
    expect((await browser.open('/account')).status).toBe(200)
    expect((await before.open('/account')).status).toBe(303)
    // The planted session is gone as well: its token opens nothing.
    expect((await before.send('/sign-in', { login, password: PASSWORD })).status).toBe(403)
  })

  test('signing out ends the session for every copy of its cookie', async () => {
    const browser = await signedIn((await world.member()).login)
    await browser.open('/account')
    const copy = browser.copy()
    const answer = await browser.send('/sign-out', {})
    expect([answer.status, answer.headers.location]).toEqual([303, '/'])
    expect((await browser.open('/account')).status).toBe(303)
    expect((await copy.open('/account')).status).toBe(303)
  })

  test('a wrong password and an unknown login get the same page, which keeps the login and the way on, never the password', async () => {
    const { login } = await world.member()
    const unknown = `unknown-${randomUUID()}`
    const page = async (typed: string) => {
      const answer = await new Browser(app).signIn(typed, 'not-the-password', '/account?before=5')
      expect(answer.status).toBe(401)
      expect(answer.text).toContain(`value="${typed}"`)
      expect(answer.text).toContain('name="next" value="/account?before=5"')
      expect(answer.text).toContain('role="alert"')
      expect(answer.text).not.toContain('not-the-password')
      const same = answer.text.replaceAll(typed, '{login}').replace(/[0-9A-F]{4}(-[0-9A-F]{4}){2}/g, '{reference}')
      return same.replace(/name="_csrf" value="[^"]+"/g, '{token}')
    }
    expect(await page(login)).toBe(await page(unknown))
  })

  test('blank fields and credentials in the address open nothing', async () => {
    const { login } = await world.member()
    const browser = new Browser(app)
    await browser.open('/sign-in')
    const inAddress = `/sign-in?login=${login}&password=${encodeURIComponent(PASSWORD)}`
    expect((await browser.send(inAddress, { login: '', password: '' })).status).toBe(401)
    expect((await browser.send(inAddress, { login, password: '' })).status).toBe(401)
    expect((await browser.send(inAddress, {})).status).toBe(400)
    expect((await browser.open('/account')).status).toBe(303)
  })

  test('whatever else a form brings is refused', async () => {
    const { login } = await world.member()
    for (const extra of ['role', 'memberId', 'kind', 'constructor', 'login[]', 'next[]']) {
      const browser = new Browser(app)
      await browser.open('/sign-in')
      const answer = await browser.send('/sign-in', { login, password: PASSWORD, ...Object.fromEntries([[extra, 'admin']]) })
      expect([extra, answer.status]).toEqual([extra, 400])
      expect((await browser.open('/account')).status).toBe(303)
    }
  })

  test('a field named __proto__ never arrives: the member stays a member', async () => {
    const { login } = await world.member()
    const browser = new Browser(app)
    await browser.open('/sign-in')
    const answer = await browser.send('/sign-in', { login, password: PASSWORD, ...Object.fromEntries([['__proto__', 'admin']]) })
    expect([answer.status, answer.headers.location]).toEqual([303, '/account'])
    expect((await browser.open('/account')).text).toContain(login)
  })

  test('too many failures answer 429 on the form, to the right password too, until the window ends', async () => {
    const { login } = await world.member()
    for (let n = 0; n < 10; n++) expect((await new Browser(app).signIn(login, `guess ${n}`)).status).toBe(401)
    const answer = await new Browser(app).signIn(login, PASSWORD)
    expect(answer.status).toBe(429)
    expect(answer.text).toContain('name="password"')
    world.clock.passes(15 * MINUTE)
    expect((await new Browser(app).signIn(login, PASSWORD)).status).toBe(303)
  })

  test('the account page shows what can be spent, what is held, and the operations with a link to the payment', async () => {
    const { id, login } = await world.member()
    const account = memberAccount(id)
    const credit = {
      login,
      amount: points('25000.00'),
      kind: 'accrual',
      reason: 'Flights of March',
      key: randomUUID(),
      actor: OPERATOR,
    } as const
    await creditMember(world.deps, credit)
    const paid = transfer({ kind: 'redemption', from: account, to: ACCOUNTS.redeemed, amount: points('196.58') })
    const held = { do: 'hold', holdId: randomUUID(), account, to: ACCOUNTS.redeemed, amount: points('100.00') } as const
    await world.deps.ledger.submit({ key: randomUUID(), reference: 'payment-1', lines: [paid, held] })
    const { text, headers } = await (await signedIn(login)).open('/account')
    const shown = text.replaceAll('\u00a0', ' ').replaceAll('&nbsp;', ' ').replaceAll('&#160;', ' ')
    for (const expected of [
      '24 703,42 балла',
      '24 803,42 балла',
      '100 баллов',
      '+25 000 баллов',
      '\u2212196,58 балла',
      'Начисление',
      'Оплата счёта № 324',
      'href="/pay/checkout-1"',
    ]) {
      expect(shown).toContain(expected)
    }
    expect(headers['cache-control']).toContain('no-store')
    expect(text).not.toContain('Flights of March')
  })

  test('the history leads to older pages and back, and a page number that cannot be is refused', async () => {
    const { login } = await world.member('100.00')
    const browser = await signedIn(login)
    expect((await browser.open('/account')).text).not.toContain('before=')
    for (let n = 0; n < 21; n++)
      await debitMember(world.deps, { login, amount: points('1.00'), reason: 'Small', key: randomUUID(), actor: OPERATOR })
    expect((await browser.open('/account')).text).toContain('href="/account?before=3"')
    const older = await browser.open('/account?before=3')
    expect(older.status).toBe(200)
    expect(older.text).not.toContain('before=1"')
    expect(older.text).toMatch(/href="\/account"/)
    for (const odd of ['0', '-1', '1.5', '1e3', 'x', '', '9'.repeat(19), '0x1', ' 3', '3&before=4', "3'--"]) {
      expect([odd, (await browser.open(`/account?before=${encodeURI(odd)}`)).status]).toEqual([odd, 400])
    }
  })

  test('a member sees only the own account', async () => {
    const [anna, boris] = [await world.member('111.00'), await world.member('222.00')]
    const browser = await signedIn(anna.login)
    for (const path of ['/account', `/account?memberId=${boris.id}`, `/account?login=${boris.login}&id=${boris.id}`]) {
      const { text } = await browser.open(path)
      expect(text).toContain('111\u00a0баллов')
      expect(text).not.toContain('222\u00a0балла')
    }
  })

  test('a locked member signs in and reads why nothing can be paid', async () => {
    const { login } = await world.member('5.00')
    await lockMember(world.deps, { login, reason: 'Проверка <документов>', actor: OPERATOR })
    const { status, text } = await (await signedIn(login)).open('/account')
    expect(status).toBe(200)
    expect(text).toContain('Проверка &lt;документов&gt;')
  })

  test('staff sign in to the back office and have no points account', async () => {
    const { login } = await addStaff(world.deps, { login: `staff-${randomUUID()}`, password: PASSWORD, role: 'admin', actor: OPERATOR })
    const browser = new Browser(app)
    expect((await browser.signIn(login, PASSWORD)).headers.location).toBe('/admin')
    expect((await browser.open('/account')).status).toBe(403)
  })

  test('both pages speak English', async () => {
    const { login } = await world.member('1.00')
    expect((await new Browser(app).open('/sign-in?lang=en')).text).toContain('<html lang="en"')
    const { text } = await (await signedIn(login)).open('/account?lang=en')
    expect(text.replaceAll('\u00a0', ' ')).toContain('1 point')
  })
})
