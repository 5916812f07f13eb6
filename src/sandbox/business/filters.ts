import { ApiRefusal } from '../http/refusal'
import type { QueryParam } from '../http/query'
import { toMoment } from '../state/clock'
import { CUSTOMER_FIELDS, visibleStatus } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { toKopecks } from '../state/money'
import type { World } from '../state/world'

/** 422 `wrong_filter_format` about one parameter of the query. */
export const wrongFilter = (name: string, message: string): ApiRefusal =>
  new ApiRefusal(422, 'wrong_filter_format', message, [{ name: name.slice(0, 100), code: 'wrong_value', message }])

type Comparable = string | bigint | number

/** A field that can be filtered and sorted by: how to take it off an invoice and how to read it off the query. */
export interface Field {
  readonly isText: boolean
  readonly of: (world: World, invoice: Invoice) => Comparable | undefined
  readonly parse: (text: string) => Comparable | undefined
}

const text = (of: Field['of']): Field => ({ isText: true, of, parse: (value) => value })
const moment = (of: (invoice: Invoice) => Date): Field => ({
  isText: false,
  of: (_world, invoice) => Math.floor(of(invoice).getTime() / 1_000),
  parse: (value) => {
    const parsed = toMoment(value)
    return parsed && Math.floor(parsed.getTime() / 1_000)
  },
})

/** Moments compare by whole seconds, as the API shows them. */
export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['id', text((_world, invoice) => invoice.id)],
  ['number', text((_world, invoice) => invoice.number)],
  ['merchantOrderId', text((_world, invoice) => invoice.merchantOrderId)],
  ['merchantOrderIdVisible', text((_world, invoice) => invoice.merchantOrderIdVisible)],
  ['status', text((world, invoice) => visibleStatus(invoice, world.clock, world.settings))],
  ['currencyId', text((_world, invoice) => invoice.currencyId)],
  ['description', text((_world, invoice) => invoice.description)],
  ['amount', { isText: false, of: (_world, invoice) => invoice.amount, parse: toKopecks }],
  ['createdAt', moment((invoice) => invoice.createdAt)],
  ['expirationDate', moment((invoice) => invoice.expirationDate)],
  ...CUSTOMER_FIELDS.map((name) => [`customer.${name}`, text((_world, invoice) => invoice.customer[name])] as const),
])

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

interface Condition {
  readonly field: Field
  readonly test: Test
  readonly wanted: Comparable[]
  /** Conditions with one key belong together; that of an array ends with `[]`. */
  readonly key: string
}

/** `['customer', 'vatNumber', 'eq']` → the field and what follows it. */
function splitField(param: QueryParam): { field: Field; rest: readonly string[] } {
  const [name = '', sub = ''] = param.path
  const isNested = name === 'customer'
  const field = FIELDS.get(isNested ? `customer.${sub}` : name)
  if (!field || name.includes('.')) throw wrongFilter(param.key, 'Unknown filter')
  return { field, rest: param.path.slice(isNested ? 2 : 1) }
}

/** How the values are compared: `key=`, `key[]=`, `key[0]=` any of them; `key[_op]=` or, as an alias, `key[op]=`. */
function readCondition(param: QueryParam): Condition {
  const { field, rest } = splitField(param)
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
function joinConditions(params: readonly QueryParam[]): Condition[] {
  const joined = new Map<string, Condition>()
  for (const condition of params.map(readCondition)) {
    const earlier = joined.get(condition.key)
    if (earlier && condition.key.endsWith('[]')) earlier.wanted.push(...condition.wanted)
    else joined.set(condition.key, condition)
  }
  return [...joined.values()]
}

/** The invoices this partner may see that meet every filter. @throws ApiRefusal 422 `wrong_filter_format` */
export function filterInvoices(world: World, params: readonly QueryParam[]): Invoice[] {
  const conditions = joinConditions(params)
  const meets = (invoice: Invoice): boolean =>
    conditions.every(({ field, test, wanted }) => wanted.some((value) => test(field.of(world, invoice), value)))
  return [...world.invoices.values()].filter((invoice) => !invoice.foreign && meets(invoice))
}
