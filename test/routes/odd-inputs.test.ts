import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Route } from '../../src/http'
import type { Engine } from '../../src/shared/database'
import { gatherCast, promised } from './cast'
import type { Cast, Visitor } from './cast'
import { ask, askRaw, FORM, form } from './client'
import type { Answer, Question } from './client'
import { FIELDS, fillPath, makeObjects, parametersOf } from './objects'
import { DATABASE_VALUES, givenAway, ODD_HEADERS, ODD_VALUES, oddBodies, oddShapes } from './odd'
import { bodyKeys, named, queryKeys, readRouteTable } from './table'

const table = readRouteTable()
const { routes } = table
const forms = routes.filter((route) => route.method === 'post')
afterAll(() => table.close())

/** Names that frameworks between a browser and a program have given a meaning of their own. */
const STRANGE_KEYS = [
  'lang',
  '__proto__',
  'constructor',
  'toString',
  'settings[view%20options][outputFunctionName]',
  '_method',
  'callback',
  'cache',
]

/*
 * The reader of a field is tried with everything once; what a database might stumble over is tried on every route, on PostgreSQL. Routes of the back office stand behind one gate and are
 * read by one reader of forms: there a field of one name is one field. Elsewhere it is one where the routes share its schema.
 */
const isOffice = ({ policy }: Route): boolean => policy.kind === 'staff'
const SHARED_FIELDS = ['reasonKind', 'reason', 'confirmed', 'key', 'current', 'done', 'before', 'after']
const schemaOf = ({ input }: Route, key: string): unknown => input?.query?.shape[key] ?? input?.body?.shape[key]
const readsAlike = (one: Route, other: Route, key: string): boolean =>
  isOffice(one) === isOffice(other) && (isOffice(one) || schemaOf(one, key) === schemaOf(other, key))
const isFirst = (route: Route, key: string): boolean =>
  routes.find((other) => schemaOf(other, key) !== undefined && readsAlike(route, other, key)) === route
const isTried = (route: Route, key: string, engine: Engine): boolean =>
  isFirst(route, key) || (engine === 'postgres' && !(isOffice(route) && SHARED_FIELDS.includes(key)))

