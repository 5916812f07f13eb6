import { Refusal, REFUSALS } from '../../src/shared/refusals'
import type { RefusalCode } from '../../src/shared/refusals'
import { defineRoute } from '../../src/http'
import type { Route } from '../../src/http'
import { openSite } from './site'
import type { Site } from './site'

const ANY_TEXT = expect.any(String) as string
const ANY_NUMBER = expect.any(Number) as number
const SECRET = 'canary-8f3a'

const get = (path: string, handle: Route['handle'], extra: Partial<Route> = {}): Route =>
  defineRoute({ method: 'get', path, policy: { kind: 'public' }, summary: 'For the tests.', handle, ...extra })

const refuse = get('/test/refuse/:code', ({ req }) => {
  throw new Refusal(req.params['code'] as RefusalCode, 'field')
})
const api = get('/api/v1/test/:code', ({ req }) => {
  throw new Refusal(req.params['code'] as RefusalCode)
})
const breaks = get('/test/breaks', () => {
  throw new Error(`password is ${SECRET}`)
})
const breaksTheDatabase = (site: () => Site) =>
  get('/test/breaks-database', async () => {
    await site().db('no_such_table').where({ login: SECRET })
  })
const badView = get('/test/bad-view', ({ page }) => page('no/such/view', {}))
const brokenModel = get('/test/broken-model', ({ page }) => page('members/account', {}))
const busy = get('/test/busy', () => {
  throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
})
const noConnection = get('/test/no-connection', () => {
  throw Object.assign(new Error('Timeout acquiring a connection'), { name: 'KnexTimeoutError' })
})
/** Logs deep below the handler, after the database and a form were waited for. */
const talks = (site: () => Site) =>
  defineRoute({
    method: 'post',
    path: '/test/talks',
    policy: { kind: 'public' },
    summary: 'For the tests.',
    handle: async ({ res }) => {
      await site().db('sessions').first('id_hash')
      site().log.info('deep below')
      res.send('ok')
    },
  })
const astray = get('/test/astray', ({ redirect }) => redirect('//evil.example'))

describe('what goes wrong becomes an answer', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite([
      refuse,
      api,
      breaks,
      breaksTheDatabase(() => site),
      badView,
      brokenModel,
      busy,
      noConnection,
      talks(() => site),
      astray,
    ])
  })
  afterAll(() => site.close())

  test.each(Object.entries(REFUSALS))('the refusal %s is a page with status %i, in the visitor’s language', async (code, status) => {
    const russian = await site.visitor().open(`/test/refuse/${code}`)
    const english = await site.visitor().open(`/test/refuse/${code}`, { 'accept-language': 'en-GB,en;q=0.9' })
    expect([russian.status, english.status]).toEqual([status, status])
    expect(russian.text).toContain('<html lang="ru">')
    expect(english.text).toContain('<html lang="en">')
    expect(russian.heading).toMatch(/\p{Script=Cyrillic}/u)
    expect(english.heading).toMatch(/^[A-Z]/)
  })

  test('the API and whoever prefers JSON get JSON', async () => {
    const answers = [
      await site.visitor().open('/api/v1/test/forbidden'),
      await site.visitor().open('/test/refuse/forbidden', { accept: 'application/json' }),
    ]
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/json; charset=utf-8'])
      const { error } = JSON.parse(answer.text) as { error: Record<string, string> }
      expect(error).toMatchObject({
        code: 'forbidden',
        message: 'У вашей учётной записи нет доступа к этой странице.',
        requestId: answer.headers.get('x-request-id'),
      })
    }
  })

  test.each(['/test/breaks', '/test/breaks-database', '/test/bad-view', '/test/broken-model', '/test/astray'])(
    'a bug at %s gives nothing away but a reference code that the log knows',
    async (path) => {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await site.visitor().open(path, { accept })
        expect(answer.status).toBe(500)
        const id = answer.headers.get('x-request-id') ?? ''
        expect(id).toMatch(/^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$/)
        expect(answer.text).toContain(id)
        expect(answer.text).not.toMatch(/canary|no_such_table|select|\.ejs|\.ts|Error|at \w+ \(/)
        expect(site.logged().some((line) => line['requestId'] === id && 'err' in line)).toBe(true)
      }
    },
  )

  test('the log of a database error keeps the message and drops the values', () => {
    const line = JSON.stringify(site.logged().find((entry) => entry['route'] === '/test/breaks-database' && 'err' in entry))
    expect(line).toContain('no such table')
    expect(line).not.toContain(SECRET)
  })

  test.each(['/test/busy', '/test/no-connection'])(
    'a database that is busy or has no connection free is a 503, not a bug: %s',
    async (path) => {
      const answer = await site.visitor().open(path)
      expect([answer.status, answer.heading]).toEqual([503, 'Сейчас не получается'])
    },
  )

  test('every log line of a request carries its reference code, and no line outside of one does', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => site.visitor().send('/test/talks', {})))
    const said = site.logged().filter((line) => line['msg'] === 'deep below')
    expect(said.map((line) => line['requestId']).sort()).toEqual(answers.map(({ headers }) => headers.get('x-request-id')).sort())
    site.log.info('outside')
    expect(site.logged().at(-1)).not.toHaveProperty('requestId')
  })

  test('a request brings no reference code of its own along', async () => {
    const answer = await site.visitor().open('/nowhere', { 'x-request-id': 'mine', 'x-correlation-id': 'mine' })
    expect(answer.headers.get('x-request-id')).not.toBe('mine')
    expect(answer.text).not.toContain('mine')
  })

  test('the log names the route, never the address', async () => {
    await site.visitor().open(`/test/refuse/not_found?email=${SECRET}`, { cookie: `gateway=${SECRET}`, referer: `http://x.test/${SECRET}` })
    const requests = site.logged().filter((line) => line['msg'] === 'request')
    expect(requests.at(-1)).toEqual({
      level: 30,
      time: ANY_TEXT,
      requestId: ANY_TEXT,
      method: 'GET',
      route: '/test/refuse/:code',
      status: 404,
      ms: ANY_NUMBER,
      msg: 'request',
    })
    expect(JSON.stringify(requests)).not.toContain(SECRET)
  })
})

