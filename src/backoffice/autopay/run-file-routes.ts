import { z } from 'zod'
import { listItems, organisationsOf, sumItems } from '../../autopay'
import type { Run, WhyReader } from '../../autopay'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import type { AutopayPagesDeps } from './deps'
import { RUNS } from './desk'
import { itemCells, RUN_HEADER } from './present-runs'
import type { RunFile } from './present-runs'
import { requireRun, totalsOf } from './run-known'

const EXPORT_PAGE = 500

/** The door of a run's file. */
export const runFileRoutes = (deps: AutopayPagesDeps): Route[] => [exportRun(deps)]

const exportRun = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RUNS}/:id/invoices.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives what became of each invoice of a run as a CSV file, with what is spent of the budgets.',
    input: { params: z.object({ id: z.string().refine(looksLikeId) }) },
    handle: async ({ input: { params }, staff, res, t, language }) => {
      const run = await requireRun(db, params.id, staff)
      const organisations = await organisationsOf(db, staff)
      const ids = organisations.map(({ id }) => id)
      const sums = await sumItems(db, [run.id], ids)
      const file = { organisations, totals: await totalsOf(db, run, sums, zone) }
      const audit = { author: staff, at: clock.now(), action: 'autopay_run_exported', subject: 'autopay', after: { run: run.id } }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const pieces = csvFile(RUN_HEADER, itemRows(db, run, file, { t, language, zone, staff }))
      await sendDownload(res, { name: `autopay-run-${run.id}.csv`, type: CSV_TYPE, pieces })
    },
  })

async function* itemRows(db: Db, run: Run, file: RunFile, reader: WhyReader): AsyncGenerator<string[][]> {
  const organisationIds = file.organisations.map(({ id }) => id)
  for (let after: number | undefined; ;) {
    const items = await listItems(db, run.id, { organisationIds }, { after, limit: EXPORT_PAGE })
    yield items.map((item) => itemCells(item, file, reader))
    after = items.at(-1)?.position
    if (items.length < EXPORT_PAGE) return
  }
}
