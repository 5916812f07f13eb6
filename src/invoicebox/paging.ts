import type { Understood } from './answers'
import { cleanText } from './clean-text'
import { ExactNumber } from './exact-json'
import type { Json } from './exact-json'
import { foundElements } from './outcomes'
import type { Invoice, InvoiceQuery, ListOutcome } from './types'
import { isOdd, pageInfo, sameId, toInvoice } from './wire'
import type { InvoiceRules, PageInfo } from './wire'

/** How page and size are called: the newest official client and the documents disagree. */
export type PagingNames = 'underscored' | 'plain'

/** A page came, but not the one that was asked for: the names were not understood. */
export interface OtherPage {
  readonly kind: 'other-page'
}

export const otherNames = (names: PagingNames): PagingNames => (names === 'plain' ? 'underscored' : 'plain')

/** Upstream's own size when it does not understand ours (2.11). */
const DEFAULT_PAGE_SIZE = 30
const MAX_PAGE_SIZE = 50
const MAX_IDS = 50

/** The query of a list in the documented grammar (2.9 to 2.11). @throws RangeError for a page or a number of ids that is never asked for */
export function listQuery(query: InvoiceQuery, names: PagingNames): string {
  checkQuery(query)
  const prefix = names === 'plain' ? '' : '_'
  const parts: [string, string][] = [
    ...(query.ids ?? []).map((id): [string, string] => ['id[]', id]),
    ...(query.status ?? []).map((status): [string, string] => ['status[]', status]),
    ...(query.merchantOrderId === undefined ? [] : [['merchantOrderId', query.merchantOrderId] satisfies [string, string]]),
    ...(query.merchantOrderIdVisible === undefined
      ? []
      : [['merchantOrderIdVisible', query.merchantOrderIdVisible] satisfies [string, string]]),
    ...(query.order ?? []).map(({ field, direction }): [string, string] => [`_order[${field}]`, direction]),
    [`${prefix}page`, String(query.page)],
    [`${prefix}pageSize`, String(query.pageSize)],
  ]
  return new URLSearchParams(parts).toString()
}

/** What every list can be asked. */
interface Asked {
  readonly page: number
  readonly pageSize: number
  readonly ids?: readonly string[]
  readonly status?: readonly string[]
}

/** @throws RangeError for a page or a number of ids that is never asked for */
export function checkQuery({ page, pageSize, ids, status }: Asked): void {
  if (!Number.isSafeInteger(page) || page < 1) throw new RangeError('Pages count from 1.')
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE)
    throw new RangeError(`A page has 1 to ${MAX_PAGE_SIZE} entries.`)
  // An empty list would be sent as no filter at all and bring everything.
  if (ids?.length === 0 || status?.length === 0) throw new RangeError('An empty list of ids or states asks for nothing.')
  if ((ids?.length ?? 0) > MAX_IDS) throw new RangeError(`At most ${MAX_IDS} ids fit into one question.`)
}

/** Results are held against the filter once more, since a filter that upstream does not know may be ignored. */
export function listOutcome(answer: Understood, query: InvoiceQuery, rules: InvoiceRules): ListOutcome | OtherPage {
  const found = foundElements(answer)
  if (!Array.isArray(found)) return found
  const info = answer.kind === 'clear' ? pageInfo(answer.body) : null
  if (!isAskedPage(found.length, info, query)) return { kind: 'other-page' }
  const read = found.map((item) => toInvoice(item, idOf(item.id), rules))
  return {
    kind: 'page',
    invoices: read.filter((item): item is Invoice => !isOdd(item) && fits(item, query)),
    odd: read.filter(isOdd).filter(({ invoiceId }) => !query.ids || query.ids.some((id) => sameId(invoiceId, id))),
    totalCount: info?.totalCount ?? null,
    hasMore: info ? info.page * info.pageSize < info.totalCount : found.length >= Math.min(query.pageSize, DEFAULT_PAGE_SIZE),
  }
}

/** Without `metaData` only a page that is too long gives itself away. */
export const isAskedPage = (length: number, info: PageInfo | null, { page, pageSize }: Asked): boolean =>
  info ? info.page === page && info.pageSize === pageSize : length <= pageSize

const idOf = (value: Json | undefined): string =>
  cleanText((value instanceof ExactNumber ? value.text : typeof value === 'string' && value) || '', 36)

const fits = ({ id, status }: Invoice, query: InvoiceQuery): boolean =>
  (!query.ids || query.ids.some((asked) => sameId(id, asked))) && (!query.status || status === null || query.status.includes(status))
