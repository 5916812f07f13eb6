import { HOUR, MINUTE, plus } from '../../src/shared/clock'
import { sha256 } from '../../src/shared/ids'
import { defineRoute } from '../../src/http'
import { ENGINES } from '../support/databases'
import { openSite } from './site'
import type { Site, Visitor } from './site'

interface SessionRow {
  id_hash: string
  data: string
  member_id: string | null
  staff_id: string | null
  expires_at: Date | string
}

const whoami = defineRoute({
  method: 'get',
  path: '/test/whoami',
  policy: { kind: 'public' },
  summary: 'Says who is signed in.',
  handle: ({ res, actor }) => void res.json({ login: actor?.login ?? null }),
})

const slowPage = (wait: () => Promise<void>) =>
  defineRoute({
    method: 'get',
    path: '/test/slow',
    policy: { kind: 'member' },
    summary: 'Changes the session and waits before it answers.',
    handle: async ({ req, res }) => {
      req.session.csrfToken = 'another token'
      await wait()
      res.send('done')
    },
  })

const leave = defineRoute({
  method: 'post',
  path: '/test/leave',
  policy: { kind: 'anyone-signed-in' },
  summary: 'Signs out.',
  handle: async ({ signOut, redirect }) => {
    await signOut()
    redirect('/')
  },
})

describe.each(ENGINES)('sessions in the database (%s)', (engine) => {
  let site: Site
  let release: () => void = () => undefined
  let arrived: () => void = () => undefined
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      release = resolve
      arrived()
    })

  beforeAll(async () => {
    site = await openSite([whoami, leave, slowPage(pause)], {}, engine)
  })
  afterAll(() => site.close())

  const rows = (): Promise<SessionRow[]> => site.db<SessionRow>('sessions').select('*')
  const login = async (visitor: Visitor): Promise<unknown> =>
    (JSON.parse((await visitor.open('/test/whoami')).text) as { login: unknown }).login
  const cookieId = (visitor: Visitor): string => decodeURIComponent(visitor.cookies.get('gateway') ?? '').replace(/^s:([^.]+)\..*$/, '$1')
  const rowOf = async (visitor: Visitor): Promise<SessionRow | undefined> =>
    (await rows()).find((row) => row.id_hash === sha256(cookieId(visitor)))

  test('a page without a form leaves no session and no cookie behind', async () => {
    const before = (await rows()).length
    const visitor = site.visitor()
    const answer = await visitor.open('/')
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await rows()).toHaveLength(before)
  })

  test('the table holds a digest of the session id, never the id', async () => {
    const visitor = await site.visitor().enter('anna')
    const row = await rowOf(visitor)
    expect(row).toMatchObject({ member_id: 'member-anna', staff_id: null })
    expect(JSON.stringify(await rows())).not.toContain(cookieId(visitor))
    const staff = await site.visitor().enter('viewer')
    expect(await rowOf(staff)).toMatchObject({ member_id: null, staff_id: 'staff-viewer' })
  })

  test('the cookie is for this host alone, out of reach of scripts, and ends with the browser', async () => {
    const [cookie = ''] = (await site.visitor().open('/sign-in')).headers.getSetCookie()
    expect(cookie.replace(/=[^;]*/, '')).toBe('gateway; Path=/; HttpOnly; SameSite=Lax')
  })

  test('with https the cookie is secure and bound to the host, whoever ends the encryption', async () => {
    const secure = await openSite([], { publicUrl: 'https://gateway.test' })
    const [cookie = ''] = (await secure.visitor().open('/sign-in')).headers.getSetCookie()
    expect(cookie.replace(/=[^;]*/, '')).toBe('__Host-gateway; Path=/; HttpOnly; Secure; SameSite=Lax')
    await secure.close()
  })

  test('signing in changes the session id; the old one is dead', async () => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const old = new Map(visitor.cookies)
    await visitor.enter('anna')
    expect(visitor.cookies.get('gateway')).not.toBe(old.get('gateway'))
    expect(await login(visitor)).toBe('anna')
    const thief = site.visitor()
    for (const [name, value] of old) thief.cookies.set(name, value)
    expect(await login(thief)).toBeNull()
  })

  test('a session ends after half an hour without a request', async () => {
    const start = site.clock.now()
    const visitor = await site.visitor().enter('anna')
    site.clock.set(plus(start, 29 * MINUTE))
    expect(await login(visitor)).toBe('anna')
    site.clock.set(plus(start, 58 * MINUTE))
    expect(await login(visitor)).toBe('anna')
    site.clock.set(plus(start, 89 * MINUTE))
    expect(await login(visitor)).toBeNull()
  })

  test('a session ends twelve hours after it began, however busy it is', async () => {
    const start = site.clock.now()
    const visitor = await site.visitor().enter('anna')
    for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
      site.clock.set(plus(start, minutes * MINUTE))
      expect(await login(visitor)).toBe('anna')
    }
    site.clock.set(plus(start, 12 * HOUR))
    expect(await login(visitor)).toBeNull()
  })

  test('a busy session is written at most once a minute', async () => {
    const start = site.clock.now()
    const visitor = await site.visitor().enter('anna')
    const first = await rowOf(visitor)
    site.clock.set(plus(start, 59_000))
    await login(visitor)
    expect(await rowOf(visitor)).toEqual(first)
    site.clock.set(plus(start, 60_000))
    await login(visitor)
    expect(await rowOf(visitor)).not.toEqual(first)
  })

  test('sessions that have ended are cleared away', async () => {
    await site.visitor().open('/sign-in')
    site.clock.set(plus(site.clock.now(), 31 * MINUTE))
    await site.visitor().open('/sign-in')
    expect(await rows()).toHaveLength(1)
  })

  test('a page that is still being made does not bring a signed-out session back', async () => {
    const visitor = await site.visitor().enter('anna')
    const cookies = new Map(visitor.cookies)
    const waiting = new Promise<void>((resolve) => (arrived = resolve))
    const slow = visitor.open('/test/slow')
    await waiting
    expect((await visitor.send('/test/leave', {})).status).toBe(303)
    release()
    await slow
    const thief = site.visitor()
    for (const [name, value] of cookies) thief.cookies.set(name, value)
    expect(await login(thief)).toBeNull()
  })

  test('a made-up or altered cookie is a stranger', async () => {
    const visitor = await site.visitor().enter('anna')
    for (const value of ['', 'x', 's:x', 's:x.y', `${visitor.cookies.get('gateway') ?? ''}x`, '%00', '%', 's%3A' + 'a'.repeat(3_000)]) {
      const stranger = site.visitor()
      stranger.cookies.set('gateway', value)
      expect(await login(stranger)).toBeNull()
    }
  })
})

test('a database that does not answer is a 503 with a page, and the process lives on', async () => {
  const site = await openSite([whoami])
  const visitor = await site.visitor().enter('anna')
  await site.db.schema.renameTable('sessions', 'sessions_away')
  const answers = [await visitor.open('/test/whoami'), await site.visitor().open('/sign-in'), await site.visitor().open('/test/enter/anna')]
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
  for (const answer of answers) expect(answer.text).not.toMatch(/sqlite|sessions|select|insert/i)
  expect((await visitor.open('/assets/app.css')).status).toBe(200)
  await site.db.schema.renameTable('sessions_away', 'sessions')
  expect((await visitor.open('/test/whoami')).text).toBe('{"login":"anna"}')
  await site.close()
})
