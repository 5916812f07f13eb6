import type { Json } from '../http/json'
import { parseQuery } from '../http/query'
import type { QueryParam } from '../http/query'
import type { Invoice } from '../state/invoices'
import type { World } from '../state/world'
import type { ApiCall, ApiRoute } from '../wire/call'
import { FIELDS, filterInvoices, wrongFilter } from './filters'
import { envelope, presentInvoice } from './present'

const PAGING = ['page', 'pageSize', '_page', '_pageSize']
const FIRST_PAGE = 1
const DEFAULT_PAGE_SIZE = 30
const LARGEST_PAGE = 100

interface Sorting {
  readonly compare: (a: Invoice, b: Invoice) => number
}

/** `_order[field]=asc|desc`; an unknown field is ignored, any other form is refused. */
function readSorting(world: World, param: QueryParam): Sorting[] {
  const [, field, ...more] = param.path
  if (field === undefined || more.length > 0) throw wrongFilter(param.key, 'Sorting is written as _order[field]=asc or desc')
  const direction = { asc: 1, desc: -1 }[param.value.toLowerCase()]
  if (direction === undefined) throw wrongFilter(param.key, 'Sorting order must be asc or desc')
  const sorted = FIELDS.get(field)
  if (!sorted) return []
  const compare = (a: Invoice, b: Invoice): number => {
    const [left = '', right = ''] = [sorted.of(world, a), sorted.of(world, b)]
    return left === right ? 0 : (left < right ? -1 : 1) * direction
  }
  return [{ compare }]
}

/** A whole number from 1; the underscored name wins over the plain one, the last of repeated ones wins. */
function readPaging(params: readonly QueryParam[], name: string, byDefault: number): number {
  const param = params.findLast(({ key }) => key === `_${name}`) ?? params.findLast(({ key }) => key === name)
  if (!param) return byDefault
  const number = /^\d{1,9}$/.test(param.value) ? Number(param.value) : 0
  if (number < 1) throw wrongFilter(param.key, `${name} must be a whole number from 1`)
  return number
}

interface ListQuery {
  readonly filters: QueryParam[]
  readonly sorting: Sorting[]
  readonly page: number
  readonly pageSize: number
}

function readListQuery(world: World, query: string): ListQuery {
  const params = parseQuery(query)
  if (!params) throw wrongFilter('query', 'Wrong query format')
  const isPaging = ({ path }: QueryParam): boolean => path.length === 1 && PAGING.includes(path[0] ?? '')
  const isSorting = ({ path }: QueryParam): boolean => path[0] === '_order'
  return {
    filters: params.filter((param) => !isPaging(param) && !isSorting(param)),
    sorting: params.filter(isSorting).flatMap((param) => readSorting(world, param)),
    page: readPaging(params, 'page', FIRST_PAGE),
    pageSize: Math.min(readPaging(params, 'pageSize', DEFAULT_PAGE_SIZE), LARGEST_PAGE),
  }
}

/** Sorted as asked, otherwise newest first; equal ones too. */
function sortInvoices(invoices: Invoice[], sorting: readonly Sorting[]): Invoice[] {
  const compare = (a: Invoice, b: Invoice): number => sorting.map((by) => by.compare(a, b)).find((order) => order !== 0) ?? 0
  return invoices.reverse().sort(compare)
}

function answerList(world: World, call: ApiCall): Json {
  const { filters, sorting, page, pageSize } = readListQuery(world, call.query)
  const found = sortInvoices(filterInvoices(world, filters), sorting)
  const shown = found.slice((page - 1) * pageSize, page * pageSize).map((invoice) => presentInvoice(world, invoice))
  const metaData = { totalCount: found.length, pageSize, page }
  return envelope(world, shown, world.settings.metaDataMissing ? {} : { metaData })
}

/** `GET …/business/api/invoice`: the invoices offered to this partner, filtered, sorted, by pages. */
export const listInvoices: ApiRoute = { method: 'GET', path: /^\/business\/api\/invoice$/, on: 'business.list', answer: answerList }
