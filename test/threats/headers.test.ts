import { ask, askRaw, FORM, form } from '../routes/client'
import type { Answer } from '../routes/client'
import { fillPath, makeObjects } from '../routes/objects'
import { gatherCast } from '../routes/cast'
import type { Cast } from '../routes/cast'
import { nameOf, readRouteTable } from '../routes/table'
import { World } from '../support/world'

const EVIL = 'evil.example'
const table = readRouteTable()
afterAll(() => table.close())

/** Ways in which a proxy, or somebody who plays one, tells a server how it is called, or what is asked of it. */
const CLAIMS: readonly Readonly<Record<string, string>>[] = [
  { host: EVIL },
  { host: `${EVIL}:443` },
  { host: `127.0.0.1@${EVIL}` },
  { host: `"><script>${EVIL}` },
  { host: '' },
  {
    'x-forwarded-host': EVIL,
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '443',
    'x-forwarded-prefix': `//${EVIL}`,
    'x-forwarded-server': EVIL,
  },
  {
    'x-host': EVIL,
    'x-http-host-override': EVIL,
    'x-original-host': EVIL,
    'x-real-host': EVIL,
    forwarded: `for=1.2.3.4;host=${EVIL};proto=https`,
  },
  { 'x-original-url': '/account', 'x-rewrite-url': '/account', 'x-forwarded-uri': `//${EVIL}/`, 'x-override-url': `//${EVIL}` },
  { referer: `https://${EVIL}/`, origin: `https://${EVIL}` },
]

describe.each([0, 1, 3])('with %d proxies before it, the gateway', (TRUST_PROXY) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ env: { TRUST_PROXY: String(TRUST_PROXY) } })
  })
  afterAll(() => world.close())

  test('believes nobody about its own name', async () => {
    const invoice = await world.sandbox.invoice({ amount: '1.00' })
    const paths = [
      '/',
      '/sign-in',
      '/account',
      `/pay?invoiceId=${invoice.id}`,
      '/no-such-page',
      '/healthz',
      '/brand.css',
      '/sign-in?lang=en',
      '/pay/%zz',
    ]
    for (const path of paths) {
      const plain = await ask(world.url, { path })
      for (const headers of CLAIMS) {
        const answer = await ask(world.url, { path, headers })
        expect([path, headers, answer.status]).toEqual([path, headers, plain.status])
        expect(`${JSON.stringify(answer.headers)}${answer.text}`).not.toContain(EVIL)
        expect(answer.headers['set-cookie']?.join() ?? '').not.toMatch(/domain=/i)
      }
    }
    const { text } = await askRaw(world.url, `GET /account HTTP/1.1\r\nHost: ${EVIL}\r\nConnection: close\r\n\r\n`)
    expect(text).toMatch(/\r\nLocation: \/sign-in\?next=%2Faccount\r\n/)
  })

  /** The address as the last trusted proxy tells it, behind whatever the client had made up before it came there. */
  const from = (made: string): Record<string, string> => ({
    'x-forwarded-for': [made, ...Array.from({ length: TRUST_PROXY }, () => '198.51.100.7')].join(', '),
    'x-real-ip': made,
    'client-ip': made,
    'x-client-ip': made,
  })

  const madeUp = (index: number): string => (index % 2 === 0 ? `203.0.113.${index}` : `2001:db8:${index}::1`)

  test('counts one client once, whatever addresses it makes up', async () => {
    world.clock.move(61_000)
    const statuses: number[] = []
    for (let index = 0; index < 65; index++) statuses.push((await ask(world.url, { path: '/pay', headers: from(madeUp(index)) })).status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 400))
  })

  test('counts failed sign-ins of one client together, whatever addresses it makes up', async () => {
    const page = await ask(world.url, { path: '/sign-in' })
    const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    const token = /name="_csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const tries = Array.from({ length: 55 }, (_, index) =>
      ask(world.url, {
        method: 'POST',
        path: '/sign-in',
        headers: { ...FORM, cookie, ...from(madeUp(index)) },
        body: form({ _csrf: token, login: `nobody-${index}`, password: 'wrong' }),
      }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length]).toEqual([50, 5])
  })
})

