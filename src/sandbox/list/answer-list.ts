import { envelope } from '../http/envelope'
import type { Json } from '../http/json'
import { parseQuery } from '../http/query'
import type { QueryParam } from '../http/query'
import type { World } from '../state/world'
import type { ApiCall } from '../wire/call'
import type { Fields } from './fields'
import { filterItems, wrongFilter } from './filters'

const PAGING = ['page', 'pageSize', '_page', '_pageSize']
const FIRST_PAGE = 1
const DEFAULT_PAGE_SIZE = 30
const LARGEST_PAGE = 100

/** A collection of the API: what it may be filtered and sorted by, and how an item is shown. */
export interface Collection<T> {
  readonly fields: Fields<T>
  /** Oldest first. */
  readonly items: readonly T[]
  readonly present: (world: World, item: T) => Json
}

type Compare<T> = (a: T, b: T) => number

/** `_order[field]=asc|desc`; an unknown field is ignored, any other form is refused. */
function readSorting<T>(world: World, fields: Fields<T>, param: QueryParam): Compare<T>[] {
  const [, field, ...more] = param.path
  if (field === undefined || more.length > 0) throw wrongFilter(param.key, 'Sorting is written as _order[field]=asc or desc')
  const direction = { asc: 1, desc: -1 }[param.value.toLowerCase()]
  if (direction === undefined) throw wrongFilter(param.key, 'Sorting order must be asc or desc')
  const sorted = fields.get(field)
  if (!sorted) return []
  const compare: Compare<T> = (a, b) => {
    const [left = '', right = ''] = [sorted.of(world, a), sorted.of(world, b)]
    return left === right ? 0 : (left < right ? -1 : 1) * direction
  }
  return [compare]
}

/** A whole number from 1; the underscored name wins over the plain one, the last of repeated ones wins. */
function readPaging(params: readonly QueryParam[], name: string, byDefault: number): number {
  const param = params.findLast(({ key }) => key === `_${name}`) ?? params.findLast(({ key }) => key === name)
  if (!param) return byDefault
  const number = /^\d{1,9}$/.test(param.value) ? Number(param.value) : 0
  if (number < 1) throw wrongFilter(param.key, `${name} must be a whole number from 1`)
  return number
}

interface ListQuery<T> {
  readonly filters: QueryParam[]
  readonly sorting: Compare<T>[]
  readonly page: number
  readonly pageSize: number
}

function readListQuery<T>(world: World, fields: Fields<T>, query: string): ListQuery<T> {
  const params = parseQuery(query)
  if (!params) throw wrongFilter('query', 'Wrong query format')
  const isPaging = ({ path }: QueryParam): boolean => path.length === 1 && PAGING.includes(path[0] ?? '')
  const isSorting = ({ path }: QueryParam): boolean => path[0] === '_order'
  return {
    filters: params.filter((param) => !isPaging(param) && !isSorting(param)),
    sorting: params.filter(isSorting).flatMap((param) => readSorting(world, fields, param)),
    page: readPaging(params, 'page', FIRST_PAGE),
    pageSize: Math.min(readPaging(params, 'pageSize', DEFAULT_PAGE_SIZE), LARGEST_PAGE),
  }
}

/** Sorted as asked, otherwise newest first; equal ones too. */
function sortItems<T>(items: T[], sorting: readonly Compare<T>[]): T[] {
  const compare: Compare<T> = (a, b) => sorting.map((by) => by(a, b)).find((order) => order !== 0) ?? 0
  return items.reverse().sort(compare)
}

/** A page of a collection: filtered, sorted, with `metaData`. @throws ApiRefusal 422 `wrong_filter_format` */
export function answerList<T>(world: World, call: ApiCall, { fields, items, present }: Collection<T>): Json {
  const { filters, sorting, page, pageSize } = readListQuery(world, fields, call.query)
  const found = sortItems(filterItems(world, fields, items, filters), sorting)
  const shown = found.slice((page - 1) * pageSize, page * pageSize).map((item) => present(world, item))
  const metaData = { totalCount: found.length, pageSize, page }
  return envelope(world, shown, world.settings.metaDataMissing ? {} : { metaData })
}
