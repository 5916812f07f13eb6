import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { createHttp, defineRoute } from '../../src/http'
import type { Http, HttpSettings, Route } from '../../src/http'
import type { Actor } from '../../src/shared/actor'
import type { Clock } from '../../src/shared/clock'
import type { Db, Engine } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import type { Log } from '../../src/shared/log'
import { createTexts } from '../../src/shared/texts'
import { makeDatabase } from '../support/databases'

export const PUBLIC_URL = 'http://gateway.test'

/** A site with routes of the test's own, listening on the loopback, over a real database. */
export interface Site {
  readonly http: Http
  readonly db: Db
  readonly clock: Clock & { set(moment: Date): void }
  readonly log: Log
  /** Every line that was logged. */
  readonly logged: () => Record<string, unknown>[]
  visitor(): Visitor
  close(): Promise<void>
}

export type SiteSettings = Partial<Pick<HttpSettings, 'publicUrl' | 'mode' | 'program' | 'trustProxy' | 'mostAtWork'>>

export async function openSite(routes: readonly Route[] = [], settings: SiteSettings = {}, engine: Engine = 'sqlite'): Promise<Site> {
  const database = await makeDatabase(engine)
  const db = database.open()
  const clock = movableClock(new Date('2026-03-01T09:00:00Z'))
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  const own = { sessionSecret: 'a secret of the tests that is long enough', db, clock, log, texts: createTexts() }
  const usual = { publicUrl: PUBLIC_URL, mode: 'sandbox', program: { name: 'Мили' }, trustProxy: 0 } as const
  const http = await build(
    () => createHttp({ ...usual, ...settings, ...own }),
    () => database.drop(),
  )
  http.mount([signInRoute, formRoute, ...routes])
  const server = createServer(http.app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    http,
    db,
    clock,
    log,
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    visitor: () => new Visitor(base),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.drop()
    },
  }
}

/** Settings that are refused leave no database behind. */
async function build(make: () => Http, giveUp: () => Promise<void>): Promise<Http> {
  try {
    return make()
  } catch (error) {
    await giveUp()
    throw error
  }
}

export const ANNA: Actor = { kind: 'member', id: 'member-anna', login: 'anna' }
export const VIEWER: Actor = { kind: 'staff', id: 'staff-viewer', login: 'viewer', role: 'viewer' }
const PEOPLE: Readonly<Record<string, Actor>> = { anna: ANNA, viewer: VIEWER }

/** Signing in without passwords: those belong to the members room. */
const signInRoute = defineRoute({
  method: 'get',
  path: '/test/enter/:who',
  policy: { kind: 'public' },
  summary: 'Signs a person of the tests in.',
  handle: async ({ req, signIn, redirect }) => {
    await signIn(PEOPLE[req.params['who'] as string] as Actor)
    redirect('/')
  },
})

const formRoute = defineRoute({
  method: 'get',
  path: '/sign-in',
  policy: { kind: 'public' },
  summary: 'A page with a form.',
  handle: ({ page }) => page('members/sign-in', { next: '' }),
})

function movableClock(start: Date): Clock & { set(moment: Date): void } {
  let now = start
  return { now: () => now, set: (moment) => void (now = moment) }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly heading: string
}

/** A browser without scripts: keeps its cookies, follows no redirect by itself. */
export class Visitor {
  readonly cookies = new Map<string, string>()
  token = ''

  constructor(readonly base: string) {}

  async open(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.keep(await fetch(this.base + path, { redirect: 'manual', headers: { cookie: this.cookieHeader(), ...headers } }))
  }

  async post(path: string, body: string | URLSearchParams, headers: Record<string, string> = {}): Promise<Answer> {
    const own = { cookie: this.cookieHeader(), 'content-type': 'application/x-www-form-urlencoded' }
    return this.keep(
      await fetch(this.base + path, { method: 'POST', redirect: 'manual', headers: { ...own, ...headers }, body: String(body) }),
    )
  }

  /** Opens a page with a form, so as to have its token, and sends these fields with it. */
  async send(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Answer> {
    if (!this.token) await this.open('/sign-in')
    return this.post(path, new URLSearchParams({ ...fields, _csrf: this.token }), headers)
  }

  async enter(who: 'anna' | 'viewer'): Promise<this> {
    await this.open(`/test/enter/${who}`)
    await this.open('/sign-in')
    return this
  }

  private cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  private async keep(response: Response): Promise<Answer> {
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      this.cookies.set(name, value)
    }
    const text = await response.text()
    this.token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? this.token
    return { status: response.status, headers: response.headers, text, heading: /<h1[^>]*>([^<]*)<\/h1>/.exec(text)?.[1] ?? '' }
  }
}
