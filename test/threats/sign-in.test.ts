import { createApp } from '../../src/app'
import { readConfig } from '../../src/config'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { ask, FORM, form } from '../routes/client'
import type { Answer } from '../routes/client'
import { Browser } from '../support/browser'
import { ENGINES } from '../support/databases'
import { listenOn } from '../support/listen'
import type { Listener } from '../support/listen'
import { PASSWORD, World } from '../support/world'

describe.each(ENGINES)('signing in on %s', (engine) => {
  let world: World
  let second: { parts: Parts; web: Listener }

  beforeAll(async () => {
    world = await World.make({ engine })
    const web = await listenOn()
    const { config } = world.parts
    const settings = {
      MODE: 'sandbox',
      PUBLIC_URL: config.publicUrl.href,
      DATABASE_URL: world.databaseUrl,
      INVOICEBOX_API_URL: config.invoicebox.apiUrl,
    }
    const parts = buildParts(readConfig(settings, {}), { clock: world.clock, log: createLog('silent') })
    web.serve(createApp(parts).app)
    second = { parts, web }
  })
  beforeEach(async () => {
    await world.db('sign_in_attempts').delete()
  })
  afterAll(async () => {
    await second.web.close()
    await second.parts.close()
    await world.close()
  })

  /** A visitor with a session and its token, who may send the form to either instance. */
  async function guesser() {
    const page = await ask(world.url, { path: '/sign-in' })
    const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    const token = /name="_csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    return (login: string, password: string, base = world.url): Promise<Answer> =>
      ask(base, { method: 'POST', path: '/sign-in', headers: { ...FORM, cookie }, body: form({ _csrf: token, login, password }) })
  }

  test('changes the session id; the one before, which an attacker may have planted, is dead', async () => {
    const member = await world.member({ points: '1.00' })
    const browser = world.browser()
    const planted = await browser.open('/sign-in')
    const before = browser.cookie('gateway') ?? ''
    expect(before).not.toBe('')
    await browser.submit(planted, '/sign-in', { login: member.login, password: PASSWORD })
    const after = browser.cookie('gateway') ?? ''
    expect(after).not.toBe(before)
    const asAttacker = (cookie: string): Promise<Answer> => ask(world.url, { path: '/account', headers: { cookie: `gateway=${cookie}` } })
    expect((await asAttacker(before)).location).toBe('/sign-in?next=%2Faccount')
    expect((await asAttacker(after)).status).toBe(200)

    const home = await browser.open('/')
    await browser.submit(home, '/sign-out')
    expect((await asAttacker(after)).status).toBe(303)
  })

  test('again as somebody else ends the first session as well', async () => {
    const [one, other] = [await world.member({ points: '1.00' }), await world.member({ points: '2.00' })]
    await one.signsIn()
    const first = one.browser.cookie('gateway') ?? ''
    const form = await world.browser().open('/sign-in')
    expect(form.state).toBe('sign-in')
    const token = /name="_csrf" value="([^"]+)"/.exec((await one.browser.open('/')).html)?.[1] ?? ''
    const page = await one.browser.post('/sign-in', { _csrf: token, login: other.login, password: PASSWORD })
    expect(page.html).toContain(other.login)
    expect((await ask(world.url, { path: '/account', headers: { cookie: `gateway=${first}` } })).status).toBe(303)
  })

  test.each(['made-up', 's%3Amade-up', 's%3Amade-up.c2lnbmF0dXJl', `s%3A${'a'.repeat(32)}.${'b'.repeat(43)}`])(
    'never takes over the session id %s that a visitor brings',
    async (value) => {
      const page = await ask(world.url, { path: '/sign-in', headers: { cookie: `gateway=${value}` } })
      expect(page.headers['set-cookie']?.[0]).toMatch(/^gateway=s%3A[\w-]{32}\./)
      expect(page.headers['set-cookie']?.[0]).not.toContain(value.slice(4, 11))
    },
  )

  test('is closed for an account after ten failures, wherever they were counted, for the right password too', async () => {
    const { login } = await world.member({ points: '1.00' })
    const guess = await guesser()
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        guess(index % 2 ? login : login.toUpperCase(), `guess ${index}`, index % 3 ? world.url : second.web.url),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length]).toEqual([10, 14])
    for (const base of [world.url, second.web.url]) expect((await guess(login, PASSWORD, base)).status).toBe(429)
    world.clock.move(15 * 60_000 + 1_000)
    const later = await guesser()
    expect((await later(login, PASSWORD, second.web.url)).status).toBe(303)
  })

  test('is closed for an address after fifty failures at many accounts, wherever they were counted', async () => {
    const { login } = await world.member({ points: '1.00' })
    const guess = await guesser()
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => guess(`nobody-${index}`, 'guess', index % 2 ? world.url : second.web.url)),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(50)
    expect((await guess(login, PASSWORD, second.web.url)).status).toBe(429)
  })

  test('answers the same to a known login, an unknown one, a locked member and staff', async () => {
    const known = await world.member({ points: '1.00' })
    const locked = await world.member({ points: '1.00' })
    await world.db('members').where({ id: locked.id }).update({ locked_at: new Date().toISOString(), locked_reason: 'x' })
    const told: string[] = []
    for (const login of [known.login, locked.login, 'nobody-here', 'admin', "x' or 1=1--", 'имя']) {
      const { status, headers, text } = await (await guesser())(login, 'a wrong password')
      const same = text.replaceAll(/value="[^"]*"/g, '').replaceAll(/[0-9A-F]{4}(-[0-9A-F]{4}){2}/g, '')
      told.push(`${status} ${Object.keys(headers).sort().join()} ${same}`)
    }
    expect(new Set(told).size).toBe(1)
    expect(told[0]).toMatch(/^401 /)
  })

  test('takes login and password from the form alone', async () => {
    const { login } = await world.member({ points: '1.00' })
    const query = form({ login, password: PASSWORD })
    const browser = new Browser(world.url)
    expect((await browser.fetch(`/sign-in?${query}`)).status).toBe(200)
    const guess = await ask(world.url, {
      path: `/sign-in?${query}`,
      headers: { authorization: `Basic ${Buffer.from(`${login}:${PASSWORD}`).toString('base64')}` },
    })
    expect(guess.text).not.toContain(PASSWORD)
    const page = await browser.open('/sign-in')
    const token = /name="_csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await browser.post(`/sign-in?${query}`, { _csrf: token })).status).toBe(400)
    expect((await browser.post(`/sign-in?${query}`, { _csrf: token, login: '', password: '' })).status).toBe(401)
  })
})
