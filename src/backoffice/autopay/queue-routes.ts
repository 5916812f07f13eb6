import { z } from 'zod'
import { countQueues, listQueue, organisationsOf, signerOf, TABS, whyHeld } from '../../autopay'
import type { KeptInvoice, QueueFilter, Tab, Why, WhyReader } from '../../autopay'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import type { AutopayPagesDeps } from './deps'
import { deskOf, QUEUE } from './desk'
import { areAmounts, QUEUE_FILTERS, queueFilterOf, TYPED_FILTERS } from './filter-fields'
import { presentQueue, presentTabs, queueCells, QUEUE_HEADER, tabPath } from './present-queue'
import { tallyText } from './tally'

const PAGE = 50
const EXPORT_PAGE = 500

/** The doors of the queues. */
export const queueRoutes = (deps: AutopayPagesDeps): Route[] => [exportQueue(deps), showQueue(deps)]

const showQueue = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${QUEUE}/:tab`,
    policy: staffWith('autopay.read'),
    summary: 'Lists the invoices of one queue of automatic payment, in its order.',
    input: {
      params: z.object({ tab: z.enum(TABS) }),
      query: z.object({
        ...TYPED_FILTERS,
        before: z.string().refine(looksLikeId).optional(),
        done: z.string().optional(),
        tally: z.string().optional(),
      }),
    },
    handle: async (context) => {
      const [{ tab }, { before, done, tally, ...query }, reader] = [context.input.params, context.input.query, { ...context, zone }]
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'queues', back: tabPath(tab), done })
      const signer = await signerOf(db, context.staff, clock.now())
      const isClear = areAmounts(query)
      const filter = { tab, organisations, signer, ...queueFilterOf(query) }
      const found = isClear ? await listQueue(db, filter, { before, limit: PAGE + 1 }) : []
      const mayExport = isClear && may(context.staff, 'lists.export')
      const invoices = found.slice(0, PAGE)
      const reasons = await reasonsOf(db, tab, invoices)
      const view = { tab, invoices, reasons, hasMore: found.length > PAGE, organisations, query, before, mayExport }
      const tabs = presentTabs(await countQueues(db, { organisations, signer }), tab, reader)
      const fault = isClear ? null : reader.t('autopay.queue.bad_amount')
      const told = { fault, tally: tallyText(tally, reader.t) }
      context.page('backoffice/autopay-queue', { ...desk, tabs, ...told, ...presentQueue(view, reader) }, isClear ? 200 : 400)
    },
  })

/** Why they stand where they stand, of those under Exceptions. */
const reasonsOf = (db: Db, tab: Tab, invoices: readonly KeptInvoice[]): Promise<Map<string, Why>> =>
  tab === 'exceptions' ? whyHeld(db, invoices) : Promise.resolve(new Map<string, Why>())

const exportQueue = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${QUEUE}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives what the same filters show as a CSV file.',
    input: { query: z.object({ ...QUEUE_FILTERS, tab: z.enum(TABS).default('due') }) },
    handle: async ({ input: { query }, staff, res, t, language }) => {
      const { tab, ...filters } = query
      const audit = { author: staff, at: clock.now(), action: 'autopay_queue_exported', subject: 'autopay', after: { queue: tab } }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const organisations = await organisationsOf(db, staff)
      const signer = await signerOf(db, staff, clock.now())
      const rows = pagesOf(db, { tab, organisations, signer, ...queueFilterOf(filters) }, { t, language, zone, staff })
      await sendDownload(res, { name: `autopay-${tab}.csv`, type: CSV_TYPE, pieces: csvFile(QUEUE_HEADER, rows) })
    },
  })

async function* pagesOf(db: Db, filter: QueueFilter, reader: WhyReader): AsyncGenerator<string[][]> {
  const names = new Map(filter.organisations.map(({ id, name }) => [id, name]))
  for (let before: string | undefined; ;) {
    const invoices = await listQueue(db, filter, { before, limit: EXPORT_PAGE })
    const reasons = await reasonsOf(db, filter.tab, invoices)
    yield invoices.map((invoice) => queueCells(invoice, { names, why: reasons.get(invoice.id) }, reader))
    before = invoices.at(-1)?.place
    if (invoices.length < EXPORT_PAGE) return
  }
}
