import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Route } from '../../src/http'
import { gatherCast, errorCode, observed, promised } from './cast'
import type { Cast, Visitor } from './cast'
import { contents } from './contents'
import { FORM, form } from './client'
import type { Answer, Question } from './client'
import { fillPath, kindOf, makeObjects, parametersOf, withTwin, withUnknown } from './objects'
import { bodyKeys, nameOf, named, readRouteTable } from './table'

const table = readRouteTable()
const { routes } = table
const isForm = (route: Route): boolean => route.method === 'post' && route.csrf !== false
const isOffice = ({ policy }: Route): boolean => policy.kind === 'staff'

/*
 * The gate knows nothing of databases, and all routes of the back office stand behind one gate: they are tried on one database, and the many ways to forge a form on
 * the first of them. The rest of them show with two of these ways that the gate is there. What a route's own statements do on the other database is tried in odd-inputs.
 */
const tried = { sqlite: routes, postgres: routes.filter((route) => !isOffice(route)) }
const firstOfOffice = routes.find((route) => isForm(route) && isOffice(route))
const endsSessions = (route: Route): boolean => !isOffice(route) || /\/(me|staff)\b/.test(route.path)
const isThorough = (route: Route): boolean => !isOffice(route) || route === firstOfOffice
afterAll(() => table.close())

const JSON_ERRORS = { accept: 'application/json' }

test('the table is the whole app: every route says who may use it and what it does', () => {
  expect(routes.length).toBeGreaterThan(10)
  for (const route of routes)
    expect([nameOf(route), route.policy.kind, route.summary]).toEqual([
      nameOf(route),
      expect.any(String),
      expect.stringMatching(/^[A-Z].+\.$/),
    ])
})

test('a route with a parameter that no maker knows fails here, and is told what to add', () => {
  const [parameter] = parametersOf({ path: '/admin/things/:thing/edit' })
  expect(() => kindOf(parameter ?? '')).toThrow('No maker for /admin/things/:thing: add one to test/routes/objects.ts')
  for (const known of routes.flatMap(parametersOf)) expect(kindOf(known)).toBeDefined()
})