describe.each(ENGINES)('odd inputs on %s', (engine) => {
  let world: World
  let cast: Cast
  let own: Map<string, string>
  const good = new Map<string, string>()

  beforeAll(async () => {
    world = await World.make({ engine })
    const owner = await world.member({ points: '500.00', login: 'owner' })
    own = await makeObjects(routes, world, owner)
    cast = await gatherCast(world, owner)
    for (const [name, make] of Object.entries(FIELDS)) good.set(name, await make(world))
  }, 60_000)
  afterEach(() => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** Whom the policy admits: behind the gate the input is looked at. */
  const guest = (route: Route): Visitor =>
    cast.everyone.slice(1).find(({ actor }) => promised(route.policy, actor) === 'admitted') ?? cast.nobody

  const faults = (what: string, route: Route, answer: Answer): string[] => [
    ...(answer.status >= 500 && !(route.policy.kind === 'probe' && answer.status === 503) ? [`${what}: ${answer.status}`] : []),
    ...givenAway(answer).map((found) => `${what}: gives away ${found}`),
  ]

  /** Sends all of them, a few at a time, and tells what was wrong with which. */
  async function tryAll(route: Route, questions: readonly (readonly [what: string, question: Question])[]): Promise<string[]> {
    const found: string[] = []
    for (let at = 0; at < questions.length; at += 8) {
      const answers = questions.slice(at, at + 8).map(async ([what, question]) => faults(what, route, await guest(route).ask(question)))
      found.push(...(await Promise.all(answers)).flat())
    }
    return found
  }

  /** The office gets everything on SQLite, all others on PostgreSQL, which stumbles over more. */
  const isThoroughHere = (route: Route): boolean => (engine === 'sqlite') === isOffice(route)
  const isBrief = (route: Route, key?: string): boolean =>
    !isThoroughHere(route) || (key === undefined ? isOffice(route) : !isFirst(route, key))
  const valuesFor = (route: Route, key?: string): readonly string[] => (isBrief(route, key) ? DATABASE_VALUES : ODD_VALUES)
  const shapesFor = (route: Route, key: string): readonly string[] => (isBrief(route, key) ? [] : oddShapes(key))

  const pairs = (names: readonly string[], but?: string): [string, string][] =>
    names.filter((name) => name !== but && good.has(name)).map((name) => [name, good.get(name) ?? ''])

  const pathOf = (route: Route, query = ''): string => `${fillPath(route, own)}${query && `?${query}`}`

  const formOf = (route: Route, fields: string): Question => ({
    method: 'POST',
    path: pathOf(route),
    headers: FORM,
    body: `_csrf=${guest(route).token}&${fields}`,
  })

  /** Some routes end the session of their guest. */
  const seat = (route: Route): Promise<Visitor> => guest(route).arrive()

  describe.each(named(routes))('%s', (_name, route) => {
    beforeEach(() => seat(route), 20_000)

    test('takes any value in its path, or says 404', async () => {
      const values = valuesFor(route).filter((value) => value !== '' && !value.startsWith('.'))
      const paths = parametersOf(route).flatMap((parameter) =>
        values.map((value): [string, string] => [`${parameter}=${value}`, fillPath(route, new Map([...own, [parameter, value]]))]),
      )
      const around = ['/', '//', '/%00', '/..%2f', ';a=b', '%2f', '/.json', '?', '??', '#'].map((tail): [string, string] => [
        `…${tail}`,
        `${pathOf(route)}${tail}`,
      ])
      const questions = [...paths, ...around].map(([what, path]): [string, Question] => [
        what,
        route.method === 'get' ? { path } : { ...formOf(route, ''), path },
      ])
      expect(await tryAll(route, questions)).toEqual([])
    })

    test('takes any value and any shape in its query, or says 4xx', async () => {
      const rest = (but?: string): string => form(Object.fromEntries(pairs(queryKeys(route), but)))
      const declared = queryKeys(route)
        .filter((key) => isTried(route, key, engine))
        .flatMap((key) =>
          [...valuesFor(route, key).map((value) => `${key}=${value}`), ...shapesFor(route, key)].map((odd) => `${odd}&${rest(key)}`),
        )
      const strange = (isOffice(route) ? [] : ODD_VALUES).map(
        (value) => `${STRANGE_KEYS.map((key) => `${key}=${value.slice(0, 500)}`).join('&')}&${rest()}`,
      )
      const questions = [...declared, ...strange, ...(isOffice(route) ? [] : oddShapes('x'))].map((query): [string, Question] => {
        const path = pathOf(route, query)
        return [query.slice(0, 100), route.method === 'get' ? { path } : { ...formOf(route, ''), path }]
      })
      expect(await tryAll(route, questions)).toEqual([])
    })

    if (isBrief(route)) return
    test('takes any header, or says 4xx', async () => {
      const asked = route.method === 'get' ? { path: pathOf(route) } : formOf(route, form(Object.fromEntries(pairs(bodyKeys(route)))))
      const found: string[] = []
      for (const [what, headers] of ODD_HEADERS) {
        found.push(
          ...faults(
            what,
            route,
            await ask(world.url, { ...asked, headers: { cookie: guest(route).cookie, ...asked.headers, ...headers } }),
          ),
        )
      }
      expect(found).toEqual([])
    })
  })

  describe.each(named(forms))('%s', (_name, route) => {
    beforeEach(() => seat(route), 20_000)

    test('takes any value and any shape in its form, or says 4xx', async () => {
      const rest = (but?: string): string => form(Object.fromEntries(pairs(bodyKeys(route), but)))
      const declared = bodyKeys(route)
        .filter((key) => isTried(route, key, engine))
        .flatMap((key) =>
          [...valuesFor(route, key).map((value) => `${key}=${value}`), ...shapesFor(route, key)].map((odd) => `${rest(key)}&${odd}`),
        )
      const strange = (isOffice(route) ? [] : STRANGE_KEYS).flatMap((key) =>
        ['x', '%00', '', '[]'].map((value) => `${rest()}&${key}=${value}`),
      )
      const questions = [...declared, ...strange].map((fields): [string, Question] => [fields.slice(-100), formOf(route, fields)])
      expect(await tryAll(route, questions)).toEqual([])
    })

    if (isBrief(route)) return
    test('takes any body, or says 4xx', async () => {
      const found: string[] = []
      // Ten megabytes once for each database, then three times what the most patient reader takes.
      const tooLong = route === forms.find((other) => !isBrief(other)) ? 10_000_000 : 1_000_000
      for (const [what, headers, body] of oddBodies(guest(route).token, tooLong)) {
        const question = {
          method: 'POST',
          path: pathOf(route),
          headers: { cookie: guest(route).cookie, ...headers },
          ...(body === undefined ? {} : { body }),
        }
        const answer = await ask(world.url, question)
        found.push(...faults(what, route, answer))
        if (answer.status >= 300 && what !== 'ninety-nine fields')
          expect([what, answer.status === 303 || answer.status >= 400]).toEqual([what, true])
      }
      expect(found).toEqual([])
    })
  })

  test.each([
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    'GET /pay/\x00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /pay/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /\\..\\..\\etc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET http://evil.example/account HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET //evil.example/%2f.. HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: \xff<script>\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
    'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ])('survives the odd bytes %#', async (bytes) => {
    const answer = await askRaw(world.url, bytes)
    expect(answer.status).toBeLessThan(500)
    expect(givenAway({ headers: {}, text: answer.text })).toEqual([])
    expect(answer.text).not.toMatch(/(?:location: |(?:href|src|action)="|url=)(?:https?:)?[/\\]{2}evil/i)
    expect((await cast.nobody.ask({ path: '/healthz' })).status).toBe(200)
  })
})