describe('every answer', () => {
  let world: World
  let cast: Cast
  let own: Map<string, string>
  beforeAll(async () => {
    world = await World.make({ env: { PROGRAM_LOGO_URL: 'https://logos.example/a.svg' } })
    const owner = await world.member({ points: '500.00', login: 'owner' })
    own = await makeObjects(table.routes, world, owner)
    cast = await gatherCast(world, owner)
  }, 60_000)
  afterAll(() => world.close())

  /** @param framedBy whose pages may show it in a frame: nobody's but for the mini-app */
  function guards({ headers, text }: Answer, framedBy?: readonly string[]): void {
    const policy = new Map(
      String(headers['content-security-policy'])
        .split(';')
        .map((line) => [line.trim().split(' ')[0], line.trim().split(' ').slice(1)]),
    )
    expect(policy.get('frame-ancestors')).toEqual(framedBy ?? ["'none'"])
    expect(headers['x-frame-options']).toBe(framedBy ? undefined : 'DENY')
    expect(policy.get('default-src')).toEqual(["'self'"])
    expect(policy.get('script-src')).toEqual(["'self'"])
    expect(policy.get('style-src')).toEqual(["'self'"])
    expect(policy.get('object-src')).toEqual(["'none'"])
    expect(policy.get('base-uri')).toEqual(["'none'"])
    expect(policy.get('form-action')?.[0]).toBe("'self'")
    expect(policy.get('img-src')).toEqual(["'self'", 'https://logos.example'])
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-request-id': expect.stringMatching(/^[0-9A-F-]{14}$/) as string,
    })
    for (const name of ['x-powered-by', 'server', 'access-control-allow-origin', 'etag']) expect(headers).not.toHaveProperty(name)
    if (!String(headers['content-type']).includes('text/html')) return
    expect(headers['cache-control']).toBe('no-store')
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:/i)
    for (const [, source = ''] of text.matchAll(/<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)"/g))
      expect(source).toMatch(/^\/(?!\/)|^https:\/\/logos\.example\//)
  }

  test.each(table.routes.map((route) => [nameOf(route), route] as const))(
    '%s is framed by nobody whom it does not name, and runs nothing but our own files',
    async (_name, route) => {
      const question = { path: fillPath(route, own), method: route.method.toUpperCase() }
      // The table was read with the usual port of the sandbox.
      const framedBy = route.framedBy?.map((source) => source.replace(/:4100$/, `:${new URL(world.sandbox.url).port}`))
      for (const visitor of [cast.nobody, cast.owner, cast.other]) {
        guards(await visitor.ask(question), framedBy)
        guards(await visitor.ask({ ...question, headers: { accept: 'application/json' } }), framedBy)
      }
      await cast.gather()
    },
  )

  test('can be framed where it is the mini-app, by Invoicebox and by whom the settings name, and nowhere else', () => {
    const framed = table.routes.filter(({ framedBy }) => framedBy !== undefined)
    expect([...new Set(framed.map(({ path }) => path))]).toEqual(['/minapp', '/minapp/success', '/minapp/fail'])
    const sandbox = ['http://127.0.0.1:4100', 'http://localhost:4100']
    for (const { framedBy } of framed) expect(framedBy).toEqual(["'self'", '*.invoicebox.ru', ...sandbox])
  })

  test('is guarded when it is an error, too', async () => {
    const errors: [number, Answer][] = [
      [404, await cast.nobody.ask({ path: '/no-such-page' })],
      [404, await cast.nobody.ask({ path: '/%zz' })],
      [400, await cast.nobody.ask({ path: '/pay' })],
      [400, await cast.nobody.ask({ path: '/sign-in?next=a&next=b' })],
      [401, await cast.nobody.ask({ path: '/pay/x/confirm', method: 'POST' })],
      [403, await cast.owner.ask({ path: '/sign-out', method: 'POST' })],
      [413, await cast.owner.post('/sign-out', { x: 'x'.repeat(20_000) })],
      [401, await cast.nobody.post('/sign-in', { login: 'x', password: 'y' })],
      [404, await cast.other.ask({ path: '/account', method: 'PUT' })],
    ]
    for (const [status, answer] of errors) {
      expect(answer.status).toBe(status)
      guards(answer)
    }
  })
})