describe.each(ENGINES)('the routes on %s', (engine) => {
  let world: World
  let cast: Cast
  let own: Map<string, string>

  beforeAll(async () => {
    world = await World.make({ engine })
    const owner = await world.member({ points: '500.00', login: 'owner' })
    own = await makeObjects(routes, world, owner)
    cast = await gatherCast(world, owner)
  }, 60_000)
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** The plainest request that the route could take: a form has its fields, with values that mean nothing. */
  const plain = (route: Route, visitor: Visitor, objects = own): Question =>
    route.method === 'get'
      ? { path: fillPath(route, objects), headers: JSON_ERRORS }
      : {
          method: 'POST',
          path: fillPath(route, objects),
          headers: { ...FORM, ...JSON_ERRORS },
          body: form({ _csrf: visitor.token, ...Object.fromEntries(bodyKeys(route).map((key) => [key, 'x'])) }),
        }

  /** An answer without what differs from object to object and from request to request: ids, reference codes, tokens, and the name that was asked for. */
  const told = (answer: Answer, objects: ReadonlyMap<string, string>): string =>
    [...objects.values()]
      .reduce((text, name) => text.replaceAll(name, 'NAME'), `${answer.status} ${answer.location ?? ''}\n${answer.text}`)
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, 'ID')
      .replace(/[0-9A-F]{4}(-[0-9A-F]{4}){2}|\b[0-9A-F]{8}\b/g, 'CODE')
      .replace(/value="[^"]{60,}"/g, 'TOKEN')

  test('what is called unchanged below would show a new row and a changed value', async () => {
    const before = await contents(world.db)
    const { id } = await world.member({ points: '0', login: 'nobody-else' })
    const added = await contents(world.db)
    expect(Object.keys(added).filter((table) => added[table] !== before[table])).toEqual(expect.arrayContaining(['audit_log', 'members']))
    await world.db('members').where({ id }).update({ created_at: '2020-01-01T00:00:00.000Z' })
    const changed = await contents(world.db)
    expect(Object.keys(changed).filter((table) => changed[table] !== added[table])).toEqual(['members'])
    expect(await contents(world.db)).toEqual(changed)
  })

  describe.each(named(tried[engine]))('%s', (_name, route) => {
    // Signing out is a route like the others, so whoever did it comes back afterwards.
    afterEach(() => (route.method === 'post' && endsSessions(route) ? cast.gather() : undefined))

    test('admits exactly those whom its policy names', async () => {
      const isAdmitted = ({ actor }: Visitor): boolean => promised(route.policy, actor) === 'admitted'
      const ask = async (visitor: Visitor): Promise<void> => {
        const answer = await visitor.ask(plain(route, visitor))
        expect([visitor.name, observed(answer)]).toEqual([visitor.name, promised(route.policy, visitor.actor)])
        expect(answer.status).toBeLessThan(route.policy.kind === 'probe' ? 504 : 500)
      }
      await world.parts.background.idle(20_000) // What the test before has begun may still go on.
      const before = await contents(world.db)
      for (const visitor of cast.everyone.filter((one) => !isAdmitted(one))) await ask(visitor)
      expect(await contents(world.db)).toEqual(before)
      for (const visitor of cast.everyone.filter(isAdmitted)) await ask(visitor)
    })

    if (parametersOf(route).length > 0) {
      test.each(parametersOf(route))('tells nobody but the owner what %s names', async (parameter) => {
        const unknown = withUnknown(own, parameter)
        const twin = route.policy.kind === 'public' && route.method === 'get' ? await withTwin(own, parameter, world) : undefined
        for (const visitor of cast.everyone) {
          const isStaffRoute = route.policy.kind === 'staff' && promised(route.policy, visitor.actor) === 'admitted'
          const toReal = await visitor.ask(plain(route, visitor))
          const toUnknown = await visitor.ask(plain(route, visitor, unknown))
          expect([visitor.name, toUnknown.status < 500]).toEqual([visitor.name, true])
          if (route.method === 'get' && observed(toUnknown) === 'admitted')
            expect([visitor.name, toUnknown.status]).toEqual([visitor.name, 404])
          if (!kindOf(parameter).owned || isStaffRoute) continue
          const likeUnknown = twin === undefined || visitor.actor?.kind === 'member'
          const expected = likeUnknown ? told(toUnknown, unknown) : told(await visitor.ask(plain(route, visitor, twin)), twin)
          if (visitor !== cast.owner) expect([visitor.name, told(toReal, own)]).toEqual([visitor.name, expected])
          else if (route.method === 'get') expect([visitor.name, toReal.status]).toEqual([visitor.name, 200])
        }
      })
    }

    test('does not answer to the other method, nor to any other', async () => {
      const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'LINK', 'PROPFIND'].filter(
        (method) => !routes.some((other) => other.path === route.path && other.method.toUpperCase() === method),
      )
      const path = fillPath(route, own)
      for (const method of methods)
        expect([method, (await cast.owner.ask({ ...plain(route, cast.owner), method, path })).status]).toEqual([method, 404])
      const disguised = await cast.owner.ask({
        path: `${path}?_method=POST`,
        headers: { 'x-http-method-override': 'POST', 'x-method-override': 'POST' },
      })
      expect(disguised.status).toBe((await cast.owner.ask({ path })).status)
    })
  })

  describe.each(named(tried[engine].filter(isForm)))('%s from another site', (_name, route) => {
    /** Somebody whom the policy admits, so that nothing but the forgery can be what is refused. */
    const victim = (): Visitor =>
      cast.everyone.find(({ actor }) => actor !== null && promised(route.policy, actor) === 'admitted') as Visitor

    const forged = async (question: (visitor: Visitor) => Partial<Question>): Promise<void> => {
      const visitor = victim()
      const before = await contents(world.db)
      const answer = await visitor.ask({ ...plain(route, visitor), ...question(visitor) })
      expect([answer.status, errorCode(answer)]).toEqual([403, 'forged_request'])
      expect(await contents(world.db)).toEqual(before)
      expect((await visitor.ask({ path: '/' })).text).toContain('action="/sign-out"')
    }

    test('is refused with the token of another session', () => forged(() => ({ body: form({ _csrf: cast.nobody.token }) })))

    test('is refused from another site even with the right token', () =>
      forged(() => ({ headers: { ...FORM, ...JSON_ERRORS, 'sec-fetch-site': 'cross-site' } })))

    if (!isThorough(route)) return

    test.each([
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1' },
      { origin: 'http://127.0.0.1.evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', host: 'evil.example' },
    ] as Record<string, string>[])('is refused even with the right token: %p', (headers) =>
      forged(() => ({ headers: { ...FORM, ...JSON_ERRORS, ...headers } })),
    )

    test.each([
      ['no token', () => ''],
      ['an empty token', () => '_csrf='],
      ['a made-up token', () => `_csrf=${'0'.repeat(64)}`],
      ['half of the token', (token: string) => `_csrf=${token.slice(0, 32)}`],
      ['the token twice', (token: string) => `_csrf=${token}&_csrf=${token}`],
      ['the token in brackets', (token: string) => `_csrf[]=${token}`],
    ])('is refused with %s', (_what, body) => forged(({ token }) => ({ body: body(token) })))

    test('is refused with the token anywhere but in the form', () =>
      forged(({ token }) => ({
        path: `${fillPath(route, own)}?_csrf=${token}`,
        headers: { ...FORM, ...JSON_ERRORS, 'x-csrf-token': token, 'csrf-token': token },
        body: 'x=1',
      })))

    test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=b'])(
      'is refused as %s, which a form of another site may claim to be',
      (type) => forged(({ token }) => ({ headers: { ...JSON_ERRORS, 'content-type': type }, body: JSON.stringify({ _csrf: token }) })),
    )
  })
})
