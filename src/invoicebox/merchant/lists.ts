import { checkQuery } from '../paging'
import type { PagingNames } from '../paging'
import { sameId } from '../wire'
import type { Order, OrderQuery, Paging, Refund, RefundQuery, ShipmentQuery } from './types'
import { momentText } from './write-json'

/** The queries of lists in the documented grammar (2.9 to 2.11), and whether an answer fits them. */

type Part = [string, string]

const several = (name: string, values: readonly string[] | undefined): Part[] => (values ?? []).map((value): Part => [`${name}[]`, value])

const single = (name: string, value: string | undefined): Part[] => (value === undefined ? [] : [[name, value]])

/** @throws RangeError for what is never asked for */
function written(query: Paging, names: PagingNames, parts: readonly Part[]): string {
  checkQuery(query)
  const prefix = names === 'plain' ? '' : '_'
  const paging: Part[] = [
    [`${prefix}page`, String(query.page)],
    [`${prefix}pageSize`, String(query.pageSize)],
  ]
  return new URLSearchParams([...parts, ...paging]).toString()
}

export const orderQuery = (query: OrderQuery, names: PagingNames, merchantId: string): string =>
  written(query, names, [
    ['merchantId', merchantId],
    ...several('id', query.ids),
    ...single('merchantOrderId', query.merchantOrderId),
    ...several('status', query.status),
    ...single('createdAt[_ge]', query.createdSince && momentText(query.createdSince)),
    ...single('paidAt[_ge]', query.paidSince && momentText(query.paidSince)),
    ['_order[createdAt]', query.direction ?? 'desc'],
  ])

export const orderFits = (order: Order, query: OrderQuery, merchantId: string): boolean =>
  sameId(order.merchantId, merchantId) &&
  isAmong(order.id, query.ids) &&
  (query.merchantOrderId === undefined || order.merchantOrderId === query.merchantOrderId) &&
  (!query.status || order.status === null || query.status.includes(order.status)) &&
  isSince(order.createdAt, query.createdSince) &&
  (order.paidAt === null || isSince(order.paidAt, query.paidSince))

export const refundQuery = (query: RefundQuery, names: PagingNames, merchantId: string): string =>
  written(query, names, [
    ['merchantId', merchantId],
    ...several('id', query.ids),
    ...single('parentId', query.parentId),
    ...single('merchantOrderId', query.merchantOrderId),
    ...several('status', query.status),
  ])

export const refundFits = (refund: Refund, query: RefundQuery): boolean =>
  isAmong(refund.id, query.ids) &&
  (query.parentId === undefined || sameId(refund.parentId, query.parentId)) &&
  (query.merchantOrderId === undefined || refund.merchantOrderId === query.merchantOrderId) &&
  (!query.status || refund.status === null || query.status.includes(refund.status))

export const shipmentQuery = (query: ShipmentQuery, names: PagingNames): string => written(query, names, [['orderId', query.orderId]])

const isAmong = (id: string, ids: readonly string[] | undefined): boolean => !ids || ids.some((one) => sameId(id, one))

/** Whole seconds are asked for, so they are compared. */
const isSince = (moment: Date, since: Date | undefined): boolean =>
  !since || moment.getTime() >= Math.floor(since.getTime() / 1_000) * 1_000
