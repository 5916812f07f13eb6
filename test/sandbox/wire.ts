import { request } from 'node:http'
import type { TestWorld } from './world'

/** What a client's socket saw of one exchange. */
export interface Seen {
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  /** The error code of the connection, e.g. ECONNRESET; null when the answer ended properly. */
  readonly error: string | null
}

/** One confirm over a connection of its own. `until`: hang up after so many bytes of the body. */
export function watchConfirm(world: TestWorld, id: string, operationId: string, until = Infinity): Promise<Seen> {
  return new Promise((resolve) => {
    let status: number | null = null
    let headers: Seen['headers'] = {}
    let body = ''
    const done = (error: string | null): void => resolve({ status, headers, body, error })
    const sent = request(`${world.sandbox.url}/v3/business/api/invoice/${id}/confirm`, {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${world.sandbox.token}`, 'content-type': 'application/json' },
    })
    sent.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    sent.on('response', (response) => {
      status = response.statusCode ?? null
      headers = response.headers
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        body += piece
        if (body.length >= until) sent.destroy()
      })
      response.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
      response.on('end', () => done(null))
    })
    sent.end(JSON.stringify({ partnerOperationId: operationId }))
  })
}
