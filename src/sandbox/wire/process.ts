import { ApiRefusal } from '../http/refusal'
import type { Json } from '../http/json'
import type { World } from '../state/world'
import type { Answer, ApiCall, ApiRoute } from './call'
import { authenticate, countRequest, requireHeaders } from './gate'

/** What the API answers to a call. Never throws: a refusal is an answer, and a bug is a 500 in the same shape. */
export function processCall(world: World, route: ApiRoute, call: ApiCall): Answer {
  let headers: Readonly<Record<string, string>> = {}
  try {
    const userId = authenticate(world, call, route)
    headers = countRequest(world, userId)
    if (world.settings.strictHeaders) requireHeaders(call)
    return { status: 200, headers, payload: route.answer(world, call, userId) }
  } catch (error) {
    const answer = refusalAnswer(error)
    return { ...answer, headers: { ...headers, ...answer.headers } }
  }
}

/** The documented error shape, always with `fields`. */
export const errorPayload = (code: string, message: string, fields: ApiRefusal['fields'] = []): Json => ({
  error: { message, code, fields: fields.map((field) => ({ ...field })) },
})

export function refusalAnswer(error: unknown): Answer {
  if (error instanceof ApiRefusal) {
    return { status: error.status, headers: error.headers, payload: errorPayload(error.code, error.message, error.fields) }
  }
  console.error('sandbox: unexpected error', error)
  return { status: 500, headers: {}, payload: errorPayload('internal_server_error', 'Internal Server Error') }
}
