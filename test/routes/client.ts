import { request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { connect } from 'node:net'

export interface Question {
  readonly method?: string
  /** As it stands in the request line: nothing is encoded, resolved or mended on the way. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly location: string | undefined
}

/** One request as the caller wrote it. `fetch` would mend odd paths and headers before they are sent. */
export function ask(base: string, { method = 'GET', path, headers = {}, body }: Question): Promise<Answer> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const length = body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const call = request({ hostname, port, method, path, headers: { ...length, ...headers } })
    call.once('response', (response) => void readAnswer(response).then(resolve, reject))
    // A server may answer and hang up while a large body is still on its way; then the answer has won already.
    call.on('error', reject)
    call.end(body)
  })
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  const { statusCode = 0, headers } = response
  return { status: statusCode, headers, text: Buffer.concat(parts).toString(), location: headers.location }
}

/** The status of the answer to bytes that no HTTP client would send; 0 when the connection is closed without an answer. */
export function askRaw(base: string, bytes: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes, 'latin1'))
    let text = ''
    const finish = (): void => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    socket.on('error', finish).on('close', finish)
  })
}

export const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString()

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' } as const
