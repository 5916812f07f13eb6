import { z } from 'zod'
import { bodyOf } from '../http/body'
import { isObject } from '../http/json'
import type { Json } from '../http/json'
import { ApiRefusal } from '../http/refusal'
import { toMoment } from '../state/clock'
import { MAX_KOPECKS, toKopecks } from '../state/money'
import type { ApiCall } from '../wire/call'

/** `['basketItems', 0, 'amount']` → `basketItems[0].amount`, as the API names a property. */
const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((name, part) => (typeof part === 'number' ? `${name}[${part}]` : `${name}${name && '.'}${String(part)}`), '')

/**
 * What a body of the merchant API says. Unknown fields are ignored, `null` counts as absent, and so does PHP's `[]` in place of an object.
 * @throws ApiRefusal 400 `bad_request`, 422 `validation` with one entry of `fields` per property
 */
export function readApiBody<T extends z.ZodType>(schema: T, call: ApiCall): z.output<T> {
  const result = schema.safeParse(withoutNulls(bodyOf(call.body)))
  if (result.success) return result.data
  const fields = result.error.issues.map((issue) => ({ name: pathOf(issue.path), code: 'wrong_value', message: issue.message }))
  throw new ApiRefusal(422, 'validation', 'Validation error', fields)
}

const withoutNulls = (body: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))

const given = (issue: { readonly input?: unknown }): string => (issue.input === undefined ? 'This value should not be blank.' : '')

const lengthOf = (value: string): number => Array.from(value).length

/** Text of `least` to `most` characters, counted as people count them. */
export const text = (most: number, least = 0) =>
  z
    .string({ error: (issue) => given(issue) || 'This value should be of type string.' })
    .refine((value) => lengthOf(value) <= most, { error: `This value is too long. It should have ${most} characters or less.` })
    .refine((value) => lengthOf(value) >= least, { error: 'This value should not be blank.' })

/** A JSON number with at most two decimals, zero or more → kopecks. */
export const amount = z.number({ error: (issue) => given(issue) || 'This value should be of type float.' }).transform((value, context) => {
  const kopecks = toKopecks(String(value))
  if (kopecks !== undefined && kopecks >= 0n && kopecks <= MAX_KOPECKS) return kopecks
  context.addIssue({ code: 'custom', message: 'This value should be an amount with at most two decimals.' })
  return z.NEVER
})

export const moment = z
  .string({ error: (issue) => given(issue) || 'This value should be of type datetime.' })
  .transform((value, context) => {
    const parsed = toMoment(value)
    if (parsed) return parsed
    context.addIssue({ code: 'custom', message: 'This value is not a valid datetime.' })
    return z.NEVER
  })

const MOST_DEPTH = 40

const depthOf = (value: unknown, limit: number): number => {
  if (limit === 0 || typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map((part) => depthOf(part, limit - 1)))
}

/** An object that is kept and given back as it came; bounded in depth, since it will be printed again. */
export const jsonObject = z
  .custom<unknown>((value) => isObject(value) || isEmptyList(value), { error: 'This value should be of type object.' })
  .refine((value) => depthOf(value, MOST_DEPTH + 1) <= MOST_DEPTH, { error: 'This value is nested too deeply.' })
  .transform((value) => (isObject(value) ? value : {}) as Readonly<Record<string, Json>>)

export const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

export const flag = z.boolean({ error: 'This value should be of type bool.' })

export const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: 'The value you selected is not a valid choice.' })
