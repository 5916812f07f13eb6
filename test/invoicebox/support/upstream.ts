import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it came over the wire. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What upstream does with one request: it may write anything to the socket, or nothing. */
export type Reaction = (socket: Socket, seen: Seen) => void

export interface Upstream {
  readonly url: string
  readonly seen: readonly Seen[]
  /** The reactions to the next requests; the last one stays. */
  plays(...reactions: Reaction[]): void
  close(): Promise<void>
}

/** A server of bytes: it can say what no HTTP framework would. */
export async function startUpstream(): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const seen: Seen[] = []
  let script: Reaction[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    let left = ''
    socket.on('data', (part: Buffer) => {
      left += part.toString('latin1')
      for (let taken = takeRequest(left); taken; taken = takeRequest(left)) {
        left = taken.rest
        seen.push(taken.seen)
        const reaction = script.length > 1 ? script.shift() : script[0]
        reaction?.(socket, taken.seen)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    plays: (...reactions) => (script = reactions),
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function takeRequest(bytes: string): { seen: Seen; rest: string } | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0)
  if (bytes.length < bodyEnd) return null
  const [method = '', path = ''] = first.split(' ')
  return { seen: { method, path, headers, body: bytes.slice(end + 4, bodyEnd) }, rest: bytes.slice(bodyEnd) }
}

/** Bytes as they are. */
export const raw =
  (bytes: string | Buffer): Reaction =>
  (socket) =>
    void socket.write(bytes)

/** A whole HTTP answer. */
export function http(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Reaction {
  const content = Buffer.from(body)
  const all = { 'Content-Length': String(content.length), 'X-Request-Id': 'upstream-request-1', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return raw(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join('')}\r\n`), content]))
}

/** A whole JSON answer; text is sent as it is, so that it may be wrong. */
export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reaction =>
  http(status, typeof body === 'string' ? body : JSON.stringify(body), { 'Content-Type': 'application/json', ...headers })

export const apiError = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reaction =>
  json(status, { error: { message: 'Said upstream', code, fields: [] } }, headers)

export const hangUp: Reaction = (socket) => void socket.end()
export const reset: Reaction = (socket) => void socket.resetAndDestroy()
export const silence: Reaction = () => undefined
