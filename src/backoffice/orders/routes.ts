import { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { listOrders } from '../../orders'
import type { Order, OrderFilter } from '../../orders'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { askedMember } from '../asked-member'
import { frameOf } from '../frame'
import { orderCardRoutes } from './card-routes'
import type { OrderPagesDeps } from './deps'
import { logRoutes } from './log-routes'
import { filterOf, ORDER_FILTERS, ORDERS_PATH } from './order-filters'
import { orderCells, orderHeader, presentOrders } from './present-list'

const PAGE = 50
const EXPORT_PAGE = 500
const ID = z.string().refine(looksLikeId)

/** The doors of the section about top-ups. */
export const orderPages = (deps: OrderPagesDeps): Route[] => [
  showList(deps),
  exportList(deps),
  ...orderCardRoutes(deps),
  ...logRoutes(deps),
]

const showList = ({ db, clock, zone }: OrderPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: ORDERS_PATH,
    policy: staffWith('orders.read'),
    summary: 'Lists top-ups, newest first, as the filters in the address say.',
    input: { query: z.object({ ...ORDER_FILTERS, before: ID.optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { before, done, ...typed } = context.input.query
      const asked = await askedMember({ db, clock }, typed, context.staff)
      const found = await listOrders(db, filterOf(asked.query, zone), { before, limit: PAGE + 1 })
      const view = { ...asked, orders: found.slice(0, PAGE), hasMore: found.length > PAGE, before }
      context.page('backoffice/orders', {
        frame: frameOf(context, 'orders', done),
        ...presentOrders(view, context.staff, { ...context, zone }),
      })
    },
  })

const exportList = ({ db, clock, zone }: OrderPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${ORDERS_PATH}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives the top-ups that the same filters show as a CSV file.',
    input: { query: z.object(ORDER_FILTERS) },
    handle: async ({ input, staff, t, language, res }) => {
      await inTransaction(db, (tx) => writeAudit(tx, [{ author: staff, at: clock.now(), action: 'orders_exported', subject: 'orders' }]))
      const { query } = await askedMember({ db, clock }, input.query, staff)
      const rows = pagesOf(db, filterOf(query, zone), (order) => orderCells(order, { t, language, zone }))
      await sendDownload(res, { name: 'top-ups.csv', type: CSV_TYPE, pieces: csvFile(orderHeader({ t, language, zone }), rows) })
    },
  })

async function* pagesOf(db: Db, filter: OrderFilter, toCells: (order: Order) => string[]): AsyncGenerator<string[][]> {
  let before: string | undefined
  for (;;) {
    const orders = await listOrders(db, filter, { before, limit: EXPORT_PAGE })
    yield orders.map(toCells)
    before = orders.at(-1)?.id
    if (orders.length < EXPORT_PAGE) return
  }
}
