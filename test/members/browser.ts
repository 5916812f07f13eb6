import type { Express } from 'express'
import request from 'supertest'
import type { Response } from 'supertest'

const ORIGIN = 'http://gateway.test'

const TOKEN = /name="_csrf" value="([^"]+)"/

/** A browser without scripts: keeps cookies, follows nothing by itself, sends forms with the token of the page before. */
export class Browser {
  cookies = new Map<string, string>()
  private token = ''

  constructor(private readonly app: Express) {}

  async open(path: string): Promise<Response> {
    return this.keep(await request(this.app).get(path).set('Cookie', this.cookieHeader()))
  }

  async send(path: string, fields: Record<string, string>): Promise<Response> {
    // Written out here, since the test client would leave names such as __proto__ out.
    const form = new URLSearchParams([...Object.entries(fields), ['_csrf', this.token]]).toString()
    return this.keep(await request(this.app).post(path).type('form').set('Origin', ORIGIN).set('Cookie', this.cookieHeader()).send(form))
  }

  async signIn(login: string, password: string, next?: string): Promise<Response> {
    await this.open(next === undefined ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`)
    return this.send('/sign-in', { login, password, ...(next !== undefined && { next }) })
  }

  /** Another browser with the same cookies. */
  copy(): Browser {
    const copy = new Browser(this.app)
    copy.cookies = new Map(this.cookies)
    copy.token = this.token
    return copy
  }

  private cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  private keep(response: Response): Response {
    const lines = (response.headers['set-cookie'] ?? []) as unknown as string[]
    for (const line of lines) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      this.cookies.set(name, value)
    }
    this.token = TOKEN.exec(response.text)?.[1] ?? this.token
    return response
  }
}

export { ORIGIN }
