import { maskText } from './clean-text'
import { isObject } from './exact-json'
import type { Json, JsonObject } from './exact-json'

/** An explicit error in the API's own format. */
export interface ApiError {
  /** In snake_case, whatever way it was written: `notEnoughMoney` and `not_enough_money` are one code. */
  readonly code: string
  /** For staff; masked. */
  readonly message: string
}

/** A code is a name. A number (`"code": 404`) is how proxies and frameworks in between write their own errors. */
const CODE = /^[a-z][\w.-]{0,99}$/i
const MESSAGE_LIMIT = 500

/**
 * Reads the error out of an answer, in one of three forms (2.4, 4.3, Q-34): nested `{"error": {code, message, fields}}`,
 * flat `{code, message}`, and `{"status": "error", code?, message?}`, whose code defaults to `out_of_service`.
 * `null` when there is none, or when it does not name a code: then nobody has explicitly said no.
 */
export function readApiError(body: Json): ApiError | null {
  // An error that carries data as well contradicts itself, so it says nothing.
  if (!isObject(body) || !hasNoData(body)) return null
  if (hasError(body)) return isObject(body.error) ? named(body.error) : null
  if (body.status === 'error') return named({ ...body, code: body.code ?? 'out_of_service' })
  return 'id' in body ? null : named(body)
}

/** Whether the answer speaks of an error at all, in our format or not. PHP writes an absent one as `null` or `[]`. */
export function speaksOfError(body: Json): boolean {
  return isObject(body) && (hasError(body) || body.status === 'error')
}

const hasNoData = (body: JsonObject): boolean => body.data === undefined || body.data === null || isEmptyList(body.data)

const isEmptyList = (value: Json): boolean => Array.isArray(value) && value.length === 0

const hasError = ({ error }: JsonObject): boolean =>
  !(error === undefined || error === null || error === false || error === '' || isEmptyList(error))

function named({ code, message }: JsonObject): ApiError | null {
  if (typeof code !== 'string' || !CODE.test(code)) return null
  return { code: snakeCase(code), message: typeof message === 'string' ? maskText(message, MESSAGE_LIMIT) : '' }
}

const snakeCase = (code: string): string => code.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()
