import { decodeJson, isObject } from './json'
import { ApiRefusal } from './refusal'

/** A body as an object; an empty one counts as `{}`. @throws ApiRefusal 400 `bad_request` for what is not JSON, 422 for another shape */
export function bodyOf(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {}
  const decoded = decodeJson(bytes)
  if (!decoded) throw new ApiRefusal(400, 'bad_request', 'Malformed JSON')
  if (!isObject(decoded.value)) throw new ApiRefusal(422, 'validation', 'Validation error')
  return decoded.value
}
