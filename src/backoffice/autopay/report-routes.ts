import { z } from 'zod'
import { listPaid, listQueue, organisationsOf, readTotals } from '../../autopay'
import type { KeptInvoice, Organisation, ReportOf, Tab } from '../../autopay'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { dayOf, isDay } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { toDecimal } from '../../shared/money'
import { may } from '../../shared/permissions'
import type { AutopayPagesDeps } from './deps'
import { deskOf, REPORT } from './desk'
import { paidCells, presentReport, REPORT_HEADER } from './present-report'

const PAGE = 50
const EXPORT_PAGE = 500

const QUERY = {
  month: z.union([z.literal(''), z.string().refine((text) => isDay(`${text}-01`))]).optional(),
  organisation: z.union([z.literal(''), z.string().refine(looksLikeId)]).optional(),
}

/** The doors of the monthly report. */
export const reportRoutes = (deps: AutopayPagesDeps): Route[] => [showReport(deps), exportReport(deps)]

const showReport = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: REPORT,
    policy: staffWith('autopay.read'),
    summary: 'Shows what was paid, waits and was refused in a month, and what was spent against the budgets.',
    input: { query: z.object({ ...QUERY, before: z.string().refine(looksLikeId).optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { month, organisation, before, done } = context.input.query
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'report', back: REPORT, done })
      const of = reportOf({ month, organisation }, organisations, clock.now(), zone)
      const found = await listPaid(db, of, { before, limit: PAGE + 1 })
      const view = { month: of.month.slice(0, 7), organisation, organisations, totals: await readTotals(db, of), before }
      const list = { paid: found.slice(0, PAGE), hasMore: found.length > PAGE, mayExport: may(context.staff, 'lists.export') }
      context.page('backoffice/autopay-report', { ...desk, ...presentReport({ ...view, ...list }, { ...context, zone }) })
    },
  })

interface Wanted {
  readonly month?: string | undefined
  readonly organisation?: string | undefined
}

const reportOf = ({ month, organisation }: Wanted, organisations: readonly Organisation[], now: Date, zone: string): ReportOf => ({
  month: `${month === undefined || month === '' ? dayOf(now, zone).slice(0, 7) : month}-01`,
  zone,
  organisationIds: organisations.flatMap(({ id }) =>
    organisation === undefined || organisation === '' || organisation === id ? [id] : [],
  ),
})

const exportReport = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${REPORT}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives the report of a month as a CSV file: what was paid, and what waits or was refused.',
    input: { query: z.object(QUERY) },
    handle: async ({ input: { query }, staff, res }) => {
      const organisations = await organisationsOf(db, staff)
      const of = reportOf(query, organisations, clock.now(), zone)
      const audit = { author: staff, at: clock.now(), action: 'autopay_report_exported', subject: 'autopay', after: { month: of.month } }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const theirs = organisations.filter(({ id }) => of.organisationIds.includes(id))
      await sendDownload(res, {
        name: `autopay-${of.month.slice(0, 7)}.csv`,
        type: CSV_TYPE,
        pieces: csvFile(REPORT_HEADER, rowsOf(db, of, theirs)),
      })
    },
  })

/** First what was paid, then what waits and what was refused, as it stands now. */
async function* rowsOf(db: Db, of: ReportOf, organisations: readonly Organisation[]): AsyncGenerator<string[][]> {
  const names = new Map(organisations.map(({ id, name }) => [id, name]))
  for (let before: string | undefined; ;) {
    const lines = await listPaid(db, of, { before, limit: EXPORT_PAGE })
    yield lines.map((line) => paidCells(line, names))
    before = lines.at(-1)?.id
    if (lines.length < EXPORT_PAGE) break
  }
  for (const [tab, outcome] of LEFT) yield* keptRows(db, { tab, outcome, organisations })
}

const LEFT = [
  ['new', 'waiting'],
  ['others', 'waiting'],
  ['due', 'waiting'],
  ['exceptions', 'refused'],
] as const satisfies readonly (readonly [Tab, string])[]

async function* keptRows(db: Db, of: { tab: Tab; outcome: string; organisations: readonly Organisation[] }): AsyncGenerator<string[][]> {
  const names = new Map(of.organisations.map(({ id, name }) => [id, name]))
  for (let before: string | undefined; ;) {
    // Nobody's turn in particular: all that wait for somebody.
    const invoices = await listQueue(
      db,
      { tab: of.tab, organisations: of.organisations, signer: undefined },
      { before, limit: EXPORT_PAGE },
    )
    yield invoices.map((invoice) => keptCells(invoice, of.outcome, names))
    before = invoices.at(-1)?.place
    if (invoices.length < EXPORT_PAGE) return
  }
}

const keptCells = (invoice: KeptInvoice, outcome: string, names: ReadonlyMap<string, string>): string[] => [
  outcome,
  invoice.queuedAt.toISOString(),
  names.get(invoice.organisationId) ?? invoice.organisationId,
  invoice.id,
  invoice.number,
  invoice.problem ?? invoice.description,
  invoice.amount === null ? '' : toDecimal(invoice.amount.minor),
  invoice.amount?.unit ?? '',
  '',
  '',
]
