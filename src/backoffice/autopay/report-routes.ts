import { z } from 'zod'
import { listPaid, listUnpaid, organisationsOf, readTotals } from '../../autopay'
import type { Organisation, ReportOf } from '../../autopay'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { dayOf, isDay } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import type { AutopayPagesDeps } from './deps'
import { deskOf, REPORT } from './desk'
import { budgetColumns, paidCells, presentReport, REPORT_HEADER, unpaidCells } from './present-report'
import type { ReportFile } from './present-report'

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
    input: {
      query: z.object({
        ...QUERY,
        month: z.string().max(20).optional(),
        before: z.string().refine(looksLikeId).optional(),
        done: z.string().optional(),
      }),
    },
    handle: async (context) => {
      const { month: typed, organisation, before, done } = context.input.query
      const [isMonth, fault] = [QUERY.month.safeParse(typed).success, context.t('autopay.report.bad_month')]
      const month = isMonth ? typed : undefined
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'report', back: REPORT, done })
      const of = reportOf({ month, organisation }, organisations, clock.now(), zone)
      const found = await listPaid(db, of, { before, limit: PAGE + 1 })
      const view = { month: of.month.slice(0, 7), organisation, organisations, totals: await readTotals(db, of), before }
      const list = { paid: found.slice(0, PAGE), hasMore: found.length > PAGE, mayExport: may(context.staff, 'lists.export') }
      const shown = presentReport({ ...view, ...list }, { ...context, zone })
      context.page('backoffice/autopay-report', { ...desk, ...shown, fault: isMonth ? null : fault }, isMonth ? 200 : 400)
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
    handle: async ({ input: { query }, staff, res, t }) => {
      const organisations = await organisationsOf(db, staff)
      const of = reportOf(query, organisations, clock.now(), zone)
      const audit = { author: staff, at: clock.now(), action: 'autopay_report_exported', subject: 'autopay', after: { month: of.month } }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const totals = await readTotals(db, of)
      const names = new Map(organisations.map(({ id, name }) => [id, name]))
      const file = { names, t, budgetOf: (id: string) => budgetColumns(id, organisations, totals) }
      await sendDownload(res, {
        name: `autopay-${of.month.slice(0, 7)}.csv`,
        type: CSV_TYPE,
        pieces: csvFile(REPORT_HEADER, rowsOf(db, of, file)),
      })
    },
  })

/** First what was paid, then what waits now and what was refused in the month, by the same definitions as the page. */
async function* rowsOf(db: Db, of: ReportOf, file: ReportFile): AsyncGenerator<string[][]> {
  for (let before: string | undefined; ;) {
    const lines = await listPaid(db, of, { before, limit: EXPORT_PAGE })
    yield lines.map((line) => paidCells(line, file))
    before = lines.at(-1)?.id
    if (lines.length < EXPORT_PAGE) break
  }
  for (let before: string | undefined; ;) {
    const page = await listUnpaid(db, of, { before, limit: EXPORT_PAGE })
    yield page.lines.map((line) => unpaidCells(line, file))
    before = page.before
    if (before === undefined) return
  }
}
