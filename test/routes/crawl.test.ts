import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { gatherCast, observed, promised, Visitor } from './cast'
import type { Cast } from './cast'
import { givenAway } from './odd'
import { fillPath, makeObjects } from './objects'
import { nameOf, readRouteTable } from './table'

const table = readRouteTable()
const { routes } = table
afterAll(() => table.close())

interface Found {
  readonly status: number
  readonly location: string | undefined
  readonly html: string
}

describe('a crawler', () => {
  let world: World
  let cast: Cast
  let own: Map<string, string>

  beforeAll(async () => {
    world = await World.make()
    const owner = await world.member({ points: '500.00', login: 'owner' })
    own = await makeObjects(routes, world, owner)
    cast = await gatherCast(world, owner)
  }, 60_000)
  afterAll(() => world.close())

  /** Follows every link, picture, style sheet and script of our own from these pages on. Returns what was found where. */
  async function crawl(visitor: Visitor, starts: readonly string[]): Promise<Map<string, Found>> {
    const seen = new Map<string, Found>()
    const queue = [...starts]
    for (let path = queue.shift(); path !== undefined && seen.size < 300; path = queue.shift()) {
      if (seen.has(path)) continue
      const answer = await visitor.ask({ path })
      expect(givenAway(answer)).toEqual([])
      seen.set(path, { status: answer.status, location: answer.location, html: answer.text })
      const links = [...answer.text.matchAll(/(?:href|src|action|url)="?([^"\s>]+)"?/g)].map((match) =>
        (match[1] ?? '').replaceAll('&amp;', '&'),
      )
      for (const link of [...links, ...(answer.location === undefined ? [] : [answer.location])]) {
        const url = new URL(link, `${world.url}${path}`)
        if (url.origin === world.url && url.pathname !== '/sign-out' && !/\/(confirm|decline)$/.test(url.pathname))
          queue.push(url.pathname + url.search)
      }
    }
    return seen
  }

  test('without a session gets through no gate but the declared ones, and learns nothing of anybody', async () => {
    const starts = routes.filter((route) => route.method === 'get').map((route) => fillPath(route, own))
    const found = await crawl(cast.nobody, starts)
    for (const route of routes.filter(({ method }) => method === 'get')) {
      const { status, location = '' } = found.get(fillPath(route, own)) ?? {}
      const turnedAway = status === 303 && location.startsWith('/sign-in?next=')
      expect([nameOf(route), turnedAway]).toEqual([nameOf(route), promised(route.policy, null) !== 'admitted'])
    }
    // The form that leads back names what the visitor has asked for: nothing that they did not know.
    const all = [...found.values()].map(({ html }) => html.replace(/name="next" value="[^"]*"|next=[^"]*/g, '')).join('\n')
    const [payment] = await world.payments()
    const secrets = [
      payment?.memberId,
      payment?.operationId,
      payment?.transactionId,
      payment?.id,
      'owner',
      'second-member',
      'staff-',
      'data-state="paid"',
    ]
    for (const secret of secrets) expect(all).not.toContain(secret)
    expect([...found.values()].filter(({ status }) => status >= 500)).toEqual([])
  })

  test('with half a sign-in, before the second factor, gets no further than nobody', async () => {
    const person = await StaffPerson.make(world, 'admin')
    const page = await person.password()
    expect(page.state).toBe('enrol')
    const half = new Visitor(world, 'half an admin', null, person.actor.login, person.browser)
    half.token = /name="_csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const asked = routes.filter(({ policy }) => policy.kind !== 'public' && policy.kind !== 'probe')
    expect(asked.length).toBeGreaterThan(50)
    for (const route of asked) {
      const path = fillPath(route, own)
      const headers = { accept: 'application/json' }
      const answer = await (route.method === 'get' ? half.ask({ path, headers }) : half.post(path, {}, headers))
      expect([nameOf(route), observed(answer)]).toEqual([nameOf(route), 'sign in first'])
    }
    expect((await person.browser.open('/sign-in/enrol')).state).toBe('enrol')
  })

  test('with the session of a member finds no dead link and no page of anybody else', async () => {
    const found = await crawl(cast.owner, ['/', '/account', `/pay/${own.get('/pay/:id') ?? ''}`])
    expect([...found].filter(([, { status }]) => status >= 400).map(([path]) => path)).toEqual([])
    expect([...found.keys()].filter((path) => path.startsWith('/pay/')).length).toBeGreaterThan(1)
    expect([...found.values()].some(({ html }) => html.includes('second-member'))).toBe(false)
  })

  test('with the session of staff sees no page of members', async () => {
    const [staff] = cast.everyone.filter(({ actor }) => actor?.kind === 'staff')
    for (const route of routes.filter(({ policy, method }) => policy.kind === 'member' && method === 'get')) {
      const answer = await (staff as Visitor).ask({ path: fillPath(route, own), headers: { accept: 'application/json' } })
      expect([nameOf(route), observed(answer)]).toEqual([nameOf(route), 'forbidden'])
    }
  })
})
