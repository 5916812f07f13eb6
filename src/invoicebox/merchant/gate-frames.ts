import type { Unit } from '../../shared/money'
import { ExactNumber, NotJson, isObject, parseExactJson } from '../exact-json'
import type { Json } from '../exact-json'
import { toNotification } from './notification'
import type { Notification, Reply } from './notification-types'
import { writeJson } from './write-json'

export interface FrameDeps {
  readonly currencies: readonly Unit[]
  readonly version: string
  readonly receive: (notification: Notification) => Promise<Reply>
}

/** The codes of JSON-RPC 2.0. */
const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const NO_SUCH_METHOD = -32601

type Id = string | ExactNumber | null

/**
 * Answers one frame of the channel: JSON-RPC 2.0, in which the server calls us (4.5). A call without an id wants no answer.
 * @returns the frame to send, or `null`
 */
export async function answerFrame(frame: string, deps: FrameDeps): Promise<string | null> {
  const call = callOf(frame)
  if (call === null) return written(null, { error: { code: PARSE_ERROR, message: 'Parse error' } })
  if (!isObject(call)) return written(null, { error: { code: INVALID_REQUEST, message: 'Invalid request' } })
  // An answer to something: we ask nothing, so it is none of ours.
  if (call.method === undefined) return null
  const isCall = call.id !== undefined
  const id = idOf(call.id)
  const answer = await answerCall(call.method, call.params, deps)
  return isCall ? written(id, answer) : null
}

async function answerCall(method: Json, params: Json | undefined, deps: FrameDeps): Promise<object> {
  if (method === 'onOrderStatusChange') {
    const value = Array.isArray(params) ? params[0] : params
    return { result: await deps.receive(toNotification(value ?? null, writeJson(value ?? null), deps.currencies)) }
  }
  // The documented sample names the method in the answer too.
  if (method === 'getStatus') return { method, result: { version: deps.version, type: 'device', settings: {}, log: [] } }
  return { error: { code: NO_SUCH_METHOD, message: 'Method not found' } }
}

const written = (id: Id, answer: object): string => writeJson({ jsonrpc: '2.0', id, ...answer })

const idOf = (value: Json | undefined): Id => (typeof value === 'string' || value instanceof ExactNumber ? value : null)

function callOf(frame: string): Json {
  try {
    return parseExactJson(frame)
  } catch (error) {
    if (error instanceof NotJson) return null
    throw error
  }
}
