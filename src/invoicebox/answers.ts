import { isUtf8 } from 'node:buffer'
import { readApiError } from './errors'
import type { ApiError } from './errors'
import { NotJson, parseExactJson } from './exact-json'
import type { Json } from './exact-json'
import { headerText, readRateLimitWait, readRetryAfter } from './retry-after'
import type { Headers } from './retry-after'
import type { UnknownReason } from './types'

/** A whole answer, down to its last byte. */
export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** No whole answer. */
export interface Fault {
  readonly kind: 'fault'
  readonly reason: UnknownReason
  /** False only when it is certain that nothing left this machine. */
  readonly sent: boolean
  /** What had arrived before the fault. */
  readonly status: number | null
  readonly headers: Headers
}

export type Reply = Answer | Fault

/** An answer that says something: a success, or a 4xx with (or without) an error in the API's own format. */
export interface Clear {
  readonly kind: 'clear'
  readonly status: number
  readonly body: Json
  readonly error: ApiError | null
}

/** Anything that proves nothing. */
export interface Trouble {
  readonly kind: 'trouble'
  readonly reason: UnknownReason
  readonly sent: boolean
  readonly status: number | null
  readonly retryAfterMs?: number
}

export type Understood = Clear | Trouble

/** "Ask again" said as an error: it decides nothing, whatever status it comes with (3.3: no status is documented for it). */
const TEMPORARY_CODES: readonly string[] = ['out_of_service', 'too_many_requests']

/** The first half of the table of Q-08: which answers say something at all. `now` is used for a `Retry-After` date alone. */
export function understand(reply: Reply, now: Date): Understood {
  if (reply.kind === 'fault') return { kind: 'trouble', reason: reply.reason, sent: reply.sent, status: reply.status }
  const { status, headers } = reply
  const reason = troubledStatus(status)
  if (reason === 'rate-limited') return { ...trouble(reason, status), retryAfterMs: readRateLimitWait(headers, now) }
  if (reason) return waiting(trouble(reason, status), headers, now)
  const body = readBody(reply)
  if (body === undefined) return trouble('not-json', status)
  const error = readApiError(body)
  if (error && TEMPORARY_CODES.includes(error.code)) return waiting(trouble('try-later', status), headers, now)
  return { kind: 'clear', status, body, error }
}

export const isSuccess = ({ status }: Clear): boolean => status < 300

function troubledStatus(status: number): UnknownReason | null {
  if (status === 429) return 'rate-limited'
  if (status === 408 || status === 425) return 'try-later'
  if (status >= 300 && status < 400) return 'redirected'
  if (status >= 500 && status < 600) return 'server-error'
  return status < 200 || status >= 600 ? 'not-understood' : null
}

const trouble = (reason: UnknownReason, status: number): Trouble => ({ kind: 'trouble', reason, sent: true, status })

function waiting(found: Trouble, headers: Headers, now: Date): Trouble {
  const retryAfterMs = readRetryAfter(headers, now)
  return retryAfterMs === null ? found : { ...found, retryAfterMs }
}

/**
 * The body as JSON; `undefined` when it is none. A proxy may answer HTML with 200, so the type is looked at first (2.4); a missing
 * type is forgiven, a wrong one is not. Nothing packed was asked for, so nothing packed is read.
 */
export function readBody({ headers, body }: Answer): Json | undefined {
  const type = headerText(headers, 'content-type')
  if (type !== null && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return undefined
  if (!['identity', ''].includes(headerText(headers, 'content-encoding') ?? '')) return undefined
  // Bytes that are not UTF-8 are refused, never replaced; a byte order mark is skipped by the decoder.
  return isUtf8(body) ? jsonOf(new TextDecoder().decode(body)) : undefined
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseExactJson(text)
  } catch (error) {
    if (error instanceof NotJson) return undefined
    throw error
  }
}
