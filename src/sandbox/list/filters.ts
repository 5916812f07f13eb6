import { ApiRefusal } from '../http/refusal'
import type { QueryParam } from '../http/query'
import type { World } from '../state/world'
import type { Comparable, Field, Fields } from './fields'

/** 422 `wrong_filter_format` about one parameter of the query. */
export const wrongFilter = (name: string, message: string): ApiRefusal =>
  new ApiRefusal(422, 'wrong_filter_format', message, [{ name: name.slice(0, 100), code: 'wrong_value', message }])

type Test = (actual: Comparable | undefined, wanted: Comparable) => boolean

const TEXT_TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['eq', (actual, wanted) => actual === wanted],
  ['ne', (actual, wanted) => actual !== wanted],
  ['start', (actual, wanted) => typeof actual === 'string' && actual.startsWith(String(wanted))],
])

const NUMBER_TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['eq', (actual, wanted) => actual === wanted],
  ['ne', (actual, wanted) => actual !== wanted],
  ['gt', (actual, wanted) => actual !== undefined && actual > wanted],
  ['ge', (actual, wanted) => actual !== undefined && actual >= wanted],
  ['lt', (actual, wanted) => actual !== undefined && actual < wanted],
  ['le', (actual, wanted) => actual !== undefined && actual <= wanted],
])

interface Condition<T> {
  readonly field: Field<T>
  readonly test: Test
  readonly wanted: Comparable[]
  /** Conditions with one key belong together; that of an array ends with `[]`. */
  readonly key: string
}

/** `['customer', 'vatNumber', 'eq']` → the field and what follows it. */
function splitField<T>(fields: Fields<T>, param: QueryParam): { field: Field<T>; rest: readonly string[] } {
  const [name = '', sub = ''] = param.path
  const nested = name.includes('.') ? undefined : fields.get(`${name}.${sub}`)
  const field = nested ?? (name.includes('.') ? undefined : fields.get(name))
  if (!field) throw wrongFilter(param.key, 'Unknown filter')
  return { field, rest: param.path.slice(nested ? 2 : 1) }
}

/** How the values are compared: `key=`, `key[]=`, `key[0]=` any of them; `key[_op]=` or, as an alias, `key[op]=`. */
function readCondition<T>(fields: Fields<T>, param: QueryParam): Condition<T> {
  const { field, rest } = splitField(fields, param)
  const [bracket, ...more] = rest
  const isArray = bracket !== undefined && /^\d*$/.test(bracket)
  const operator = bracket === undefined || isArray ? 'eq' : bracket.replace(/^_/, '')
  const test = (field.isText ? TEXT_TESTS : NUMBER_TESTS).get(operator)
  if (!test || more.length > 0) throw wrongFilter(param.key, 'Unknown filter operator')
  const wanted = field.parse(param.value)
  if (wanted === undefined) throw wrongFilter(param.key, 'Wrong filter value')
  return { field, test, wanted: [wanted], key: isArray ? `${param.path.slice(0, -rest.length).join('.')}[]` : param.key }
}

/** Conditions joined: array forms gather their values, any other repeated key keeps the last one. */
function joinConditions<T>(fields: Fields<T>, params: readonly QueryParam[]): Condition<T>[] {
  const joined = new Map<string, Condition<T>>()
  for (const condition of params.map((param) => readCondition(fields, param))) {
    const earlier = joined.get(condition.key)
    if (earlier && condition.key.endsWith('[]')) earlier.wanted.push(...condition.wanted)
    else joined.set(condition.key, condition)
  }
  return [...joined.values()]
}

/** The items that meet every filter. @throws ApiRefusal 422 `wrong_filter_format` */
export function filterItems<T>(world: World, fields: Fields<T>, items: readonly T[], params: readonly QueryParam[]): T[] {
  const conditions = joinConditions(fields, params)
  return items.filter((item) => conditions.every(({ field, test, wanted }) => wanted.some((value) => test(field.of(world, item), value))))
}
