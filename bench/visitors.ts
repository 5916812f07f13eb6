import { Client } from 'undici'

/** A member with a browser: one connection that is kept open, a session, and the token of its forms. */
export interface Visitor {
  readonly memberId: string
  /** One request; the answer is read to its end. */
  get(path: string): Promise<Answer>
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly location: string
  readonly body: string
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

export async function signIn(origin: string, of: { memberId: string; login: string; password: string }): Promise<Visitor> {
  const client = new Client(origin)
  let [cookie, token] = ['', '']
  const ask = async (method: 'GET' | 'POST', path: string, fields?: Readonly<Record<string, string>>): Promise<Answer> => {
    const body = fields ? new URLSearchParams({ _csrf: token, ...fields }).toString() : null
    const headers = { ...(cookie && { cookie }), ...(fields && { ...FORM, origin }) }
    const answer = await client.request({ method, path, headers, body })
    const set = [answer.headers['set-cookie'] ?? []].flat().find((line) => line.startsWith('gateway='))
    if (set) cookie = set.split(';')[0] ?? ''
    return { status: answer.statusCode, location: String(answer.headers.location ?? ''), body: await answer.body.text() }
  }
  const takeToken = async (path: string): Promise<void> => {
    const { body } = await ask('GET', path)
    token = /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
  }
  await takeToken('/sign-in')
  const { status } = await ask('POST', '/sign-in', { login: of.login, password: of.password })
  if (status !== 303) throw new Error(`A member of the bench could not sign in: ${status}.`)
  await takeToken('/account')
  return {
    memberId: of.memberId,
    get: (path) => ask('GET', path),
    post: (path, fields) => ask('POST', path, fields),
    close: () => client.close(),
  }
}
