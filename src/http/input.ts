import express from 'express'
import type { Request, RequestHandler } from 'express'
import type { z } from 'zod'
import type { RefusalCode } from '../shared/refusals'
import { Refusal } from '../shared/refusals'
import { TOKEN_FIELD } from './forgery'
import type { FaultyFilter } from './request-state'
import type { Schemas } from './route'

export type AnyInput = Partial<Record<keyof Schemas, Record<string, unknown>>>

/** Forms are small. Nested names such as `a[b]` stay plain names, which no schema knows. */
export const readForm: RequestHandler = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 100 })

/** A signed machine call is verified over its bytes, so they are kept as they came. */
export const readRaw: RequestHandler = express.raw({ type: () => true, limit: '64kb' })

/** Checks what the request brought against the route's schemas. @throws Refusal `not_found` for the path, `bad_input` for the rest */
export function parseInput(schemas: Schemas, req: Request): AnyInput {
  const { params, query, body } = schemas
  return {
    ...(params ? { params: parse(params, req.params, 'not_found') } : {}),
    ...(query ? { query: parse(query, req.query, 'bad_input') } : {}),
    ...(body ? { body: parse(strict(body), formFields(req), 'bad_input') } : {}),
  }
}

const LONGEST_GIVEN = 60

/**
 * The filters of a list without those that cannot be read, which are told by their names: somebody at work in the office gets the list and what is wrong with its address.
 * @throws Refusal `bad_input` where they are not all that is wrong
 */
export function parseFilters(
  schema: z.ZodObject,
  query: Record<string, unknown>,
): { query: Record<string, unknown>; faulty: FaultyFilter[] } {
  const issues = schema.safeParse(query).error?.issues ?? []
  const odd = Object.keys(query).filter((name) => hasZero(query[name]))
  const names = [...new Set([...issues.map(({ path }) => String(path[0])), ...odd])].filter((name) => Object.hasOwn(query, name))
  const rest = Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name)))
  const faulty = names.map((name) => ({ name, given: String(query[name]).replaceAll('\0', '').slice(0, LONGEST_GIVEN) }))
  return { query: parse(schema, rest, 'bad_input'), faulty }
}

const strictOnes = new WeakMap<z.ZodObject, z.ZodObject>()

/** A schema is compiled at its first use, which costs more than reading a form: so there is one for each, not one for each request. */
function strict(schema: z.ZodObject): z.ZodObject {
  const known = strictOnes.get(schema) ?? schema.strict()
  strictOnes.set(schema, known)
  return known
}

function formFields(req: Request): Record<string, unknown> {
  const entries = Object.entries((req.body ?? {}) as Record<string, unknown>)
  return Object.fromEntries(entries.filter(([name]) => name !== TOKEN_FIELD))
}

function parse(schema: z.ZodObject, value: unknown, code: RefusalCode): Record<string, unknown> {
  const result = schema.safeParse(value)
  if (!result.success) throw new Refusal(code, faultyFields(result.error))
  const odd = Object.entries(result.data).find(([, given]) => hasZero(given))
  if (odd) throw new Refusal(code, odd[0])
  return result.data
}

/** No field of ours holds a zero character, and PostgreSQL refuses to compare a text with one. */
const hasZero = (given: unknown): boolean => typeof given === 'string' && given.includes('\0')

/** The names of the fields alone: their values may be secrets. A made-up name is cut short. */
const faultyFields = (error: z.ZodError): string =>
  [...new Set(error.issues.map((issue) => issue.path.join('.') || issue.code))].join(', ').slice(0, 200)