describe('a way out to another site', () => {
  let site: Site
  const exits = ['https://shop.example/back?a=1', 'https://a;script-src/', '/account', 'javascript:alert(1)', '//evil.example', 'shop']
  const form = get('/test/form/:exit', ({ req, formsMayLeadTo, page }) => {
    formsMayLeadTo(exits[Number(req.params['exit'])] ?? '')
    page('home', {})
  })
  const exit = get('/test/exit/:exit', ({ req, redirectOut }) => redirectOut(exits[Number(req.params['exit'])] ?? ''))
  beforeAll(async () => {
    site = await openSite([form, exit])
  })
  afterAll(() => site.close())

  test.each([
    [0, "form-action 'self' https://shop.example"],
    [1, "form-action 'self'"],
    [2, "form-action 'self'"],
  ])('is named to the browser for the forms of that page alone (%i)', async (number, directive) => {
    const { headers, status } = await site.visitor().open(`/test/form/${number}`)
    expect(status).toBe(200)
    const directives = (headers.get('content-security-policy') ?? '').split(';')
    expect(directives).toContain(directive)
    expect(directives).toHaveLength(8)
    expect((await site.visitor().open('/')).headers.get('content-security-policy')).not.toContain('shop')
  })

  test('leads to a web address or a path of ours, and to nothing else', async () => {
    const answers = await Promise.all(exits.map((_exit, number) => site.visitor().open(`/test/exit/${number}`)))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 500, 500, 500])
    expect(answers[0]?.headers.get('location')).toBe('https://shop.example/back?a=1')
    expect(answers[2]?.headers.get('location')).toBe('/account')
    expect(answers.slice(3).map(({ headers }) => headers.get('location'))).toEqual([null, null, null])
  })
})

describe('every answer', () => {
  let site: Site
  const paths = ['/', '/sign-in', '/nowhere', '/test/breaks', '/assets/app.css', '/%', '/test/member']
  beforeAll(async () => {
    site = await openSite([breaks, get('/test/member', ({ res }) => void res.send(''), { policy: { kind: 'member' } })], {
      program: { name: 'Мили', logoUrl: 'https://cdn.example/logo.png' },
    })
  })
  afterAll(() => site.close())

  test.each(paths)('of %s lets nothing run that is not ours', async (path) => {
    const { headers, text } = await site.visitor().open(path)
    const policy: Record<string, string> = Object.fromEntries<string>(
      (headers.get('content-security-policy') ?? '')
        .split(';')
        .map((part) => [part.split(' ')[0] ?? '', part.split(' ').slice(1).join(' ')]),
    )
    expect(policy).toEqual({
      'default-src': "'self'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' https://cdn.example",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'object-src': "'none'",
    })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(text).not.toMatch(/<style|style="|<script(?! src="\/assets)| on\w+="/)
  })

  test.each(paths.filter((path) => !path.startsWith('/assets')))('of %s is stored nowhere', async (path) => {
    expect((await site.visitor().open(path)).headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-proto': 'evil' },
    { forwarded: 'host=evil.example' },
    { 'x-original-url': '/evil.example' },
  ] as Record<string, string>[])('ignores what a request says of our own name: %p', async (headers) => {
    for (const path of paths) {
      const answer = await site.visitor().open(path, headers)
      expect(answer.text + JSON.stringify([...answer.headers])).not.toContain('evil')
    }
  })

  test('with https is asked for by https alone from then on', async () => {
    const secure = await openSite([], { publicUrl: 'https://gateway.test', mode: 'production' })
    const answer = await secure.visitor().open('/')
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=31536000')
    expect(answer.text).not.toContain('ПЕСОЧНИЦА')
    await secure.close()
  })
})
