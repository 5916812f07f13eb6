import { z } from 'zod'
import { defineRoute } from '../../src/http'
import type { Route } from '../../src/http'
import { openSite } from './site'
import type { Site } from './site'

const page = (path: string, extra: Partial<Route> = {}): Route => ({
  method: 'get',
  path,
  policy: { kind: 'public' },
  summary: 'A page.',
  handle: ({ res }) => void res.send('here'),
  ...extra,
})

describe('the app does not start', () => {
  let site: Site
  beforeEach(async () => {
    site = await openSite()
  })
  afterEach(() => site.close())

  test.each([
    ['without a policy', page('/a', { policy: undefined as unknown as Route['policy'] }), /declares no policy/],
    ['with a policy that nobody knows', page('/a', { policy: { kind: 'admin' } as unknown as Route['policy'] }), /declares no policy/],
    ['for staff of no role', page('/a', { policy: { kind: 'staff', roles: [] } }), /no role/],
    ['without a summary', page('/a', { summary: '' }), /no summary/],
    ['that takes forms without a token and says no reason', page('/a', { method: 'post', csrf: false }), /csrfReason/],
    [
      'that takes forms without a token for whoever is signed in',
      page('/a', { method: 'post', csrf: false, csrfReason: 'x', policy: { kind: 'member' } }),
      /signed in/,
    ],
    ['whose form is anonymous and has a token', page('/a', { method: 'post', anonymousForm: true }), /csrf: false/],
    ['for members that looks at no session', page('/a', { policy: { kind: 'member' }, session: false }), /session/],
    ['that is there already', page('/sign-in'), /declared twice/],
  ])('with a route %s', (_what, route, message) => {
    expect(() => site.http.mount([route])).toThrow(message)
  })

  test('with two patterns that mean the same', () => {
    expect(() => site.http.mount([page('/pay/:id'), page('/pay/:payment')])).toThrow(/declared twice/)
  })

  test('with a route that somebody put past the table', () => {
    site.http.app.get('/back-door', (_req, res) => void res.send('open'))
    expect(() => site.http.mount([page('/a')])).toThrow(/no route declares/)
  })
})

describe('a route', () => {
  let site: Site
  const kinds: Route[] = [
    page('/test/public'),
    page('/test/probe', { policy: { kind: 'probe' } }),
    page('/test/member', { policy: { kind: 'member' } }),
    page('/test/viewers', { policy: { kind: 'staff', roles: ['viewer', 'admin'] } }),
    page('/test/admins', { policy: { kind: 'staff', roles: ['admin'] } }),
    page('/test/anyone', { policy: { kind: 'anyone-signed-in' } }),
  ]
  const numbered = defineRoute({
    method: 'get',
    path: '/test/things/:id',
    policy: { kind: 'public' },
    summary: 'A thing by its number.',
    input: { params: z.object({ id: z.string().regex(/^\d{1,9}$/) }), query: z.object({ size: z.enum(['s', 'l']).optional() }) },
    handle: ({ input, res }) => void res.json(input),
  })

  beforeAll(async () => {
    site = await openSite([...kinds, numbered])
  })
  afterAll(() => site.close())

  test.each([
    ['nobody', [200, 200, 303, 303, 303, 303]],
    ['anna', [200, 200, 200, 403, 403, 200]],
    ['viewer', [200, 200, 403, 200, 403, 200]],
  ] as const)('admits %s where its policy says so', async (who, statuses) => {
    const visitor = site.visitor()
    if (who !== 'nobody') await visitor.enter(who)
    const answers = await Promise.all(kinds.map(({ path }) => visitor.open(path)))
    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  test('leads a stranger to the sign-in form and back again', async () => {
    const { headers } = await site.visitor().open('/test/member?before=5&x=a%26b')
    expect(headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent('/test/member?before=5&x=a%26b')}`)
    const long = await site.visitor().open(`/test/member?x=${'a'.repeat(2_000)}`)
    expect(long.headers.get('location')).toBe('/sign-in?next=%2Ftest%2Fmember')
  })

  test('keeps what it knows of a query and ignores the rest', async () => {
    const answer = await site.visitor().open('/test/things/7?size=l&utm_source=x&__proto__=1&amount=5')
    expect(JSON.parse(answer.text)).toEqual({ params: { id: '7' }, query: { size: 'l' } })
  })

  test.each(['x', '-1', '7.0', '%00', '%', '%zz', '..%2f..%2fetc', '%E0%A4%A', '1234567890', '7%20', "7'--", '<script>'])(
    'has no page for the odd id %s',
    async (id) => {
      const answer = await site.visitor().open(`/test/things/${id}`)
      expect([answer.status, answer.heading]).toEqual([404, 'Страница не найдена'])
    },
  )

  test.each(['size=x', 'size=s&size=l', 'size=', 'size=%FF', 'size=%00', `size=${'l'.repeat(5_000)}`])(
    'says 400 to the odd query %#',
    async (query) => {
      const answer = await site.visitor().open(`/test/things/7?${query}`)
      expect([answer.status, answer.heading]).toEqual([400, 'Запрос не понят'])
    },
  )

  test('survives two thousand parameters', async () => {
    expect((await site.visitor().open(`/test/things/7?${Array.from({ length: 2_000 }, (_, n) => `p${n}=1`).join('&')}`)).status).toBe(200)
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])('knows no %s', async (method) => {
    const { base } = site.visitor()
    if (method === 'TRACE') return // The test client refuses to send it.
    expect((await fetch(`${base}/test/public`, { method })).status).toBe(404)
  })
})
